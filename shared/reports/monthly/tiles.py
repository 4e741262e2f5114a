"""The month's first figures."""

from collections import Counter

from shared.model.monthly import MonthlyReport
from shared.model.plan import Mode
from shared.model.readiness import PlanReadiness
from shared.model.severity import Severity
from shared.planners.service_levels import answered_met, fast_met, percent
from shared.reports.monthly.costs import change, money
from shared.reports.monthly.levels import everybody, least_answered, slowest
from shared.reports.monthly.parts import UNREAD, Tile, limit, listed, milliseconds, verdict
from shared.reports.monthly.recovery import VERDICTS
from shared.reports.wording import line


def tiles(report: MonthlyReport) -> tuple[Tile, ...]:
    return (
        _answered(report),
        _slowest(report),
        _incidents(report),
        _runs(report),
        _readiness(report),
        _cost(report),
    )


def _answered(report: MonthlyReport) -> Tile:
    name, levels = "Availability", report.levels
    if report.tenants is None:
        return Tile(name, UNREAD, tone="waiting")
    answered = everybody(report.tenants)
    met = answered_met(answered, levels.availability)
    target = f"target {limit(levels.availability)} %"
    notes = [target if met is None else f"{target}: {verdict(met)}"]
    # Requests that reached nobody are not among those that were answered.
    if worst := min((one for one in report.outside or () if one.requests), key=least_answered, default=None):
        notes.append(f"tests from outside {percent(worst, levels.availability)}")
    return Tile(
        name,
        percent(answered, levels.availability),
        "; ".join(notes),
        tone="bad" if met is False else "",
    )


def _slowest(report: MonthlyReport) -> Tile:
    name = "Slowest tenant's P95"
    if report.tenants is None:
        return Tile(name, UNREAD, tone="waiting")
    target = f"target {limit(report.levels.p95_ms)} ms"
    one = slowest(report.tenants)
    if one is None:
        return Tile(name, "no answers", target)
    met = fast_met(one, report.levels.p95_ms)
    note = f"{line(one.tenant, 40)}; {target}: {verdict(met)}"
    return Tile(name, milliseconds(one.p95_ms), note, tone="bad" if met is False else "")


def _incidents(report: MonthlyReport) -> Tile:
    if report.incidents is None:
        return Tile("Incidents", UNREAD, tone="waiting")
    if not report.incidents:
        return Tile("Incidents", "none")
    counts = Counter(one.severity for one in report.incidents)
    worst = [(counts[each], each.value) for each in (Severity.CRITICAL, Severity.HIGH)]
    lower = len(report.incidents) - sum(number for number, _ in worst)
    return Tile("Incidents", f"{len(report.incidents):,}", listed([*worst, (lower, "less severe")]))


def _runs(report: MonthlyReport) -> Tile:
    name = "Recoveries and drills"
    if report.runs is None:
        return Tile(name, UNREAD, tone="waiting")
    if not report.runs:
        return Tile(name, "none")
    real = sum(one.mode == Mode.REAL for one in report.runs)
    drills = len(report.runs) - real
    return Tile(
        name,
        f"{len(report.runs):,}",
        listed([(real, "real"), (drills, "drill" if drills == 1 else "drills")]),
    )


def _readiness(report: MonthlyReport) -> Tile:
    name = "Lowest readiness"
    if report.trend is None:
        return Tile(name, UNREAD, tone="waiting")
    if report.readiness is None:
        return Tile(name, "not known", "no check is kept", tone="bad")
    if not report.readiness.plans:
        return Tile(name, "no plans")
    lowest = min(report.readiness.plans, key=_worst)
    words, tone = VERDICTS[lowest.verdict]
    note = "every plan is ready" if lowest.score == 100 else f"{line(lowest.plan, 40)}: {words.lower()}"
    return Tile(name, f"{lowest.score} of 100", note, tone)


def _worst(plan: PlanReadiness) -> tuple[int, str]:
    return plan.score, plan.plan


def _cost(report: MonthlyReport) -> Tile:
    if report.costs is None:
        return Tile("Cost", UNREAD, tone="waiting")
    costs, currency = report.costs, line(report.costs.currency, 10)
    if not costs.services:
        return Tile("Cost", "nothing")
    changed = change(costs.total, costs.before)
    before = "month before" if report.whole else "same days before"
    note = f"{before}: not known" if costs.before is None else f"{changed} against the {before}"
    return Tile("Cost", f"{money(costs.total, 0)} {currency}", note)
