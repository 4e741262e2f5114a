"""The interpreter: one orchestration that carries out every plan.

It knows approvals, dependencies, retries, deadlines, operator decisions, pause, abort and undo; no plan repeats any
of it. Deterministic: time comes from the orchestration, everything else from activities, entities and events. A
run's history is its checkpoint, its custom status the live record, its output the final one.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from durabletask import task
from durabletask.entities import EntityInstanceId

from orchestrations.run_state import RunState, StepState, kept_record, live_status
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode, PlanKind
from shared.model.run import (
    Approval,
    Control,
    LogEntry,
    Objective,
    RunRecord,
    RunRequest,
    RunStatus,
    StepOrder,
    StepStatus,
)
from shared.model.signing import plan_digest
from shared.model.wire import Wire

type Waits = Generator[task.Task[Any], Any, Any]
type Purpose = Literal["attempt", "retry", "poll", "observe"]

STALE_REQUEST = timedelta(hours=1)
"""A start that was signed longer ago than this is a replay, not a request."""

LONGEST_WAIT = 3600.0
"""Seconds that an answer from Azure can make a step wait before it is looked at again."""

PAGE_RETRY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=15,
    backoff_coefficient=1.5,
    max_retry_interval=timedelta(minutes=5),
)

CHECK_RETRY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=1), max_number_of_attempts=4, backoff_coefficient=2
)


def run_plan(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Waits:
    """Carry out a signed `RunRequest`; returns the `RunRecord`. Both as plain JSON."""
    try:
        request = RunRequest.from_wire(payload)
    except ValueError:
        return _unreadable(ctx)
    return (yield from _Interpreter(ctx, payload, request).carry_out())


def _unreadable(ctx: task.OrchestrationContext) -> Wire:
    """The record of a start that this app certainly did not write."""
    now = ctx.current_utc_datetime.replace(tzinfo=UTC)
    front = ctx.instance_id.split("-")[0]
    return RunRecord(
        run_id=ctx.instance_id,
        plan="unknown",
        kind=PlanKind(front) if front in set(PlanKind) else PlanKind.OPERATION,
        mode=Mode.DRILL,
        status=RunStatus.REJECTED,
        status_reason="the start is nothing that this app wrote: nothing was done",
        requested_by="unknown",
        reason="",
        started_at=now,
        finished_at=now,
        rto=Objective(basis="request", started_at=now),
    ).to_wire()


@dataclass
class _Work:
    """Something that a step waits for."""

    state: StepState
    purpose: Purpose
    task: task.Task[Any]


@dataclass
class _Interpreter:
    ctx: task.OrchestrationContext
    payload: Wire
    request: RunRequest
    work: list[_Work] = field(default_factory=list[_Work])
    decisions: dict[str, task.CancellableTask[Any]] = field(
        default_factory=dict[str, task.CancellableTask[Any]]
    )
    page_again: dict[str, task.TimerTask] = field(default_factory=dict[str, task.TimerTask])

    def __post_init__(self) -> None:
        self.digest = plan_digest(self.request.plan)
        self.run = RunState(self.request, started_at=self.now)
        limits = self.request.limits
        self.poll_seconds = limits.poll_seconds
        self.page_after = timedelta(seconds=limits.page_again_seconds)
        self.step_deadline = timedelta(seconds=limits.step_deadline_seconds)
        self.control: task.CancellableTask[Any] | None = None
        self.approval: task.CancellableTask[Any] | None = None
        self.hold: task.TimerTask | None = None
        self.held_since: datetime | None = None
        self.told_to_undo = False
        self.seen: set[str] = set()
        self.shown: object = None

    @property
    def now(self) -> datetime:
        return self.ctx.current_utc_datetime.replace(tzinfo=UTC)

    # --- the run, from beginning to end

    def carry_out(self) -> Waits:
        refusal = yield from self._refused()
        if refusal:
            return self._finish(RunStatus.REJECTED, refusal)
        claimed: list[str] = []
        try:
            status, reason = yield from self._claim_and_run(claimed)
        except task.TaskFailedError as error:
            # An activity or entity of our own gave up for good; what has been done is still told.
            status, reason = RunStatus.FAILED, f"stopped: {_message(error)}"
        yield from self._release(claimed)
        if self.run.held_by:
            return self._finish(status, reason)
        yield from self._publish(self._finish(status, reason))
        return self._finish(status, reason)

    def _refused(self) -> Waits:
        """Empty when this app signed the start, lately, for this very instance, and it has not begun before."""
        verdict = yield from self._until(
            self._patiently("check_request", {"instance_id": self.ctx.instance_id, "request": self.payload})
        )
        if verdict["refused"]:
            return verdict["refused"]
        if self.now - self.request.requested_at > STALE_REQUEST:
            return "the request is older than an hour: start it again"
        starts = EntityInstanceId("run_starts", self.request.plan.name)
        begun = {"run_id": self.request.run_id, "at": self.now.timestamp()}
        first = yield from self._until(self.ctx.call_entity(starts, "begin", begun))
        return "" if first else "this start has been used before: start the plan again"

    def _claim_and_run(self, claimed: list[str]) -> Waits:
        winner = yield from self._claim(claimed)
        if winner:
            self.run.held_by = winner
            return RunStatus.REJECTED, f"{winner} already works on the same services"
        refusal = yield from self._approval_gate()
        if refusal:
            return RunStatus.REJECTED, refusal
        yield from self._steps()
        return self.run.verdict()

    def _finish(self, status: RunStatus, reason: str) -> Wire:
        self.run.status, self.run.status_reason = status, reason
        self.run.finished_at = self.run.finished_at or self.now
        self._show()
        return kept_record(self.run.record(self.now, live=False))

    def _publish(self, record: Wire) -> Waits:
        """Keep the record outside Durable too, when the run did or found anything."""
        touched = any(state.changed or state.error or state.findings for state in self.run.steps)
        if self.request.plan.approval.required or touched or self.run.status is not RunStatus.SUCCEEDED:
            try:
                yield from self._until(self._patiently("publish_record", record))
            except task.TaskFailedError as error:
                # The run is over all the same, and Durable still has its record.
                self._say(f"the record could not be kept in blob storage: {_message(error)}")

    def _patiently(self, activity: str, payload: Wire) -> task.Task[Any]:
        return self.ctx.call_activity(activity, input=payload, retry_policy=PAGE_RETRY)

    def _until(self, waited: task.Task[Any]) -> Waits:
        """Wait; every wait shows the live timeline, because a turn that sets no status wipes it out."""
        self._show()
        return (yield waited)

    def _show(self) -> None:
        """The live timeline, written when something in it has changed.

        Replays write it too: a turn that only replays would otherwise end without one, and blank it.
        """
        visible = self.run.visible()
        if visible == self.shown:
            return
        self.shown = visible
        self.ctx.set_custom_status(live_status(self.run.record(self.now, live=True)))

    def _say(self, what: str, who: str = "") -> None:
        self.run.log.append(LogEntry(at=self.now, what=what, who=who))

    # --- claims: one run at a time for a service

    def _claim(self, claimed: list[str]) -> Waits:
        for service in sorted(self.request.plan.services):
            entity = EntityInstanceId("service_claim", service)
            mine: Wire = {"run_id": self.request.run_id}
            holder = yield from self._until(self.ctx.call_entity(entity, "claim", mine))
            if holder != self.request.run_id:
                asked = self.ctx.call_activity("run_is_over", input=holder, retry_policy=CHECK_RETRY)
                over = yield from self._until(asked)
                if over:
                    instead = {**mine, "instead_of": holder}
                    holder = yield from self._until(self.ctx.call_entity(entity, "claim", instead))
            if holder != self.request.run_id:
                return holder
            claimed.append(service)
        return ""

    def _release(self, claimed: list[str]) -> Waits:
        for service in reversed(claimed):
            entity = EntityInstanceId("service_claim", service)
            yield from self._until(self.ctx.call_entity(entity, "release", {"run_id": self.request.run_id}))

    # --- approvals

    def _approval_gate(self) -> Waits:
        """Empty when enough people agreed, else why the run ends."""
        policy = self.request.plan.approval
        if policy.required == 0:
            return ""
        self.run.status = RunStatus.WAITING_FOR_APPROVAL
        expiry = self.ctx.create_timer(policy.expires_after)
        event = self.ctx.wait_for_external_event("approval")
        control = self.ctx.wait_for_external_event("control")
        asked: task.Task[Any] | None = self._patiently("ask_approvers", self._request_payload())
        try:
            while True:
                yield from self._until(task.when_any([event, expiry, control, *([asked] if asked else [])]))
                if asked is not None and asked.is_complete:
                    if asked.is_failed:
                        self._say(
                            f"the approvers could not be told by mail: {_message(asked.get_exception())}"
                        )
                    asked = None
                if event.is_complete:
                    refusal = yield from self._take_approval(event.get_result())
                    if refusal is not None:
                        return refusal
                    event = self.ctx.wait_for_external_event("approval")
                elif control.is_complete:
                    steering = yield from self._checked_control(control.get_result())
                    if steering is not None and steering.verb == "abort":
                        return f"aborted by {steering.actor} before approval: {steering.reason}"
                    if steering is not None:
                        self._say(f"ignored {steering.verb}: nothing runs before approval", steering.actor)
                    control = self.ctx.wait_for_external_event("control")
                elif expiry.is_complete:
                    return f"no {policy.required} approvals within {policy.expires_after}"
        finally:
            for waiting in (event, control, expiry):
                if not waiting.is_complete:
                    waiting.cancel()

    def _take_approval(self, wire: Any) -> Waits:  # noqa: ANN401 - an event is anything until it is checked
        """None while more are needed, empty when there are enough, else why the run ends."""
        verdict = yield from self._checked(
            "check_approval", {"request": self._request_payload(), "approval": wire}
        )
        if verdict["refused"]:
            self._say(f"ignored an approval: {verdict['refused']}")
            return None
        approval = Approval.from_wire(verdict["approval"])
        if any(earlier.approver_id == approval.approver_id for earlier in self.run.approvals):
            self._say("ignored a second decision of the same person", approval.approver)
            return None
        self.run.approvals.append(approval)
        if approval.decision == "reject":
            return f"rejected by {approval.approver}: {approval.reason}"
        enough = (
            sum(a.decision == "approve" for a in self.run.approvals) >= self.request.plan.approval.required
        )
        return "" if enough else None

    def _checked(self, activity: str, event: Wire) -> Waits:
        """What a check says of an event; one that cannot be checked counts for nothing, and ends no run."""
        try:
            return (
                yield from self._until(
                    self.ctx.call_activity(activity, input=event, retry_policy=CHECK_RETRY)
                )
            )
        except task.TaskFailedError as error:
            return {"refused": f"it could not be checked, decide again ({_message(error)})"}

    def _request_payload(self) -> Wire:
        return {key: value for key, value in self.payload.items() if key != "step_signatures"}

    # --- steps

    def _steps(self) -> Waits:
        self.control = self.ctx.wait_for_external_event("control")
        self.approval = self.ctx.wait_for_external_event("approval")
        while True:
            yield from self._start_ready()
            self._settle_status()
            if not self.work and not self.decisions and not self.run.unstarted():
                return
            yield from self._until(task.when_any(self._waits()))
            yield from self._take_control()
            yield from self._take_decisions()
            self._take_late_approval()
            if self.hold is not None and self.hold.is_complete:
                self.hold = None
            for work in [found for found in self.work if found.task.is_complete]:
                self.work.remove(work)
                self._advance(work)

    def _waits(self) -> list[task.Task[Any]]:
        assert self.control is not None
        assert self.approval is not None
        return [
            self.control,
            self.approval,
            *(work.task for work in self.work),
            *self.decisions.values(),
            *self.page_again.values(),
            *([self.hold] if self.hold else []),
        ]

    def _settle_status(self) -> None:
        if self.run.waiting():
            self.run.status = RunStatus.WAITING_FOR_OPERATOR
        elif self.run.paused:
            self.run.status = RunStatus.PAUSED
        else:
            self.run.status = RunStatus.RUNNING

    def _take_late_approval(self) -> None:
        assert self.approval is not None
        if self.approval.is_complete:
            self._say("ignored an approval: the run no longer waits for one")
            self.approval = self.ctx.wait_for_external_event("approval")

    def _start_ready(self) -> Waits:
        ready = self.run.ready()
        held = yield from self._held(ready)
        for state in ready:
            if held and self._bound_by_switch(state):
                continue
            state.status, state.started_at = StepStatus.RUNNING, state.started_at or self.now
            state.paused_for = self.run.paused_until(self.now)
            if state.undoes is not None:
                state.undone_from, state.undoes.status = state.undoes.status, StepStatus.UNDOING
            self._attempt(state)

    def _bound_by_switch(self, state: StepState) -> bool:
        """What nobody asked for waits while automation is off; an undo that a person asked for does not."""
        asked = state.undoes is not None and self.told_to_undo
        return self.request.by_system and state.step.changes and not asked

    def _held(self, ready: list[StepState]) -> Waits:
        """Whether the kill switch holds changing steps now; it is looked at again ever more slowly."""
        if not any(self._bound_by_switch(state) for state in ready):
            return False
        if self.hold is not None:
            return True
        entity = EntityInstanceId("automation", "switch")
        switch = yield from self._until(self.ctx.call_entity(entity, "read"))
        if switch["enabled"]:
            if self.run.held:
                self._say(f"goes on: automation is on ({switch['reason']})", switch["by"])
            self.run.held, self.held_since = False, None
            return False
        if not self.run.held:
            self._say(f"held: automation is off ({switch['reason']})", switch["by"])
        self.run.held, self.held_since = True, self.held_since or self.now
        waited = (self.now - self.held_since).total_seconds()
        self.hold = self.ctx.create_timer(timedelta(seconds=max(self.poll_seconds, waited * 0.02)))
        return True

    def _attempt(self, state: StepState) -> None:
        state.tries += 1
        self._call(state, "observe" if state.step.two_phase and state.before is None else "attempt")

    def _call(self, state: StepState, purpose: Purpose) -> None:
        order = StepOrder(
            run_id=self.request.run_id,
            plan_digest=self.digest,
            mode=self.request.mode,
            name=state.name,
            action=state.step.action,
            params=state.step.params,
            signature=self.request.step_signatures.get(state.name, ""),
        )
        payload: Wire = {"order": order.to_wire(), "phase": purpose, "progress": state.progress}
        if state.before is not None:
            payload["before"] = state.before
        if state.step.wants_record:
            payload["record"] = kept_record(self.run.record(self.now, live=False))
        self.work.append(_Work(state, purpose, self.ctx.call_activity(state.step.action, input=payload)))

    def _wait(self, state: StepState, purpose: Purpose, seconds: float) -> None:
        timer = self.ctx.create_timer(timedelta(seconds=max(seconds, 0.0)))
        self.work.append(_Work(state, purpose, timer))

    def _advance(self, work: _Work) -> None:
        """One step goes one transition further."""
        state = work.state
        match work.purpose:
            case "retry":
                self._attempt(state)
            case "poll":
                self._call(state, "attempt")
            case "attempt" | "observe":
                if work.task.is_failed:
                    self._failed(state, {"message": _message(work.task.get_exception()), "retryable": False})
                else:
                    self._answered(state, work.task.get_result())

    def _answered(self, state: StepState, answer: Wire) -> None:
        if "failure" in answer:
            self._failed(state, answer["failure"])
        elif "observed" in answer:
            state.before = answer["observed"]
            self._call(state, "attempt")
        elif "pending" in answer:
            pending = Pending.from_wire(answer["pending"])
            state.summary, state.progress, state.strikes = pending.summary, pending.progress, 0
            state.error = ""
            if state.overdue(self.now, self.run.paused_until(self.now), self.step_deadline):
                self._failed(
                    state, {"message": f"not done by its deadline: {pending.summary}", "retryable": False}
                )
            else:
                self._wait(state, "poll", self._poll_delay(state, pending))
        else:
            outcome = Outcome.from_wire(answer["outcome"])
            state.summary, state.error, state.changed = outcome.summary, "", outcome.changed
            state.findings = outcome.findings
            self._over(state, StepStatus.SUCCEEDED)

    def _poll_delay(self, state: StepState, pending: Pending) -> float:
        """What Azure asked for, else two per cent of the time it has taken: long operations cost few polls.

        Never past the deadline, and never so short that polling fills the history.
        """
        elapsed = (self.now - state.started_at).total_seconds() if state.started_at else 0.0
        wanted = min(max(self.poll_seconds, elapsed * 0.02), self.poll_seconds * 12)
        if pending.retry_after is not None:
            wanted = min(pending.retry_after, LONGEST_WAIT)
        left = state.time_left(self.now, self.run.paused_until(self.now), self.step_deadline)
        return max(min(wanted, left), self.poll_seconds)

    def _over(self, state: StepState, status: StepStatus) -> None:
        state.status, state.finished_at = status, self.now
        if state.undoes is not None and state.undoes.status is StepStatus.UNDOING:
            undone = status is StepStatus.SUCCEEDED
            state.undoes.status = StepStatus.UNDONE if undone else state.undone_from
        if (
            status is StepStatus.SUCCEEDED
            and self.request.plan.mode == "first_success"
            and state.undoes is None
        ):
            for other in self.run.steps:
                if other.status is StepStatus.PENDING:
                    other.status, other.summary = StepStatus.SKIPPED, f"not needed: {state.name} helped"

    def _failed(self, state: StepState, failure: Wire) -> None:
        """Try again while that may help; then a critical step asks the operator, in a drill the run gives up."""
        state.error = failure["message"]
        state.strikes += 1
        overdue = state.overdue(self.now, self.run.paused_until(self.now), self.step_deadline)
        giving_up = self.run.aborting and state.undoes is None
        if (
            failure["retryable"]
            and state.strikes < state.step.retry.attempts
            and not overdue
            and not giving_up
        ):
            asked = min(failure.get("retry_after") or 0.0, LONGEST_WAIT)
            self._wait(state, "retry", max(asked, state.step.retry.wait_before(state.strikes + 1)))
            return
        unknown = bool(failure.get("unknown"))
        gentle = not state.step.critical or self.request.plan.mode == "first_success"
        if giving_up or (gentle and state.undoes is None):
            self._over(state, StepStatus.UNKNOWN if unknown else StepStatus.FAILED)
        elif self.run.drill and state.undoes is None and self.request.plan.kind is not PlanKind.MAINTENANCE:
            self._over(state, StepStatus.UNKNOWN if unknown else StepStatus.FAILED)
            self._say(f"{state.name} failed, the drill goes back: {state.error}")
            self.run.status_reason = f"{state.name} failed: {state.error}"
            self._abort(undo=True)
        else:
            self._ask_operator(state, unknown=unknown)

    # --- operators

    def _ask_operator(self, state: StepState, *, unknown: bool) -> None:
        state.failures += 1
        state.status = StepStatus.WAITING_FOR_OPERATOR
        state.finished_at = None
        if unknown:
            state.summary = "whether it took effect cannot be proved: look, then decide"
        self._say(f"{state.name} is waiting for an operator: {state.error}")
        self.decisions[state.name] = self.ctx.wait_for_external_event(
            f"decision-{state.name}-{state.failures}"
        )
        self._page(state, 1)

    def _page(self, state: StepState, number: int) -> None:
        self._patiently(
            "page_on_call",
            {
                "run_id": self.request.run_id,
                "plan": self.request.plan.name,
                "step": state.name,
                "failure": state.failures,
                "number": number,
                "error": state.error,
            },
        )
        self.page_again[state.name] = self.ctx.create_timer(self.page_after)
        state.pages = number

    def _take_decisions(self) -> Waits:
        for state in self.run.waiting():
            decision, again = self.decisions.get(state.name), self.page_again.get(state.name)
            if decision is not None and decision.is_complete:
                control = yield from self._checked_control(decision.get_result())
                if control is not None and (control.step, control.failure_number) == (
                    state.name,
                    state.failures,
                ):
                    self._forget(state)
                    self._decide(state, control)
                    continue
                if control is not None:
                    self._say(f"ignored a decision for {control.step}: {state.name} is what waits")
                event = f"decision-{state.name}-{state.failures}"
                self.decisions[state.name] = self.ctx.wait_for_external_event(event)
            if again is not None and again.is_complete:
                self._page(state, state.pages + 1)

    def _forget(self, state: StepState) -> None:
        self.decisions.pop(state.name, None)
        again = self.page_again.pop(state.name, None)
        if again is not None and not again.is_complete:
            again.cancel()

    def _decide(self, state: StepState, control: Control) -> None:
        self._say(f"{control.verb} {state.name}: {control.reason}", control.actor)
        match control.verb:
            case "retry":
                state.strikes, state.progress, state.before = 0, {}, None
                state.status, state.started_at = StepStatus.PENDING, None
                if state.undoes is not None:
                    state.undoes.status = state.undone_from
            case "skip":
                state.error = f"skipped by {control.actor}: {control.reason} (it had failed: {state.error})"
                self._over(state, StepStatus.SKIPPED)
            case _:
                self._over(state, StepStatus.FAILED)
                self._abort_for(control)

    def _abort_for(self, control: Control) -> None:
        self.run.status_reason = f"aborted by {control.actor}: {control.reason}"
        self.told_to_undo = self.told_to_undo or control.undo
        self._abort(undo=control.undo)

    def _abort(self, *, undo: bool) -> None:
        for state in self.run.waiting():
            self._forget(state)
            self._over(state, StepStatus.FAILED)
        for work in [found for found in self.work if found.purpose == "retry" and not found.state.undoes]:
            self.work.remove(work)
            if isinstance(work.task, task.TimerTask):
                work.task.cancel()
            self._over(work.state, StepStatus.FAILED)
        self.run.begin_abort(undo=undo)
        self._unpause()

    def _unpause(self) -> None:
        if self.run.paused_since is not None:
            self.run.paused_total += self.now - self.run.paused_since
        self.run.paused, self.run.paused_since = False, None

    def _take_control(self) -> Waits:
        assert self.control is not None
        while self.control.is_complete:
            control = yield from self._checked_control(self.control.get_result())
            self.control = self.ctx.wait_for_external_event("control")
            if control is None:
                continue
            if control.step is not None:
                self._say(f"ignored a decision for {control.step}: it was sent as a control of the run")
                continue
            self._say(f"{control.verb}: {control.reason}", control.actor)
            match control.verb:
                case "pause" if not self.run.paused:
                    self.run.paused, self.run.paused_since = True, self.now
                case "resume":
                    self._unpause()
                case "abort" if not self.run.aborting or (control.undo and not self.run.undo_asked):
                    self._abort_for(control)
                case _:
                    pass

    def _checked_control(self, wire: Any) -> Waits:  # noqa: ANN401 - an event is anything until it is checked
        verdict = yield from self._checked("check_control", {"run_id": self.request.run_id, "control": wire})
        if verdict["refused"]:
            self._say(f"ignored a decision: {verdict['refused']}")
            return None
        control = Control.from_wire(verdict["control"])
        if control.signature in self.seen:
            self._say("ignored a decision: it had been taken before")
            return None
        self.seen.add(control.signature)
        return control


def _message(error: Exception) -> str:
    text = str(getattr(error, "message", "") or error)
    return text[:1000] or type(error).__name__
