"""What a month says: its bounds, and what of it is worth somebody's time, the worst first."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.model.monthly import Day, MonthlyReport, ReadinessPoint
from shared.model.outcome import Finding
from shared.model.readiness import Readiness
from shared.model.severity import Severity
from shared.planners.schedule import first_moment
from shared.planners.service_levels import answered_met, fast_met, percent

CHECK = "monthly_report"
_DAY = timedelta(days=1)
DEARER = 1.5
"""A service that costs so many times what it did the month before is named (seed 004, section 5: 150 % of average)."""


def month_before(moment: datetime, time_zone: str) -> str:
    """The last calendar month that was over at a moment, in a time zone: `2026-10` on any day of November."""
    today = moment.astimezone(ZoneInfo(time_zone)).date()
    return f"{today.replace(day=1) - _DAY:%Y-%m}"


def bounds(month: str, time_zone: str) -> tuple[datetime, datetime]:
    """Where a month begins, and where the next one does (UTC). Its last day belongs to it whole."""
    zone = ZoneInfo(time_zone)
    first, last = (first_moment(datetime.combine(day, time()), zone) for day in _first_days(month))
    return first, last


def days_of(month: str, today: date) -> tuple[date, date]:
    """The first and the last day of a month, as far as they have come."""
    first, following = _first_days(month)
    return first, min(following - _DAY, today)


def days_before(month: str, today: date) -> tuple[date, date]:
    """What such days are compared with: the whole month before, or while a month goes on as many days of that."""
    first, last = days_of(month, today)
    before, _ = _first_days(f"{first - _DAY:%Y-%m}")
    so_far = last + _DAY < _first_days(month)[1]
    return before, min(first - _DAY, before + (last - first)) if so_far else first - _DAY


def _first_days(month: str) -> tuple[date, date]:
    """Of a month, and of the one after it."""
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)


def by_day(hours: Iterable[tuple[datetime, int, int]], time_zone: str) -> tuple[Day, ...]:
    """Days of a time zone from `(hour, requests, failed)`; an hour that midnight cuts counts where it begins."""
    zone, found = ZoneInfo(time_zone), dict[date, list[int]]()
    for hour, requests, failed in hours:
        day = found.setdefault(hour.astimezone(zone).date(), [0, 0])
        day[0] += requests
        day[1] += failed
    return tuple(Day(day=day, requests=n, failed=failed) for day, (n, failed) in sorted(found.items()))


def last_of_each_day(names: Iterable[str]) -> tuple[str, ...]:
    """Of names that end in a time such as `20261001T020000Z.json` the last one of each day (UTC), oldest first."""
    return tuple({name.rsplit("T", 1)[0]: name for name in sorted(names)}.values())


def trend(checks: Iterable[Readiness]) -> tuple[ReadinessPoint, ...]:
    """The scores of some checks, oldest first."""
    return tuple(
        ReadinessPoint(checked_at=one.checked_at, scores={plan.plan: plan.score for plan in one.plans})
        for one in sorted(checks, key=lambda check: check.checked_at)
    )


def findings(report: MonthlyReport) -> tuple[Finding, ...]:
    """Everything of the month that somebody should do something about, the worst first."""
    found = (
        *_tenants(report),
        *_runs(report),
        *_incidents(report),
        *_alerts(report),
        *_readiness(report),
        *_costs(report),
        *(
            _found("report", Severity.MEDIUM, f"not in this report: {why}", "let this app read it")
            for why in report.unknown
        ),
    )
    return tuple(sorted(found, key=lambda one: one.severity.rank))


def _tenants(report: MonthlyReport) -> Iterator[Finding]:
    levels = report.levels
    for one in report.tenants or ():
        if one.violations:
            title = f"{one.tenant} reached for another tenant's data {one.violations} times"
            yield _found(one.tenant, Severity.CRITICAL, title, "see that its incident found the cause")
        if answered_met(one, levels.availability) is False:
            title = f"{one.tenant} was answered {percent(one, levels.availability)} of the time"
            yield _found(
                one.tenant, Severity.HIGH, title, "look at the incidents and recoveries of its worst days"
            )
        if fast_met(one, levels.p95_ms) is False:
            title = f"{one.tenant} waited {one.p95_ms:.0f} ms (P95), longer than {levels.p95_ms:g} ms"
            yield _found(one.tenant, Severity.MEDIUM, title, "look for a noisy neighbour and at the replicas")
    for test in report.outside or ():
        if answered_met(test, levels.availability) is False:
            title = (
                f"{test.test} was up {percent(test, levels.availability)} of the time to tests from outside"
            )
            yield _found(test.test, Severity.HIGH, title, "look at the incidents of its worst days")


def _runs(report: MonthlyReport) -> Iterator[Finding]:
    for run in report.runs or ():
        if run.failed:
            title = f"{run.title or run.plan} ended {run.status}"
            yield _found(run.run_id, Severity.HIGH, title, "read its report, and hold it again as a drill")
        elif run.missed:
            title = f"{run.title or run.plan} missed its target for {' and '.join(run.missed)}"
            yield _found(
                run.run_id, Severity.HIGH, title, "shorten its slowest steps, or the wait for approval"
            )


def _incidents(report: MonthlyReport) -> Iterator[Finding]:
    """Causes that came back: each alone was closed, and nobody has looked at them together."""
    causes: dict[tuple[str, str], int] = {}
    for one in report.incidents or ():
        cause = (one.rule, one.tenant or one.service)
        causes[cause] = causes.get(cause, 0) + 1
    for (rule, about), times in causes.items():
        if times >= 3:
            title = f"{rule}{f' ({about})' if about else ''} came {times} times"
            yield _found(about or rule, Severity.MEDIUM, title, "find the cause that its incidents share")


def _alerts(report: MonthlyReport) -> Iterator[Finding]:
    for one in report.alerts or ():
        title = f"the security alert '{one.title}' is still open"
        yield _found(one.resource or one.title, Severity.HIGH, title, "investigate and close it")


def _readiness(report: MonthlyReport) -> Iterator[Finding]:
    if report.readiness is None and report.trend is None:
        return
    if report.readiness is None:
        title = "no readiness check of this month is kept: nobody knows whether the recovery plans would work"
        yield _found("readiness", Severity.HIGH, title, "see why the daily maintenance does not run")
        return
    severities = {"not_ready": Severity.CRITICAL, "at_risk": Severity.MEDIUM}
    for plan in report.readiness.plans:
        if plan.verdict in severities:
            title = f"{plan.plan} is {plan.verdict.replace('_', ' ')} ({plan.score} of 100): {'; '.join(plan.reasons)}"
            yield _found(
                plan.plan, severities[plan.verdict], title[:500], "close its gaps before it is needed"
            )


def _costs(report: MonthlyReport) -> Iterator[Finding]:
    for one in report.costs.services if report.costs else ():
        if one.before and one.cost > one.before * DEARER:
            title = f"{one.service} cost {one.cost / one.before:.1f} times what it did the month before"
            yield _found(one.service, Severity.MEDIUM, title, "see which resource that is")


def _found(resource: str, severity: Severity, title: str, recommendation: str) -> Finding:
    return Finding(
        check=CHECK, resource=resource, severity=severity, title=title, recommendation=recommendation
    )
