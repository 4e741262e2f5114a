"""What a run teaches: retries, slow steps, failures and objectives missed, as findings and as a document."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.model.outcome import Finding
from shared.model.readiness import Readiness
from shared.model.run import RunRecord, StepRecord, StepStatus
from shared.model.severity import Severity

SLOW = 0.8
"""The share of its target that a step may take before it is named."""

CHECK = "lessons_learned"


def lessons(
    record: RunRecord, targets: dict[str, float], foretold: Readiness | None = None
) -> tuple[Finding, ...]:
    """Everything to learn from a run so far; `targets` is how many seconds each step may take.

    `foretold`: what the newest readiness check had said of the plans that the run has put to the test.
    """
    own = (*_objective(record), *(found for step in record.steps for found in _step(step, targets)))
    return (*own, *(_foretelling(record, foretold) if foretold else ()))


def _foretelling(record: RunRecord, foretold: Readiness) -> Iterator[Finding]:
    """Where the readiness check and the run say different things, one of them is to be mended."""
    failed = [
        step.name
        for step in record.steps
        if step.critical and (step.failures or step.status in {StepStatus.FAILED, StepStatus.UNKNOWN})
    ]
    for one in foretold.plans:
        if failed and one.verdict == "ready":
            told = f"{one.plan} was called ready, and {', '.join(failed)} failed"
            yield _found(
                one.plan, Severity.MEDIUM, told[:500], "teach the readiness check what it did not see"
            )
        if not failed and one.verdict == "not_ready":
            told = f"{one.plan} was called not ready ({'; '.join(one.reasons)}), and nothing failed"
            yield _found(one.plan, Severity.LOW, told[:500], "see whether the readiness check is too strict")


def _objective(record: RunRecord) -> Iterator[Finding]:
    measured, target = record.rto.measured_seconds, record.rto.target_seconds
    if measured is None:
        yield _found(
            record.plan,
            Severity.HIGH,
            "service was never proved in the recovery region, so no recovery time was measured",
            "find out what failed, and hold the drill again",
        )
    elif target is not None and measured > target * SLOW:
        severity = Severity.HIGH if measured > target else Severity.MEDIUM
        told = f"recovery took {_spoken(measured)} of the {_spoken(target)} that are the objective"
        yield _found(record.plan, severity, told, "shorten the slowest steps, or the wait for approval")


def _step(step: StepRecord, targets: dict[str, float]) -> Iterator[Finding]:
    if step.attempts > 1:
        told = f"{step.name} needed {step.attempts} attempts"
        why = f": {step.error}" if step.error else ""
        yield _found(step.name, Severity.LOW, f"{told}{why}"[:500], "see whether its cause would come back")
    if step.failures:
        told = f"{step.name} waited for an operator {step.failures} times"
        yield _found(step.name, Severity.MEDIUM, told, "write into the runbook what was decided, and why")
    if step.status in {StepStatus.FAILED, StepStatus.UNKNOWN}:
        severity = Severity.HIGH if step.critical else Severity.MEDIUM
        yield _found(
            step.name, severity, f"{step.name} failed: {step.error}"[:500], "repair it before the next drill"
        )
    took, target = _took(step), targets.get(step.name)
    if took is not None and target is not None and took > target * SLOW:
        severity = Severity.HIGH if took > target else Severity.MEDIUM
        told = f"{step.name} took {_spoken(took)} of the {_spoken(target)} that it may take"
        yield _found(step.name, severity, told, "find out what it waited for")


def document(
    record: RunRecord,
    found: tuple[Finding, ...],
    targets: dict[str, float],
    foretold: Readiness | None = None,
    *,
    time_zone: str,
) -> str:
    """Markdown for people and for the change record."""
    zone = ZoneInfo(time_zone)
    measured, target = record.rto.measured_seconds, record.rto.target_seconds
    lines = [
        f"# Lessons learned: {_cell(record.title)}",
        "",
        (
            f"Run `{record.run_id}` ({record.mode}), begun {_at(record.started_at, zone)} ({time_zone}), asked for by "
            f"{_cell(record.requested_by)}: {_cell(record.reason)}."
        ),
        "",
        f"- Approved by: {', '.join(_cell(one.approver) for one in record.approvals) or 'nobody'}",
        f"- Recovery time: {_spoken(measured) if measured is not None else 'not measured'}"
        + (f", objective {_spoken(target)}" if target is not None else ""),
        "",
        "## What happened",
        "",
        "| step | ended as | began | took | may take | attempts |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for step in record.steps:
        took, may = _took(step), targets.get(step.name)
        columns = (
            f"`{step.name}`",
            str(step.status),
            _at(step.started_at, zone) if step.started_at else "",
            _spoken(took) if took is not None else "",
            _spoken(may) if may is not None else "",
            str(step.attempts),
        )
        lines.append(f"| {' | '.join(columns)} |")
    if foretold:
        lines += ["", f"## What the readiness check of {_at(foretold.checked_at, zone)} had said", ""]
        lines += [
            f"- `{one.plan}`: {one.score} of 100, {one.verdict.replace('_', ' ')}"
            + (f": {_cell('; '.join(one.reasons))}" if one.reasons else "")
            for one in foretold.plans
        ]
    lines += ["", "## What to do about it", ""]
    learned = [*found, *record.findings]
    lines += [f"- **{one.severity}** {_cell(one.title)}: {_cell(one.recommendation)}" for one in learned]
    if not learned:
        lines.append("Nothing: every step succeeded at once and within its target.")
    if record.log:
        lines += ["", "## Decisions and remarks", ""]
        lines += [f"- {_at(entry.at, zone)} {_cell(entry.who)} {_cell(entry.what)}" for entry in record.log]
    return "\n".join(lines) + "\n"


def _took(step: StepRecord) -> float | None:
    if step.started_at is None or step.finished_at is None:
        return None
    return (step.finished_at - step.started_at).total_seconds()


def _found(resource: str, severity: Severity, title: str, advice: str) -> Finding:
    return Finding(check=CHECK, resource=resource, severity=severity, title=title, recommendation=advice)


def _at(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _cell(text: str) -> str:
    """Text that people or Azure wrote, on one line and without what Markdown would take for its own."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
