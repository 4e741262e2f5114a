"""Where a run stands: pure state that the interpreter moves and the record is made from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.model.plan import Mode, Step
from shared.model.run import (
    Approval,
    Control,
    LogEntry,
    Objective,
    Review,
    RunRequest,
    RunStatus,
    ServiceObjective,
    StepStatus,
)
from shared.model.wire import Wire

SATISFIED = frozenset({StepStatus.SUCCEEDED, StepStatus.SKIPPED, StepStatus.FAILED, StepStatus.UNKNOWN})

UNJOURNALED_LIMIT = 600_000
"""Bytes of journal lines that a run carries itself."""


@dataclass
class StepState:
    """One step while it is carried out. `tries` counts attempts, `strikes` failures in a row."""

    name: str
    step: Step
    undoes: "StepState | None" = None
    undone_from: StepStatus = StepStatus.SUCCEEDED
    status: StepStatus = StepStatus.PENDING
    tries: int = 0
    strikes: int = 0
    failures: int = 0
    pages: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    summary: str = ""
    error: str = ""
    changed: bool = False
    # The guardrails count it.
    admitted: bool = False
    progress: dict[str, Any] = field(default_factory=dict[str, Any])
    before: dict[str, Any] | None = None
    findings: list[Wire] = field(default_factory=list[Wire])
    rpo: list[Wire] = field(default_factory=list[Wire])
    # What it has measured: see `Outcome.served_at`.
    served_at: datetime | None = None
    paused_for: timedelta = timedelta(0)

    @property
    def uneventful(self) -> bool:
        """Whether a look found nothing to do, or has not ended yet."""
        quiet = not (self.changed or self.error or self.findings) and self.status is not StepStatus.RUNNING
        looking = self.before is None and not self.error
        return self.step.looks_first and (quiet or looking)

    def overdue(self, now: datetime, paused: timedelta, default: timedelta) -> bool:
        """Whether the deadline has passed; time in which the run was paused does not count."""
        return self.time_left(now, paused, default) < 0

    def time_left(self, now: datetime, paused: timedelta, default: timedelta) -> float:
        """Seconds until the deadline, below zero when it has passed."""
        allowed = self.step.deadline or default
        taken = now - self.started_at - (paused - self.paused_for) if self.started_at else timedelta(0)
        return (allowed - taken).total_seconds()


@dataclass
class Unjournaled:
    """Lines of the journal that could not be kept in storage, and so travelled in answers of activities."""

    lines: list[Wire] = field(default_factory=list[Wire])
    dropped: int = 0
    size: int = 0

    def add(self, answer: object) -> None:
        """Take what an activity's answer carries, as far as a message can hold it."""
        carried: Wire = (answer.get("unjournaled") if isinstance(answer, dict) else None) or {}
        self.dropped += carried.get("dropped", 0)
        for line in carried.get("lines", []):
            size = len(json.dumps(line))
            if self.size + size > UNJOURNALED_LIMIT:
                self.dropped += 1
            else:
                self.lines.append(line)
                self.size += size

    def within(self, room: int) -> "Unjournaled":
        """As much of it as so many bytes hold; looks go before what may have changed something."""
        found = Unjournaled(dropped=self.dropped)
        for line in sorted(self.lines, key=lambda line: not line.get("changes", True)):
            size = len(json.dumps(line))
            if found.size + size > room:
                found.dropped += 1
            else:
                found.lines.append(line)
                found.size += size
        return found


