"""What the operations report of a month says, decided once for HTML, PDF and mail."""

from dataclasses import dataclass
from datetime import date

from shared.model.monthly import MonthlyReport
from shared.model.outcome import Finding
from shared.model.severity import Severity
from shared.planners.monthly import findings
from shared.planners.service_levels import percent
from shared.reports.monthly.costs import costs_section
from shared.reports.monthly.events import incidents_section, security_section, severity_cell
from shared.reports.monthly.levels import everybody, levels_section
from shared.reports.monthly.parts import Cell, Column, Section, Table, Tile, Tone, capped
from shared.reports.monthly.recovery import readiness_section, runs_section
from shared.reports.monthly.tiles import tiles
from shared.reports.monthly.verdict import headline
from shared.reports.wording import Clock, Moment, clean, counted, line

IN_REPORT, IN_MAIL = 30, 10
"""How many findings a report and a mail hold; the sections below tell of all."""


@dataclass(frozen=True)
class Need:
    """Something that is worth somebody's time, and what to do about it."""

    severity: Severity
    title: str
    todo: str


@dataclass(frozen=True)
class MonthlyView:
    """A whole report, in words. `so_far` is when it was made, where the month was not over by then."""

    estate: str
    month: str
    so_far: Moment | None
    headline: str
    tone: Tone
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    needs: str
    first: tuple[Need, ...]
    more: str
    subject: str
    zone: str
    made_at: Moment
    run_id: str


def monthly_view(report: MonthlyReport) -> MonthlyView:
    clock = Clock.of(report.time_zone, report.since)
    found = findings(report)
    month = month_name(report.month)
    made_at = clock.full(report.made_at)
    needs = _needs(found)
    words, tone = headline(report, found)
    return MonthlyView(
        estate=line(report.title, 200) or line(report.estate, 200),
        month=month,
        so_far=None if report.whole else made_at,
        headline=words,
        tone=tone,
        tiles=tiles(report),
        sections=_sections(report, found, clock),
        needs=needs,
        first=tuple(_need(one) for one in found[:IN_MAIL]),
        more=f"and {len(found) - IN_MAIL:,} more in the report" if len(found) > IN_MAIL else "",
        subject=_subject(report, month, needs),
        zone=clock.name,
        made_at=made_at,
        run_id=line(report.run_id),
    )


def month_name(month: str) -> str:
    """`October 2026`."""
    year, number = (int(part) for part in month.split("-"))
    return f"{date(year, number, 1):%B} {year}"


def _needs(found: tuple[Finding, ...]) -> str:
    if not found:
        return "nothing needs anybody"
    return f"{counted(len(found), 'thing')} {'needs' if len(found) == 1 else 'need'} somebody"


def _subject(report: MonthlyReport, month: str, needs: str) -> str:
    asked = "not read"
    if report.tenants is not None:
        asked = percent(everybody(report.tenants), report.levels.availability)
    so_far = "" if report.whole else " so far"
    estate = line(report.title, 80) or line(report.estate, 80)
    return line(f"[{estate}] Operations report {month}{so_far}: availability {asked}, {needs}", 200)


def _sections(report: MonthlyReport, found: tuple[Finding, ...], clock: Clock) -> tuple[Section, ...]:
    sections = (
        _findings_section(found),
        levels_section(report),
        runs_section(report, clock),
        readiness_section(report, clock),
        incidents_section(report, clock),
        security_section(report, clock),
        costs_section(report),
    )
    if not report.unknown:
        return sections
    why = tuple(clean(one) for one in report.unknown)
    return (*sections, Section(name="unknown", heading="Not in this report", says=why))


def _findings_section(found: tuple[Finding, ...]) -> Section:
    name, heading = "needs", "What needs somebody"
    if not found:
        return Section(name=name, heading=heading, says=("Nothing in this month needs anybody's time.",))
    shown, more = capped(found, "finding", IN_REPORT)
    table = Table(
        caption="What is worth somebody's time, the worst first",
        columns=(Column("Severity", 0.8, "short"), Column("What", 4.2), Column("What to do", 2.6)),
        rows=tuple(
            (severity_cell(one.severity), Cell(one.title), Cell(one.todo)) for one in map(_need, shown)
        ),
    )
    return Section(name=name, heading=heading, tables=(table,), notes=more)


def _need(one: Finding) -> Need:
    """Without what no page could show; what to do begins as sentences do."""
    todo = line(one.recommendation)
    return Need(one.severity, line(one.title, 600), todo[:1].upper() + todo[1:])
