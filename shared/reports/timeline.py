"""What the timeline shows: bars in seconds, worked out from a run's record."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from shared.model.plan import PlanKind
from shared.model.run import LogEntry, Objective, RunRecord, RunStatus, StepRecord, StepStatus
from shared.reports.wording import aware, clean, duration, line

STATUS_WORDS = {
    StepStatus.PENDING: "not started",
    StepStatus.WAITING_FOR_OPERATOR: "waiting for operator",
    StepStatus.UNKNOWN: "effect unknown",
}

BASIS_WORDS = {
    "operator": "from the start of the outage that the operator gave",
    "service_health": "from the start of the impact that Service Health gives",
    "probe": "from the last good probe",
    "alert": "from the alert",
    "request": "from the request",
}


ENDED_WORDS = {
    "validation": "until validation passed",
    "requests": "until the last tenant's own requests were answered",
}


def begun(objective: Objective) -> str:
    """From when a recovery time is counted, as a clause."""
    return BASIS_WORDS.get(objective.basis, f"from {line(objective.basis)}")


def clocked(objective: Objective) -> str:
    """From when until when a recovery time is counted, as a clause."""
    begins = begun(objective)
    return begins if objective.measured_seconds is None else f"{begins} {ENDED_WORDS[objective.ended_by]}"


def status_words(step: StepRecord) -> str:
    """A step's status as people read it."""
    return STATUS_WORDS.get(step.status, step.status.value)


@dataclass(frozen=True)
class Bar:
    """A stretch of time in one state; seconds since `Timeline.origin`."""

    start: float
    end: float
    state: str


@dataclass(frozen=True)
class Mark:
    """Someone decided something."""

    at: float
    text: str


@dataclass(frozen=True)
class Row:
    """A line of the chart; `needs` are indices of other rows."""

    label: str
    text: str
    tooltip: str
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...] = ()
    needs: tuple[int, ...] = ()
    critical: bool = False


@dataclass(frozen=True)
class Timeline:
    """The whole chart: `zero` is where the axis counts from, `target` where the RTO ends (maybe outside)."""

    origin: datetime
    span: float
    zero: float
    zero_is_outage: bool
    rows: tuple[Row, ...]
    target: float | None


def newest(record: RunRecord, now: datetime | None = None) -> datetime:
    """Until when the record speaks: its end, else `now`, else the latest instant that it holds."""
    if record.finished_at:
        return aware(record.finished_at)
    if now:
        return aware(now)
    moments = [record.started_at, *(a.decided_at for a in record.approvals), *(e.at for e in record.log)]
    moments += [at for step in record.steps for at in (step.started_at, step.finished_at) if at]
    return max(aware(at) for at in moments)


def ended(step: StepRecord, end: datetime) -> datetime | None:
    """When the step was over, or `end` while it is not; None when it never started."""
    if step.started_at is None:
        return None
    return max(aware(step.finished_at or end), aware(step.started_at))


def critical_path(record: RunRecord, end: datetime) -> tuple[str, ...]:
    """The steps that decided how long it took: from the last critical one back along the latest need."""
    ends = {step.name: at for step in record.steps if (at := ended(step, end))}
    needs = {step.name: step.needs for step in record.steps}
    # What is not critical (a mail that went out late) never decided when service was back.
    deciding = [step.name for step in record.steps if step.critical and step.name in ends]
    path = list[str]()
    candidates = deciding or list(ends)
    while candidates:
        path.append(max(candidates, key=ends.__getitem__))
        candidates = [need for need in needs[path[-1]] if need in ends and need not in path]
    return tuple(reversed(path))


def mentions(record: RunRecord, step: StepRecord) -> Iterator[LogEntry]:
    """The log's lines that name a step, oldest first."""
    name = re.compile(rf"(?<!\w){re.escape(step.name)}(?!\w)")
    return (entry for entry in sorted(record.log, key=lambda e: aware(e.at)) if name.search(entry.what))


def measures_recovery(record: RunRecord) -> bool:
    """Whether an outage is being timed, rather than work that was planned."""
    return record.kind in {PlanKind.RECOVERY, PlanKind.REMEDIATION, PlanKind.DRILL}


def approval_ended(record: RunRecord, end: datetime) -> datetime:
    """When the waiting for approval was over: refused, enough agreed, or the first step began regardless."""
    decisions = sorted(record.approvals, key=lambda a: aware(a.decided_at))
    agreed = [aware(a.decided_at) for a in decisions if a.decision == "approve"]
    refused = [aware(a.decided_at) for a in decisions if a.decision == "reject"]
    if refused:
        return refused[0]
    if agreed and len(agreed) >= record.approvals_required:
        return agreed[max(record.approvals_required, 1) - 1]
    # Break-glass: fewer agreed than were asked for, and the run went on.
    begun = [aware(step.started_at) for step in record.steps if step.started_at]
    return min(begun, default=end)


