"""What a report says about a run, decided once for HTML, PDF and mail."""

import json
from dataclasses import dataclass
from datetime import datetime

from shared.model.plan import Mode
from shared.model.run import (
    Approval,
    Objective,
    RunRecord,
    RunStatus,
    ServiceObjective,
    StepRecord,
    StepStatus,
)
from shared.reports.run_story import Story, Trouble, story
from shared.reports.timeline import begun, clocked, critical_path, ended, newest, status_words
from shared.reports.verdict import Verdict, judge, stands_for
from shared.reports.wording import Clock, Moment, aware, clean, duration, line

RUN_WORDS = {
    RunStatus.WAITING_FOR_APPROVAL: "Waiting for approval",
    RunStatus.WAITING_FOR_OPERATOR: "Waiting for an operator",
}
TONES = {
    RunStatus.SUCCEEDED: "good",
    RunStatus.FAILED: "bad",
    RunStatus.ABORTED: "bad",
    RunStatus.REJECTED: "bad",
    RunStatus.RUNNING: "active",
}


@dataclass(frozen=True)
class Fact:
    """A line of the summary: words, and an instant where the fact is one."""

    name: str
    value: str
    at: Moment | None = None


@dataclass(frozen=True)
class ObjectiveRow:
    """A time measured against its target; `stands_for` is what it means at the simulator's speed."""

    name: str
    measured: str
    stands_for: str
    target: str
    verdict: Verdict


@dataclass(frozen=True)
class StepRow:
    """A line of the steps table."""

    number: int
    name: str
    action: str
    needs: str
    on_critical_path: bool
    critical: bool
    status: str
    status_words: str
    start: Moment | None
    took: str
    attempts: int
    changed: bool
    summary: str
    error: str


@dataclass(frozen=True)
class ApprovalRow:
    """A line of the approvals table."""

    who: str
    decision: str
    at: Moment
    reason: str


@dataclass(frozen=True)
class FindingRow:
    """A line of the findings table."""

    severity: str
    title: str
    resource: str
    check: str
    evidence: str
    recommendation: str


@dataclass(frozen=True)
class LogRow:
    """A line of the log."""

    at: Moment
    who: str
    what: str


@dataclass(frozen=True)
class RunView:
    """A whole report, in words."""

    title: str
    kind: str
    mode: str
    mode_words: str
    status: str
    tone: str
    story: Story
    run: ObjectiveRow | None
    rpo: ObjectiveRow | None
    services: tuple[ObjectiveRow, ...]
    losses: tuple[ObjectiveRow, ...]
    basis: str
    facts: tuple[Fact, ...]
    approvals: tuple[ApprovalRow, ...]
    approvals_required: int
    critical_path: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    steps: tuple[StepRow, ...]
    findings: tuple[FindingRow, ...]
    log: tuple[LogRow, ...]
    zone: str
    as_of: Moment
    over: bool
    speed: str
    run_id: str


def run_view(
    record: RunRecord, *, time_zone: str, now: datetime | None = None, speed: float = 1.0
) -> RunView:
    """`time_zone` is an IANA name; `speed` is how much faster than life the simulated Azure ran."""
    clock = Clock.of(time_zone, record.started_at)
    end = newest(record, now)
    path = critical_path(record, end)
    told = story(record, clock, end, speed)
    timed = record.rto.measured_seconds is not None or record.rto.target_seconds is not None
    return RunView(
        title=line(record.title or record.plan),
        kind=record.kind.value,
        mode="REAL" if record.mode == Mode.REAL else "DRILL",
        mode_words="the live estate" if record.mode == Mode.REAL else "a rehearsal, moved gracefully",
        status=RUN_WORDS.get(record.status, record.status.value.capitalize()),
        tone=_tone(record, speed),
        story=told,
        run=_objective("The whole run", record.rto, speed) if timed else None,
        rpo=_objective("Data loss (RPO)", record.rpo, speed) if record.rpo else None,
        services=tuple(_objective(s.service, s, speed) for s in record.service_rto),
        losses=tuple(_objective(s.service, s, speed) for s in record.service_rpo),
        basis=clocked(record.rto),
        facts=tuple(_facts(record, clock, end, speed)),
        approvals=tuple(_approval(approval, clock) for approval in record.approvals),
        approvals_required=record.approvals_required,
        critical_path=tuple(line(name) for name in path) if len(path) > 1 else (),
        troubles=told.troubles,
        steps=tuple(_step(step, n, path, clock, end) for n, step in enumerate(record.steps, 1)),
        findings=tuple(
            FindingRow(
                severity=finding.severity.value,
                title=line(finding.title),
                resource=line(finding.resource),
                check=line(finding.check),
                evidence=_evidence(finding.evidence),
                recommendation=clean(finding.recommendation),
            )
            for finding in record.findings
        ),
        log=tuple(
            LogRow(at=clock.moment(entry.at), who=line(entry.who), what=clean(entry.what))
            for entry in sorted(record.log, key=lambda e: aware(e.at))
        ),
        zone=clock.name,
        as_of=clock.full(end),
        over=record.status.over,
        speed="" if speed == 1 else f"{speed:g}",
        run_id=line(record.run_id),
    )


