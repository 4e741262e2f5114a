"""What a drill leaves: the record, the reports and the simulator's truth as files, and a summary on the terminal."""

import json
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.local.drill import evidence
from infra.local.drill.api import Api
from infra.local.drill.course import Ending
from infra.local.drill.failures import DrillFailed
from infra.local.drill.folder import Folder, shown
from infra.local.drill.picture import simulated
from shared.model.estate import Estate
from shared.model.incident import Incident
from shared.model.run import Objective, RunRecord, ServiceObjective
from shared.reports import run_report
from shared.reports.verdict import judge
from shared.reports.wording import duration, line


@dataclass(frozen=True)
class Written:
    """What the files hold: how many writes the simulated Azure received, and what the evidence is worth."""

    writes: int
    evidence: str


def write(ending: Ending, estate: Estate, api: Api, folder: Folder) -> Written:
    """Write every file; DrillFailed when the app's are not what they should be."""
    reader, path = estate.people[0].mail, f"/api/runs/{ending.run.run_id}/report"
    record = api.content(f"{path}?format=json", reader)
    html, pdf = api.content(f"{path}?format=html", reader), api.content(f"{path}?format=pdf", reader)
    if b"<html" not in html[:2000].lower() or not pdf.startswith(b"%PDF-"):
        raise DrillFailed("the app's reports are no HTML and PDF")
    speed = ending.truth.speed
    if speed != 1:
        # The app cannot know that the world ran faster than life; the files that stay say what a time stands for.
        run = RunRecord.from_wire(json.loads(record))
        html = run_report.html(run, time_zone=estate.time_zone, speed=speed).encode()
        pdf = run_report.pdf(run, time_zone=estate.time_zone, speed=speed)
    ledger, world = api.get("/_sim/ledger"), api.get("/_sim/world")
    files = {
        "record.json": json.dumps(json.loads(record), indent=2, ensure_ascii=False).encode(),
        "report.html": html,
        "report.pdf": pdf,
        "ledger.json": json.dumps(ledger, indent=2, ensure_ascii=False).encode(),
        "world.json": json.dumps(world, indent=2, ensure_ascii=False).encode(),
    }
    files |= _incident_files(ending.incident, api, reader)
    for name, content in files.items():
        (folder.path / name).write_bytes(content)
    bundle = evidence.fetch(ending.run, api, reader)
    told = "none: the run found and changed nothing, or the log says why none was sealed"
    if bundle is not None:
        (folder.path / evidence.FILE).write_bytes(bundle)
        told = f"{evidence.checked(bundle, ending.run)}: {shown(folder.path)}/{evidence.FILE}"
    return Written(len(ledger), told)


def _incident_files(incident: Incident | None, api: Api, reader: str) -> dict[str, bytes]:
    if incident is None:
        return {}
    path = f"/api/incidents/{incident.id}/report"
    record = json.loads(api.content(f"{path}?format=json", reader))
    return {
        "incident.json": json.dumps(record, indent=2, ensure_ascii=False).encode(),
        "incident.html": api.content(f"{path}?format=html", reader),
    }


def tell(ending: Ending, estate: Estate, folder: Folder, written: Written, console: Console) -> None:
    """Print what was measured beside its target and beside the truth, and where everything lies."""
    run, speed = ending.run, ending.truth.speed
    for table in (_times(run, speed), _truth(ending, estate), _files(ending, folder, written)):
        with console.capture() as drawn:
            console.print(table)
        # Tables are filled up to their width, and a log needs no blanks at its line ends.
        console.file.write("\n" + "".join(f"{row.rstrip()}\n" for row in drawn.get().splitlines()))
    console.file.write("\n")


def _table(*heads: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 1), header_style="dim", pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, no_wrap=place == 0, overflow="fold", justify="left")
    return table


def _times(run: RunRecord, speed: float) -> Table:
    factor = () if speed == 1 else (f"times {speed:g}",)
    table = _table("recovery time", "measured", *factor, "target", "")
    table.add_row(Text("all services", style="bold"), *_measured(run.rto, speed))
    for service in run.service_rto:
        table.add_row(service.service, *_measured(service, speed))
    for service in run.service_rpo:
        table.add_row(f"data loss of {service.service}", *_measured(service, speed))
    return table


def _measured(objective: Objective | ServiceObjective, speed: float) -> tuple[str | Text, ...]:
    seconds, target = objective.measured_seconds, objective.target_seconds
    said = judge(objective, speed)
    factor = () if speed == 1 else ("" if seconds is None else simulated(seconds, speed),)
    return (
        "-" if seconds is None else duration(seconds),
        *factor,
        "-" if target is None else duration(target),
        Text(said, style={"met": "green", "missed": "bold red"}.get(said, "dim")),
    )


def _truth(ending: Ending, estate: Estate) -> Table:
    speed, zone = ending.truth.speed, ZoneInfo(estate.time_zone)
    factor = () if speed == 1 else (f"times {speed:g}",)
    table = _table("in truth down", "from", "until", "for", *factor, "now served from")
    for tenant in ending.truth.tenants:
        now = Text(tenant.served_by, style="green") if tenant.well else Text("nowhere", style="bold red")
        outages = ending.truth.outages(tenant, ending.began)
        for place, outage in enumerate(outages):
            name = tenant.name if place == 0 else ""
            where = now if place == len(outages) - 1 else Text()
            end = outage.until
            lasted = ((end or ending.truth.read_at) - outage.since).total_seconds()
            stands = () if speed == 1 else (simulated(lasted, speed),)
            until = "still down" if end is None else _clock(end, zone)
            table.add_row(name, _clock(outage.since, zone), until, duration(lasted), *stands, where)
        if not outages:
            table.add_row(tenant.name, "never", "", "", *("" for _ in factor), now)
    return table


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M:%S}"


def _told_of(incident: Incident) -> str:
    """When what happened, counted from when it opened."""
    first = min((rung.told_at for rung in incident.ladder if rung.told_at), default=None)
    moments = (("told", first), ("mitigated", incident.mitigated_at), ("closed", incident.closed_at))
    return ", ".join(
        f"{what} after {duration(max((at - incident.opened_at).total_seconds(), 0.0))}"
        for what, at in moments
        if at
    )


def _files(ending: Ending, folder: Folder, written: Written) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rto = ending.run.rto
    if ending.back is not None and rto.measured_seconds is not None:
        truly = (ending.back - rto.started_at).total_seconds()
        off = rto.measured_seconds - truly
        beside = f"{duration(abs(off))} {'more' if off > 0 else 'less'}" if abs(off) >= 0.1 else "the same"
        table.add_row(
            "checked", f"the last user was truly back after {duration(truly)}; measured is {beside}"
        )
    path = shown(folder.path)
    for place, mail in enumerate(ending.truth.mails):
        to = ", ".join(address.partition("@")[0] for address in mail["to"])
        table.add_row("mails" if place == 0 else "", Text(f"{line(mail['subject'], 120)} -> {to}"))
    if ending.truth.mails:
        table.add_row("", f"{path}/mail/")
    table.add_row("faults", "; ".join(f"{fault} goes on" for fault in ending.truth.faults) or "none")
    table.add_row("ledger", f"{written.writes} writes: {path}/ledger.json")
    if ending.incident is not None:
        table.add_row("incident", f"{_told_of(ending.incident)}: {path}/incident.html, {path}/incident.json")
    table.add_row("report", f"{path}/report.html, {path}/report.pdf")
    table.add_row("evidence", written.evidence)
    table.add_row("record", f"{path}/record.json")
    return table