def timeline(record: RunRecord, *, now: datetime | None = None, speed: float = 1.0) -> Timeline:
    """The chart of a record; `now` is how far bars of an unfinished run reach."""
    end = newest(record, now)
    started = min(
        [aware(record.started_at), *(aware(s.started_at) for s in record.steps if s.started_at)]
        + [aware(a.decided_at) for a in record.approvals]
    )
    outage = min(aware(record.rto.started_at), started) if measures_recovery(record) else started
    length = max((end - started).total_seconds(), 1.0)
    lead = (started - outage).total_seconds()
    # An outage that was noticed days late would squeeze the run itself into a hair's breadth.
    cut = lead > 1.5 * length
    origin = started - timedelta(seconds=0.25 * length) if cut else outage
    zero = started if cut else outage

    def at(moment: datetime) -> float:
        return max((aware(moment) - origin).total_seconds(), 0.0)

    path = critical_path(record, end)
    rows = list[Row]()
    if measures_recovery(record):
        rows.append(_outage_row(record, outage, end, at))
    if record.approvals or record.approvals_required:
        rows.append(_approval_row(record, end, at))
    index = {step.name: len(rows) + i for i, step in enumerate(record.steps)}
    rows += [
        _step_row(record, step, index, end, at, critical=step.name in path and len(path) > 1)
        for step in record.steps
    ]
    target = record.rto.target_seconds
    reach = [
        at(end),
        *(bar.end for row in rows for bar in row.bars),
        *(m.at for row in rows for m in row.marks),
    ]
    return Timeline(
        origin=origin,
        span=max(*reach, 0.1),
        zero=(zero - origin).total_seconds(),
        zero_is_outage=measures_recovery(record) and not cut,
        rows=tuple(rows),
        target=None if target is None else (outage - origin).total_seconds() + target / speed,
    )


_At = Callable[[datetime], float]


def _outage_row(record: RunRecord, outage: datetime, end: datetime, at: _At) -> Row:
    measured = record.rto.measured_seconds
    if measured is not None:
        until, state, text = (
            outage + timedelta(seconds=measured),
            "outage",
            f"restored in {duration(measured)}",
        )
    else:
        until, state = end, "outage_open"
        text = "not restored" if record.status.over else "not restored yet"
    return Row(
        label="Out of service" if record.mode == "real" else "Recovery time",
        text=text,
        tooltip=f"{text}; counted {clocked(record.rto)}",
        bars=(Bar(at(outage), max(at(until), at(outage)), state),),
    )


def _approval_row(record: RunRecord, end: datetime, at: _At) -> Row:
    begun = min([aware(record.started_at), *(aware(a.decided_at) for a in record.approvals)])
    over = approval_ended(record, end)
    agreed = sum(a.decision == "approve" for a in record.approvals)
    took = duration((over - begun).total_seconds())
    if any(a.decision == "reject" for a in record.approvals):
        text = f"rejected after {took}"
    elif record.status == RunStatus.WAITING_FOR_APPROVAL:
        text = f"waiting, {agreed} of {record.approvals_required} given, {took}"
    elif record.status == RunStatus.REJECTED:
        text = f"not given, {took}"
    else:
        text = f"waited {took}"
    return Row(
        label="Waiting for approval",
        text=text,
        tooltip=f"{agreed} of {record.approvals_required} approvals: {text}",
        bars=(Bar(at(begun), at(over), "waiting_for_approval"),),
        marks=tuple(
            Mark(at(a.decided_at), f"{line(a.approver)}: {a.decision}, {line(a.reason)}")
            for a in record.approvals
        ),
    )


def _step_row(
    record: RunRecord, step: StepRecord, index: dict[str, int], end: datetime, at: _At, *, critical: bool
) -> Row:
    over = ended(step, end)
    words = status_words(step)
    text = words
    if over and step.started_at:
        text += f", {duration((over - aware(step.started_at)).total_seconds())}"
    if step.attempts > 1 and step.status != StepStatus.WAITING_FOR_OPERATOR:
        text += f", {step.attempts} tries"
    said = [f"{line(step.name)}: {text}", clean(step.summary, 200), clean(step.error, 200)]
    if step.needs:
        said.append(f"needs {line(', '.join(step.needs))}")
    return Row(
        label=line(step.name, 80),
        text=text,
        tooltip="\n".join(part for part in said if part),
        bars=tuple(_step_bars(record, step, end, at)),
        marks=tuple(
            Mark(at(e.at), line(f"{e.who}: {e.what}" if e.who else e.what)) for e in decisions(record, step)
        ),
        needs=tuple(index[need] for need in step.needs if need in index),
        critical=critical,
    )


def decisions(record: RunRecord, step: StepRecord) -> list[LogEntry]:
    """What people decided about a step: the log's lines that name it and somebody."""
    return [entry for entry in mentions(record, step) if entry.who]


def _step_bars(record: RunRecord, step: StepRecord, end: datetime, at: _At) -> Iterator[Bar]:
    """Its attempts, and between them the time that it waited for a decision.

    The record keeps no such waits of its own: each begins with a line of the log that names the step and says
    `waiting for`, and lasts until the next line that names it.
    """
    over = ended(step, end)
    if over is None or step.started_at is None:
        return
    begun, until = at(step.started_at), at(over)
    lines = list(mentions(record, step))
    waits = [
        (at(one.at), at(after.at) if after else at(end))
        for one, after in pairwise([*lines, None])
        if one and "waiting for" in one.what.lower()
    ]
    if step.status == StepStatus.WAITING_FOR_OPERATOR and not waits:
        waits = [(at(step.finished_at or step.started_at), at(end))]
    for wait, decided in waits:
        wait = min(max(wait, begun), max(decided, begun))  # noqa: PLW2901 - kept inside the step's own time
        if wait > begun:
            yield Bar(begun, wait, StepStatus.FAILED)
        yield Bar(wait, max(decided, wait), StepStatus.WAITING_FOR_OPERATOR)
        begun = max(decided, wait)
    if until > begun or not waits:
        yield Bar(begun, max(until, begun), step.status)