def _tone(record: RunRecord, speed: float) -> str:
    if record.status == RunStatus.SUCCEEDED and judge(record.rto, speed) == "missed":
        return "waiting"
    return TONES.get(record.status, "waiting")


def _facts(record: RunRecord, clock: Clock, end: datetime, speed: float) -> list[Fact]:
    took = duration((end - aware(record.started_at)).total_seconds())
    facts = [
        Fact("Plan", f"{line(record.plan)} ({record.kind.value})"),
        Fact("Requested by", line(record.requested_by)),
        Fact("Reason", clean(record.reason)),
        Fact("Started", "", clock.full(record.started_at)),
    ]
    if aware(record.rto.started_at) != aware(record.started_at):
        facts.append(Fact("Counted", begun(record.rto), clock.full(record.rto.started_at)))
    if record.finished_at:
        facts.append(Fact("Finished", f"after {took}", clock.full(record.finished_at)))
    else:
        facts.append(Fact("So far", took))
    if record.rpo is not None:
        lost = _objective("Data loss", record.rpo, speed)
        facts.append(Fact("Data loss", f"{lost.measured}, target {lost.target}: {lost.verdict}"))
    if record.held_by:
        facts.append(Fact("Held by", line(record.held_by)))
    facts.append(Fact("Run", line(record.run_id)))
    return facts


def _objective(name: str, objective: Objective | ServiceObjective, speed: float) -> ObjectiveRow:
    measured, target = objective.measured_seconds, objective.target_seconds
    return ObjectiveRow(
        name=line(name),
        measured="not measured" if measured is None else duration(measured),
        stands_for="" if measured is None else stands_for(measured, speed),
        target="none set" if target is None else duration(target),
        verdict=judge(objective, speed),
    )


def _step(step: StepRecord, number: int, path: tuple[str, ...], clock: Clock, end: datetime) -> StepRow:
    over = ended(step, end)
    unfinished = step.finished_at is None and step.status not in {StepStatus.SUCCEEDED, StepStatus.SKIPPED}
    took = duration((over - aware(step.started_at)).total_seconds()) if over and step.started_at else ""
    return StepRow(
        number=number,
        name=line(step.name),
        action=line(step.action),
        needs=line(", ".join(step.needs), 1000),
        on_critical_path=step.name in path and len(path) > 1,
        critical=step.critical,
        status=step.status.value,
        status_words=status_words(step),
        start=clock.moment(step.started_at) if step.started_at else None,
        took=f"{took} so far" if took and unfinished else took,
        attempts=step.attempts,
        changed=step.changed,
        summary=clean(step.summary, 500),
        # The table's narrow column holds a beginning; the troubles tell the rest.
        error=clean(step.error, 300),
    )


def _approval(approval: Approval, clock: Clock) -> ApprovalRow:
    return ApprovalRow(
        who=line(approval.approver),
        decision="approved" if approval.decision == "approve" else "rejected",
        at=clock.moment(approval.decided_at),
        reason=clean(approval.reason),
    )


def _evidence(evidence: dict[str, object]) -> str:
    said = (
        f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)}"
        for key, value in evidence.items()
    )
    return clean("; ".join(said), 400)
