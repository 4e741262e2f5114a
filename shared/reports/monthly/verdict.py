"""The month in one sentence: whether tenants got what they are promised, and the worst of everything else."""

from collections.abc import Iterator

from shared.model.monthly import MonthlyReport
from shared.model.outcome import Finding
from shared.model.severity import Severity
from shared.planners.service_levels import answered_met
from shared.reports.monthly.levels import short_changed
from shared.reports.monthly.parts import Tone
from shared.reports.wording import counted, line


def headline(report: MonthlyReport, found: tuple[Finding, ...]) -> tuple[str, Tone]:
    """The sentence, and its tone: that of the worst finding, and never good while a part could not be read."""
    rest = list(_rest(report))[:2]
    fine = "every recovery plan is ready" if report.readiness and report.readiness.plans else ""
    words = _promised(report)
    if rest:
        words += f"; {' and '.join(rest)}"
    elif fine:
        words += f", {'but' if _broken(report) else 'and'} {fine}"
    return f"{words}.", _tone(report, found)


def _tone(report: MonthlyReport, found: tuple[Finding, ...]) -> Tone:
    if found and found[0].severity.rank <= Severity.HIGH.rank:
        return "bad"
    return "waiting" if found or _unread(report) else "good"


def _unread(report: MonthlyReport) -> int:
    """How many parts could not be read."""
    parts = (
        report.tenants,
        report.outside,
        report.days,
        report.runs,
        report.incidents,
        report.alerts,
        report.costs,
        report.trend,
    )
    return sum(part is None for part in parts)


def _broken(report: MonthlyReport) -> bool:
    """Whether somebody got less than is promised."""
    return bool(short_changed(report)) or _outside_missed(report)


def _outside_missed(report: MonthlyReport) -> bool:
    return any(answered_met(test, report.levels.availability) is False for test in report.outside or ())


def _promised(report: MonthlyReport) -> str:
    if report.tenants is None:
        return "Whether tenants got what they are promised could not be read"
    asked = [one for one in report.tenants if one.requests]
    short = short_changed(report)
    if len(short) == 1:
        return f"{line(short[0].tenant, 80)} did not get what it is promised"
    if short:
        return f"{len(short):,} of {counted(len(asked), 'tenant')} did not get what they are promised"
    if _outside_missed(report):
        return "Tests from outside were answered less than tenants are promised"
    return "Tenants got what they are promised" if asked else "No tenant asked anything"


def _rest(report: MonthlyReport) -> Iterator[str]:
    """Everything else that is not well, the worst first, in clauses."""
    runs = report.runs or ()
    if tried := sum(one.violations > 0 for one in report.tenants or ()):
        yield f"{counted(tried, 'tenant')} reached for another tenant's data"
    yield from _plans(report, "not_ready")
    if report.readiness is None and report.trend is not None:
        yield "nobody knows whether the recovery plans would work"
    if failed := sum(run.failed for run in runs):
        yield f"{failed} of {counted(len(runs), 'run')} failed"
    if missed := sum(bool(run.missed) for run in runs if not run.failed):
        yield f"{missed} of {counted(len(runs), 'run')} missed a target"
    if alerts := len(report.alerts or ()):
        yield f"{counted(alerts, 'security alert')} {'is' if alerts == 1 else 'are'} still open"
    yield from _plans(report, "at_risk")
    unread = _unread(report)
    if report.tenants is None and unread > 1:
        yield f"{counted(unread - 1, 'more part')} of this report could not be read either"
    elif report.tenants is not None and unread:
        yield f"{counted(unread, 'part')} of this report could not be read"


def _plans(report: MonthlyReport, verdict: str) -> Iterator[str]:
    if count := sum(one.verdict == verdict for one in (report.readiness.plans if report.readiness else ())):
        yield f"{counted(count, 'recovery plan')} {'is' if count == 1 else 'are'} {verdict.replace('_', ' ')}"
