"""A run told in sentences: the outcome in one, and what went wrong with what was done about it."""

from dataclasses import dataclass
from datetime import datetime

from shared.model.plan import Mode
from shared.model.run import RunRecord, RunStatus, StepRecord, StepStatus
from shared.reports.timeline import measures_recovery, mentions
from shared.reports.verdict import judge, real_seconds, stands_for
from shared.reports.wording import Clock, Moment, aware, clean, counted, duration, line


@dataclass(frozen=True)
class Deed:
    """Something that was done about a trouble."""

    what: str
    at: Moment | None = None


@dataclass(frozen=True)
class Trouble:
    """Something that went wrong, and what came of it."""

    title: str
    what: str
    deeds: tuple[Deed, ...]


@dataclass(frozen=True)
class Story:
    """The outcome in one sentence, what else matters, and the troubles."""

    headline: str
    more: tuple[str, ...]
    troubles: tuple[Trouble, ...]


def story(record: RunRecord, clock: Clock, end: datetime, speed: float = 1.0) -> Story:
    """`end` is until when the record speaks."""
    headline = {
        RunStatus.SUCCEEDED: _succeeded,
        RunStatus.FAILED: _failed,
        RunStatus.REJECTED: _rejected,
        RunStatus.ABORTED: _aborted,
        RunStatus.WAITING_FOR_APPROVAL: _awaits_approval,
        RunStatus.WAITING_FOR_OPERATOR: _awaits_operator,
    }.get(record.status, _under_way)
    troubles = [_step_trouble(record, step, clock) for step in record.steps if _is_trouble(step)]
    return Story(
        headline=headline(record, end, speed),
        more=tuple(_more(record, speed)),
        troubles=(*_run_trouble(record, clock), *troubles),
    )


def _succeeded(record: RunRecord, end: datetime, speed: float) -> str:
    measured, target = record.rto.measured_seconds, record.rto.target_seconds
    if not measures_recovery(record) or measured is None:
        took = duration((end - aware(record.started_at)).total_seconds())
        return f"Finished in {took}: {_done(record)}."
    took = stands_for(measured, speed) or duration(measured)
    subject = "The drill restored service in" if record.mode == Mode.DRILL else "Service was restored in"
    if target is None:
        return f"{subject} {took}; no target is set."
    if judge(record.rto, speed) == "met":
        return f"{subject} {took}; the target of {duration(target)} was met."
    late = real_seconds(measured, speed) - target
    by = f" by {duration(late)}" if late > 0 else ""
    return f"{subject} {took}; the target of {duration(target)} was missed{by}."


def _failed(record: RunRecord, end: datetime, speed: float) -> str:  # noqa: ARG001 - one signature for all
    broken = [step for step in record.steps if step.status in {StepStatus.FAILED, StepStatus.UNKNOWN}]
    decisive = [step for step in broken if step.critical] or broken
    subject = _not_restored(record, "The run failed")
    if decisive:
        return f"{subject}: step {line(decisive[0].name)} {_how_it_failed(decisive[0])}."
    return _because(subject, record.status_reason)


def _rejected(record: RunRecord, end: datetime, speed: float) -> str:  # noqa: ARG001
    untouched = not any(step.changed or step.started_at for step in record.steps)
    no = next((a for a in record.approvals if a.decision == "reject"), None)
    subject = f"{line(no.approver)} rejected the run" if no else "The run was rejected"
    reason = no.reason if no and no.reason else record.status_reason
    return _because(f"{subject} and nothing was changed" if untouched else subject, reason)


def _aborted(record: RunRecord, end: datetime, speed: float) -> str:  # noqa: ARG001
    undone = sum(step.status == StepStatus.UNDONE for step in record.steps)
    subject = _not_restored(record, "The run was aborted", " was aborted")
    return _because(
        f"{subject}; {counted(undone, 'step')} undone" if undone else subject, record.status_reason
    )


def _awaits_approval(record: RunRecord, end: datetime, speed: float) -> str:  # noqa: ARG001
    agreed = sum(a.decision == "approve" for a in record.approvals)
    waited = duration((end - aware(record.started_at)).total_seconds())
    given = f"{agreed} of {record.approvals_required} given"
    return f"Waiting for approval for {waited}: {given}; nothing is changed yet."


def _awaits_operator(record: RunRecord, end: datetime, speed: float) -> str:  # noqa: ARG001
    waiting = [line(s.name) for s in record.steps if s.status == StepStatus.WAITING_FOR_OPERATOR]
    what = f" on step {', '.join(waiting)}" if waiting else ""
    return f"Waiting for an operator to decide{what}: retry, skip or abort. {_progress(record)}"


def _under_way(record: RunRecord, end: datetime, speed: float) -> str:  # noqa: ARG001
    took = duration((end - aware(record.started_at)).total_seconds())
    running = [line(s.name) for s in record.steps if s.status in {StepStatus.RUNNING, StepStatus.UNDOING}]
    now = f" Now: {', '.join(running)}." if running else ""
    return f"{record.status.value.capitalize()} for {took}. {_progress(record)}{now}"


