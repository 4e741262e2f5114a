"""`make drill` as a newcomer runs it: its exit code, its files, and that it believes the simulator alone."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra.local.drill import scenario, truth, verdict
from infra.local.drill.live import drawn
from infra.local.drill.picture import Picture
from infra.local.drill.truth import Truth
from infra.local.machine import ROOT, SAMPLE_ESTATE
from shared.estate.load import load
from shared.model.run import RunRecord, RunStatus
from tests.e2e.effects import is_upkeep

SPEED = 60.0
LOCKED = {"kind": "error", "target": "kv-fas-japanwest.vault.azure.net", "status": 403}
"""The recovery region's vault refuses us: nothing that trying again would help."""


@dataclass
class Drill:
    """A drill that has ended, and what it left."""

    folder: Path
    code: int
    out: str
    err: str

    def load(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    @property
    def record(self) -> RunRecord:
        return RunRecord.from_wire(self.load("record.json"))

    @property
    def truth(self) -> Truth:
        # The look was taken some time before the file was written, so only differences between times count.
        return truth.read(self.load("world.json"), datetime.now(UTC))


def begin(folder: Path, *options: str, plan: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "infra.local.drill", "--out", str(folder), "--speed", f"{SPEED:g}"]
    return subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, "PLAN": plan},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def drills(tmp_path_factory: pytest.TempPathFactory) -> tuple[Drill, Drill]:
    """One that can succeed, and one whose recovery region is locked; side by side, for they mostly wait."""
    folders = [tmp_path_factory.mktemp("drills") / name for name in ("good", "bad")]
    options: tuple[tuple[str, ...], ...] = ((), ("--fault", json.dumps(LOCKED)))
    running = [begin(folder, *chosen) for folder, chosen in zip(folders, options, strict=True)]
    try:
        ended = [process.communicate(timeout=120) for process in running]
    finally:
        for process in running:
            process.kill()
    good, bad = (
        Drill(folder, process.returncode, *said)
        for folder, process, said in zip(folders, running, ended, strict=True)
    )
    return good, bad


@pytest.fixture(scope="module")
def good(drills: tuple[Drill, Drill]) -> Drill:
    return drills[0]


@pytest.fixture(scope="module")
def bad(drills: tuple[Drill, Drill]) -> Drill:
    return drills[1]


def test_service_comes_back_and_the_drill_says_so(good: Drill) -> None:
    assert good.code == 0, good.out + good.err
    assert good.out.rstrip().endswith("Service is back: every tenant is served from japanwest.")
    assert good.err == ""
    said = " ".join(good.out.split())  # columns are as wide as the longest name
    for expected in (
        "live traffic flows: contoso from japaneast, fabrikam from japaneast",
        "tenant contoso: fails: ",
        "alert rule SystemAvailabilityDrop fires by itself: ",
        " offers region_outage",
        "alice starts recovery-region_outage-",
        "carol approves (2 of 2)",
        "tenant fabrikam: served from japanwest",
        "failover_cosmos_db succeeded in ",
    ):
        assert expected in said