@dataclass
class RunState:
    """The whole run while it is carried out."""

    request: RunRequest
    started_at: datetime
    status: RunStatus = RunStatus.RUNNING
    status_reason: str = ""
    steps: list[StepState] = field(default_factory=list[StepState])
    approvals: list[Approval] = field(default_factory=list[Approval])
    controls: list[Control] = field(default_factory=list[Control])
    unjournaled: Unjournaled = field(default_factory=Unjournaled)
    log: list[LogEntry] = field(default_factory=list[LogEntry])
    paused: bool = False
    paused_since: datetime | None = None
    paused_total: timedelta = timedelta(0)
    held: bool = False
    held_by: str = ""
    review: Review | None = None
    duties: set[str] = field(default_factory=set[str])
    given_up: str = ""
    aborting: bool = False
    undo_asked: bool = False
    finished_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.steps:
            self.steps = [StepState(step.name, step) for step in self.request.plan.steps]
        if self.request.plan.approval.required:
            self.status = RunStatus.WAITING_FOR_APPROVAL

    def ready(self) -> list[StepState]:
        """Steps whose needs are met and that may start now."""
        if self.paused or (self.aborting and not self.undo_asked):
            return []
        by_name = {state.name: state for state in self.steps}
        ready = [
            state
            for state in self.steps
            if state.status is StepStatus.PENDING
            and all(by_name[need].status in SATISFIED | {StepStatus.UNDONE} for need in state.step.needs)
        ]
        if self.request.plan.mode == "first_success":
            busy = any(state.status is StepStatus.RUNNING for state in self.steps)
            return [] if busy else ready[:1]
        return ready

    def waiting(self) -> list[StepState]:
        """Steps that wait for an operator's decision."""
        return [state for state in self.steps if state.status is StepStatus.WAITING_FOR_OPERATOR]

    def unstarted(self) -> bool:
        """Whether a step is still to come."""
        return any(state.status is StepStatus.PENDING for state in self.steps)

    def paused_until(self, now: datetime) -> timedelta:
        """For how long the run has been paused in all."""
        return self.paused_total + (now - self.paused_since if self.paused_since else timedelta(0))

    def begin_abort(self, *, undo: bool) -> None:
        """Nothing more starts; with `undo`, what has succeeded is undone in reverse once nothing runs any more."""
        self.aborting = True
        for state in self.steps:
            if state.status is StepStatus.PENDING:
                state.status = StepStatus.SKIPPED
                state.summary = "not started: the run was aborted"
        if undo and not self.undo_asked:
            self.undo_asked = True
            self.steps += list(self._undoing())

    def give_up(self, failed: StepState) -> None:
        """What waits for that step, however far behind, is not started."""
        self.given_up = self.given_up or f"{failed.name} failed: {failed.error}"
        lost = {failed.name}
        for state in self.steps:
            if state.status is StepStatus.PENDING and lost & set(state.step.needs):
                lost.add(state.name)
                state.status, state.summary = StepStatus.SKIPPED, f"not started: {failed.name} failed"

    def _undoing(self) -> Iterator[StepState]:
        """Undo steps, last finished first, each needing the one before it and everything that still runs."""
        changed = [state for state in self.steps if state.tries > 0 and state.step.undo is not None]
        changed.sort(
            key=lambda state: state.finished_at or datetime.max.replace(tzinfo=self.started_at.tzinfo)
        )
        needs = tuple(state.name for state in self.steps if state.status is StepStatus.RUNNING)
        for state in reversed(changed):
            undo = state.step.undo
            assert undo is not None
            name = f"undo_{state.name}"
            yield StepState(
                name, undo.model_copy(update={"name": name, "needs": needs, "critical": True}), undoes=state
            )
            needs = (name,)

    @property
    def clock_start(self) -> datetime:
        """When the recovery clock began: the outage, as far as anybody said, else the request."""
        return self.request.outage_started_at or self.request.requested_at

    def restored_at(self) -> datetime | None:
        """When service was back: once that is proved, and as early as a step has measured that it was so."""
        proved, seen = self.proved_at(), self.seen_at()
        return min(proved, seen) if proved and seen else proved

    def seen_at(self) -> datetime | None:
        """When those whom the recovery is for were served again, as far as steps have measured it."""
        return max((state.served_at for state in self.steps if state.served_at), default=None)

    def proved_at(self) -> datetime | None:
        """When the plan's proving step, else the last critical one, had succeeded; None while it has not."""
        if proof := self.request.plan.restored_by:
            return next(
                (
                    state.finished_at
                    for state in self.steps
                    if state.name == proof and state.status is StepStatus.SUCCEEDED
                ),
                None,
            )
        critical = [state for state in self.steps if state.step.critical and state.undoes is None]
        if not critical or any(state.status is not StepStatus.SUCCEEDED for state in critical):
            return None
        return max(state.finished_at for state in critical if state.finished_at)

    def objective(self) -> Objective:
        """Measured recovery time against the plan's target; waiting for approval counts."""
        target = self.request.plan.rto
        restored = self.restored_at()
        measured = (restored - self.clock_start).total_seconds() if restored else None
        return Objective(
            basis=self.request.rto_basis,
            ended_by="requests" if restored and restored == self.seen_at() else "validation",
            started_at=self.clock_start,
            target_seconds=target.total_seconds() if target else None,
            measured_seconds=measured,
            met=measured <= target.total_seconds() if target and measured is not None else None,
        )

    def service_objectives(self) -> Iterator[ServiceObjective]:
        """Per service: until the last of its steps had succeeded; targets are the steps' own deadlines.

        What users were served with was there: what a step does after that makes it no later.
        """
        served = self.seen_at()
        for service in self.request.plan.services:
            states = [
                state for state in self.steps if service in state.step.recovers and state.undoes is None
            ]
            if not states:
                continue
            done = all(state.status is StepStatus.SUCCEEDED for state in states)
            finished = max((state.finished_at for state in states if state.finished_at), default=None)
            if finished and served:
                finished = min(finished, served)
            measured = (finished - self.clock_start).total_seconds() if done and finished else None
            deadline = states[-1].step.deadline
            target = deadline.total_seconds() if deadline else None
            yield ServiceObjective(
                service=service,
                target_seconds=target,
                measured_seconds=measured,
                met=measured <= target if measured is not None and target is not None else None,
            )

    def service_rpo(self) -> list[ServiceObjective]:
        """How much of the newest data each service lost, as far as steps have measured it."""
        return [ServiceObjective.from_wire(found) for state in self.steps for found in state.rpo]

    def data_loss(self) -> Objective | None:
        """The measured data loss of the run: that of the service that lost most, against its target."""
        measured = [found for found in self.service_rpo() if found.measured_seconds is not None]
        if not measured:
            return None
        worst = max(measured, key=lambda found: (found.met is False, found.measured_seconds or 0.0))
        return Objective(
            basis=self.request.rto_basis,
            started_at=self.clock_start,
            target_seconds=worst.target_seconds,
            measured_seconds=worst.measured_seconds,
            met=worst.met,
        )

    def verdict(self) -> tuple[RunStatus, str]:
        """How a run ends that has nothing left to do."""
        if self.aborting:
            undone = [state for state in self.steps if state.undoes and state.status is StepStatus.SUCCEEDED]
            return RunStatus.ABORTED, self.status_reason or f"aborted, {len(undone)} steps undone"
        own = [state for state in self.steps if state.undoes is None]
        failed = [state.name for state in own if state.status in {StepStatus.FAILED, StepStatus.UNKNOWN}]
        succeeded = [state for state in own if state.status is StepStatus.SUCCEEDED]
        if self.given_up:
            return RunStatus.FAILED, self.given_up
        if failed and not succeeded:
            return RunStatus.FAILED, f"no step succeeded: {', '.join(failed)} failed"
        notes: list[str] = []
        if failed:
            notes.append(f"not critical, but failed: {', '.join(failed)}")
        if skipped := [state.name for state in own if state.status is StepStatus.SKIPPED]:
            notes.append(f"skipped: {', '.join(skipped)}")
        return RunStatus.SUCCEEDED, "; ".join(notes)

    @property
    def routine(self) -> bool:
        """Whether nothing but routine is done: such runs come every few minutes and are of interest to nobody.

        Nor are those that the clock started to look whether there is something to do, and found nothing.
        """
        by_clock = self.request.by_system
        return bool(self.steps) and all(
            state.step.routine or (by_clock and state.uneventful) for state in self.steps
        )

    @property
    def only_looked(self) -> bool:
        """Whether the clock started it to look, and it never came to do anything; what cannot be seen is no news."""
        looked = all(state.step.looks_first and state.before is None for state in self.steps)
        return self.request.by_system and bool(self.steps) and looked

    @property
    def drill(self) -> bool:
        """Whether the world is whole, so that the run may give up by itself."""
        return self.request.mode is Mode.DRILL