def _not_restored(record: RunRecord, otherwise: str, ending: str = "") -> str:
    if not measures_recovery(record):
        return otherwise
    if record.mode == Mode.DRILL:
        return f"The drill{ending}" if ending else "The drill failed"
    if record.rto.measured_seconds is not None:
        return f"{otherwise} after service was back"
    return f"{otherwise} and service was not restored" if ending else "Service was not restored"


def _because(subject: str, reason: str) -> str:
    reason = line(reason)
    return f"{subject}: {reason.rstrip('.')}." if reason else f"{subject}."


def _progress(record: RunRecord) -> str:
    done = sum(step.status.over for step in record.steps)
    return f"{done} of {counted(len(record.steps), 'step')} {'is' if done == 1 else 'are'} done."


def _done(record: RunRecord) -> str:
    ok = sum(step.status == StepStatus.SUCCEEDED for step in record.steps)
    changed = sum(step.changed for step in record.steps)
    effect = f"{counted(changed, 'step')} changed something" if changed else "nothing had to be changed"
    return f"{ok} of {counted(len(record.steps), 'step')} succeeded, {effect}"


def _more(record: RunRecord, speed: float) -> list[str]:
    said = list[str]()
    measured = record.rto.measured_seconds
    if speed != 1 and measured is not None:
        said.append(
            f"A simulated estate ran {speed:g} times faster than life: {duration(measured)} was measured, "
            f"which stands for {stands_for(measured, speed)}."
        )
    missed = [line(s.service) for s in record.service_rto if judge(s, speed) == "missed"]
    if missed:
        verb = "missed its target" if len(missed) == 1 else "missed their targets"
        said.append(f"{', '.join(missed)} {verb}.")
    for status, words in (
        (StepStatus.FAILED, "failed"),
        (StepStatus.UNKNOWN, "ended with its effect unknown"),
        (StepStatus.SKIPPED, "skipped"),
    ):
        names = [line(step.name) for step in record.steps if step.status == status]
        if names and record.status == RunStatus.SUCCEEDED:
            shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
            said.append(f"{counted(len(names), 'step')} {words}: {shown}.")
    return said


def _is_trouble(step: StepRecord) -> bool:
    bad = {StepStatus.FAILED, StepStatus.UNKNOWN, StepStatus.UNDOING, StepStatus.UNDONE}
    return bool(
        step.status in bad | {StepStatus.WAITING_FOR_OPERATOR}
        or step.failures
        or step.error
        or step.attempts > 1
    )


def _how_it_failed(step: StepRecord) -> str:
    if step.status == StepStatus.UNKNOWN:
        return "ended with its effect unknown"
    return f"failed after {counted(step.attempts, 'attempt')}" if step.attempts > 1 else "failed"


def _run_trouble(record: RunRecord, clock: Clock) -> list[Trouble]:
    deeds = tuple(
        Deed(f"{line(a.approver)} rejected it: {clean(a.reason)}", clock.moment(a.decided_at))
        for a in record.approvals
        if a.decision == "reject"
    )
    if record.status not in {RunStatus.FAILED, RunStatus.REJECTED, RunStatus.ABORTED, RunStatus.PAUSED}:
        return []
    if not record.status_reason and not deeds:
        return []
    return [Trouble(f"The run: {record.status.value}", clean(record.status_reason), deeds)]


def _step_trouble(record: RunRecord, step: StepRecord, clock: Clock) -> Trouble:
    said = [f"{counted(step.attempts, 'attempt')}" if step.attempts else ""]
    if step.failures:
        said.append(f"gave up {step.failures} {'time' if step.failures == 1 else 'times'}")
    what = ", ".join(part for part in said if part)
    error = clean(step.error)
    ending = {
        StepStatus.SUCCEEDED: f"Succeeded: {clean(step.summary)}" if step.summary else "Succeeded.",
        StepStatus.SKIPPED: "Skipped; the run went on without it.",
        StepStatus.FAILED: "It is critical: what needs it did not run."
        if step.critical
        else "It is not critical: the run went on.",
        StepStatus.UNKNOWN: "Whether it took effect cannot be proved: look at the resource by hand.",
        StepStatus.UNDONE: "Its effect was undone.",
        StepStatus.UNDOING: "Its effect is being undone.",
        StepStatus.WAITING_FOR_OPERATOR: "Someone must decide now: retry, skip or abort.",
        StepStatus.RUNNING: "It is being tried again.",
    }.get(step.status)
    deeds = [
        Deed(clean(f"{entry.who}: {entry.what}" if entry.who else entry.what, 400), clock.moment(entry.at))
        for entry in mentions(record, step)
    ]
    if ending:
        deeds.append(Deed(ending, clock.moment(step.finished_at) if step.finished_at else None))
    title = line(f"{step.name} ({step.action})" if step.action != step.name else step.name)
    return Trouble(title, f"{what}: {error}" if what and error else what or error, tuple(deeds))