def test_it_leaves_its_files_and_nothing_else(good: Drill) -> None:
    assert {file.name for file in good.folder.iterdir()} == {
        *(
            "record.json",
            "evidence.jsonl",
            "report.html",
            "report.pdf",
            "ledger.json",
            "world.json",
            "host.log",
            "mail",
            ".drill",
        )
    }
    assert (good.folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    report = (good.folder / "report.html").read_text()
    assert "60 times faster than life" in report
    assert f"{good.folder}/report.html" in good.out
    assert len(list((good.folder / "mail").glob("*.eml"))) == len(good.truth.mails) >= 3


def test_the_measured_recovery_time_agrees_with_the_truth(good: Drill) -> None:
    record = good.record
    assert record.status is RunStatus.SUCCEEDED
    assert record.requested_by == "alice@contoso.com"
    assert [approval.approver for approval in record.approvals] == ["bob@contoso.com", "carol@contoso.com"]
    assert record.rto.basis == "operator"
    assert record.rto.measured_seconds is not None
    back = scenario.scenario_of("region_outage").back(good.truth, datetime.min.replace(tzinfo=UTC))
    assert back is not None
    # The plan waits for the slowest resolver and validates; the clock stops with the tenants' own requests before.
    assert record.rto.ended_by == "requests"
    restored = record.rto.started_at + timedelta(seconds=record.rto.measured_seconds)
    assert abs(restored - back) <= timedelta(seconds=1)
    assert max(step.finished_at for step in record.steps if step.critical and step.finished_at) > restored


def test_tenants_are_served_while_the_region_is_still_out(good: Drill) -> None:
    seen = good.truth
    assert seen.faults == ("region_outage of japaneast",)
    assert {tenant.name: tenant.served_by for tenant in seen.tenants} == {
        "contoso": "japanwest",
        "fabrikam": "japanwest",
    }
    assert all(len(tenant.outages) == 1 for tenant in seen.tenants), "one outage, and no relapse"


def test_every_effect_happened_once(good: Drill) -> None:
    ledger = good.load("ledger.json")
    done = [entry for entry in ledger if entry["status"] < 400 and not is_upkeep(entry)]
    effects = Counter(
        (e["method"], e["host"], e["path"], json.dumps(e["body"], sort_keys=True)) for e in done
    )
    assert {effect[:3]: times for effect, times in effects.items() if times > 1} == {}
    ends = ("/offlineRegion", "/stfasprod/failover", "/aliases('agents')", "/recover")
    for end in ends:
        assert sum(entry["path"].endswith(end) for entry in done) == 1, end


def test_a_recovery_that_cannot_succeed_fails_the_drill(bad: Drill) -> None:
    assert bad.code == 1
    first = bad.err.splitlines()[0]
    assert first.startswith(
        "The drill failed: step validate_dr_region failed: japanwest cannot take over: agent-secrets: "
    )
    assert "tenant contoso still fails: " in bad.err
    assert f"Look at {bad.folder}/record.json and {bad.folder}/host.log" in bad.err
    assert "Traceback" not in bad.err + bad.out
    assert "Service is back" not in bad.out
    assert bad.record.status is RunStatus.ABORTED
    assert bad.record.rto.measured_seconds is None
    assert not any(entry["method"] == "PATCH" for entry in bad.load("ledger.json")), "tenants were moved"


def test_a_run_that_says_succeeded_is_not_believed(good: Drill, bad: Drill) -> None:
    """The record of the good one with the truth of the bad one: the word of the app against the world."""

    def judged(seen: Truth, region: str) -> list[str]:
        return verdict.problems(good.record, gave_up="", untrue=verdict.unserved(seen, region))

    found = judged(bad.truth, "japanwest")
    assert len(found) == 2
    assert all(problem.startswith("tenant ") and " still fails: " in problem for problem in found)
    assert "tenant contoso is served from japanwest, not from westus2" in judged(good.truth, "westus2")
    assert judged(good.truth, "japanwest") == []


@pytest.mark.parametrize("width", [80, 120])
def test_the_picture_fits_the_terminal(good: Drill, width: int) -> None:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=True, color_system=None, highlight=False
    )
    picture = Picture(load(SAMPLE_ESTATE), good.truth, good.record.rto.started_at, good.record)
    with console.capture() as shown:
        console.print(drawn(picture, width))
    rows = shown.get().splitlines()
    assert max(len(row) for row in rows) <= width
    for step in good.record.steps:
        assert any(row.startswith(f" ✔ {step.name} ") for row in rows), step.name
    assert any(" contoso " in row and "japanwest" in row and "▁" in row and "█" in row for row in rows)


def test_an_interrupt_ends_it_at_once_and_leaves_nothing_running(tmp_path: Path) -> None:
    process = begin(tmp_path / "drill")
    assert process.stdout is not None
    while "live traffic flows" not in process.stdout.readline():
        assert process.poll() is None
    log = (tmp_path / "drill" / "host.log").read_text()
    port = int(log.split("http://127.0.0.1:")[1].split(":")[0])
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert time.monotonic() - began < 2
    assert process.returncode == 130
    assert said == "The drill was stopped; nothing of it runs on.\n"
    assert not (tmp_path / "drill" / "state").exists()
    assert _refused(port)


def _refused(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    process = begin(tmp_path)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said == f"The drill failed: {tmp_path} holds something else: choose another folder with --out\n"
    assert [file.name for file in tmp_path.iterdir()] == ["precious"]


def test_an_unknown_plan_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    process = begin(tmp_path / "drill", "--plan", "asteroid")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert f"there is no drill for plan 'asteroid'; known: {', '.join(scenario.known())}" in said
    assert "region_outage" in scenario.known()
    assert not (tmp_path / "drill").exists()


@pytest.mark.crash
def test_an_incident_is_drilled_from_its_fault_to_its_close(tmp_path: Path) -> None:
    """Half a minute long: the rule sees it by itself, and the incident is watched before it closes."""
    process = begin(tmp_path / "drill", plan="endpoint_down")
    out, err = process.communicate(timeout=120)
    drill = Drill(tmp_path / "drill", process.returncode, out, err)
    assert (drill.code, drill.err) == (0, ""), out + err
    said = " ".join(out.split())
    course = (
        "endpoint_down of ",
        "alert rule SystemAvailabilityDrop fires by itself",
        "SystemAvailabilityDrop: opened by SystemAvailabilityDrop (critical)",
        "restart_service succeeded in ",
        "SystemAvailabilityDrop: mitigated: ",
        "SystemAvailabilityDrop: closed: recovered, and quiet for 15 s, by system",
        "The incident is over: what caused it is gone, and every tenant is served from japaneast.",
    )
    found = [said.find(expected) for expected in course]
    assert -1 not in found, dict(zip(course, found, strict=True))
    assert found == sorted(found)
    assert drill.record.status is RunStatus.SUCCEEDED
    assert drill.truth.faults == ()
