"""What went wrong in the month, in words: incidents, and what bears on security."""

from collections import Counter
from datetime import datetime
from statistics import median

from shared.model.incident import Remediation
from shared.model.monthly import IncidentOfMonth, MonthlyReport, SecurityAlert
from shared.model.severity import Severity
from shared.reports.monthly.parts import Cell, Column, Section, Table, Tone, capped, listed
from shared.reports.run_view import Fact
from shared.reports.wording import Clock, clean, duration, line

TONES: dict[Severity, Tone] = {Severity.CRITICAL: "bad", Severity.HIGH: "bad", Severity.MEDIUM: "waiting"}
OPEN = "An incident that is still open is told of in the month in which it closes."


def severity_cell(one: Severity) -> Cell:
    return Cell(one.value.capitalize(), tone=TONES.get(one, ""))


def _by_severity(incidents: tuple[IncidentOfMonth, ...]) -> str:
    """`1 critical, 3 high`."""
    counts = Counter(one.severity for one in incidents)
    return listed([(counts[each], each.value) for each in Severity])


def incidents_section(report: MonthlyReport, clock: Clock) -> Section:
    name, heading = "incidents", "Incidents"
    if report.incidents is None:
        return Section(name=name, heading=heading, says=("The incidents of this month could not be read.",))
    if not report.incidents:
        return Section(name=name, heading=heading, says=("No incident closed in this month.",), notes=(OPEN,))
    worst_first = sorted(report.incidents, key=lambda one: (one.severity.rank, one.opened_at, one.id))
    shown, more = capped(worst_first, "incident")
    return Section(
        name=name,
        heading=heading,
        facts=_incident_facts(report.incidents),
        tables=(
            Table(
                caption="Incidents that closed in the month, the most severe first",
                columns=(
                    Column("Incident", 2.1),
                    Column("Severity", 0.8, "short"),
                    Column("Opened", 1.1, "short"),
                    Column("Acknowledged", 1.1),
                    Column("Closed", 1.25),
                    Column("How it ended", 2.3),
                ),
                rows=tuple(_incident(one, clock) for one in shown),
            ),
        ),
        notes=(*more, OPEN),
    )


def _incident_facts(incidents: tuple[IncidentOfMonth, ...]) -> tuple[Fact, ...]:
    total = len(incidents)
    waited = [_seconds(one.opened_at, one.acknowledged_at) for one in incidents if one.acknowledged_at]
    lasted = [_seconds(one.opened_at, one.closed_at) for one in incidents]
    never = total - len(waited)
    helped = sum(one.remediation is Remediation.HELPED for one in incidents)
    acknowledged = f"{duration(median(waited))} in the median" if waited else "none was acknowledged"
    if waited and never:
        acknowledged += f"; {never:,} of {total:,} never"
    return (
        Fact("Closed", f"{total:,}: {_by_severity(incidents)}"),
        Fact("Acknowledged after", acknowledged),
        Fact("Closed after", f"{duration(median(lasted))} in the median"),
        Fact("Ended by automation", f"{helped:,} of {total:,}" if helped else "none"),
    )


def _incident(one: IncidentOfMonth, clock: Clock) -> tuple[Cell, ...]:
    about = ", ".join(line(part, 100) for part in (one.tenant, one.service) if part)
    by = line(one.closed_by, 100)
    notes = [about, "security" if one.security else ""]
    acknowledged = one.acknowledged_at
    return (
        Cell(line(one.rule), note=", ".join(note for note in notes if note)),
        severity_cell(one.severity),
        Cell("", at=clock.dated(one.opened_at)),
        Cell(f"after {_lasted(one.opened_at, acknowledged)}" if acknowledged else "never"),
        Cell(f"after {_lasted(one.opened_at, one.closed_at)}"),
        Cell(clean(one.close_reason, 300), note=f"closed by {by}" if by else ""),
    )


def _lasted(since: datetime, until: datetime) -> str:
    return duration(_seconds(since, until))


def _seconds(since: datetime, until: datetime) -> float:
    """Clocks of two machines may disagree: nothing is answered before it was asked."""
    return max((until - since).total_seconds(), 0.0)


def security_section(report: MonthlyReport, clock: Clock) -> Section:
    unread = "could not be read"
    tried = None if report.tenants is None else sum(one.violations for one in report.tenants)
    incidents = None if report.incidents is None else sum(one.security for one in report.incidents)
    tables, more = tuple[Table, ...](), tuple[str, ...]()
    if report.alerts:
        newest = sorted(report.alerts, key=lambda one: (one.seen, one.title), reverse=True)
        shown, more = capped(newest, "alert")
        tables = (
            Table(
                caption="Security alerts of high severity that are still open, the newest first",
                columns=(
                    Column("Alert", 2.6),
                    Column("Raised", 0.9, "short"),
                    Column("Product", 1.3),
                    Column("Resource", 2.6),
                ),
                rows=tuple(_alert(one, clock) for one in shown),
            ),
        )
    return Section(
        name="security",
        heading="Security",
        facts=(
            Fact("Boundary violations", unread if tried is None else _number(tried)),
            Fact("Security incidents", unread if incidents is None else _number(incidents)),
            Fact("Open security alerts", unread if report.alerts is None else _number(len(report.alerts))),
        ),
        tables=tables,
        notes=(
            *more,
            "A boundary violation is a request with which a tenant reached for another tenant's data.",
        ),
    )


def _number(number: int) -> str:
    return f"{number:,}" if number else "none"


def _alert(one: SecurityAlert, clock: Clock) -> tuple[Cell, ...]:
    return (
        Cell(line(one.title)),
        Cell("", at=clock.dated(one.seen)),
        Cell(line(one.product)),
        Cell(line(one.resource)),
    )
