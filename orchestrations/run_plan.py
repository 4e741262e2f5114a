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

from orchestrations.run_state import RunState, StepState
from shared.model.outcome import Outcome, Pending
from shared.model.plan import PlanKind
from shared.model.run import Approval, Control, LogEntry, RunRequest, RunStatus, StepOrder, StepStatus
from shared.model.wire import Wire

type Waits = Generator[task.Task[Any], Any, Any]
type Purpose = Literal["attempt", "retry", "poll", "observe", "hold"]

STALE_REQUEST = timedelta(hours=1)
"""A start that was signed longer ago than this is a replay, not a request."""

STATUS_LIMIT = 15_000
"""Bytes of custom status; the Durable Task Scheduler and the local engine stop at 16 KB."""

PAGE_RETRY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=2),
    max_number_of_attempts=10,
    backoff_coefficient=2,
    max_retry_interval=timedelta(minutes=5),
)


def run_plan(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Waits:
    """Carry out a signed `RunRequest`; returns the `RunRecord`. Both as plain JSON."""
    return (yield from _Interpreter(ctx, payload).carry_out())


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
    work: list[_Work] = field(default_factory=list[_Work])
    decisions: dict[str, task.CancellableTask[Any]] = field(
        default_factory=dict[str, task.CancellableTask[Any]]
    )
    page_again: dict[str, task.TimerTask] = field(default_factory=dict[str, task.TimerTask])

    def __post_init__(self) -> None:
        self.request = RunRequest.from_wire(self.payload)
        self.digest = self.request.plan.digest()
        self.run = RunState(self.request, started_at=self.now)
        limits = self.request.limits
        self.poll_seconds = limits.poll_seconds
        self.page_after = timedelta(seconds=limits.page_again_seconds)
        self.step_deadline = timedelta(seconds=limits.step_deadline_seconds)
        self.control: task.CancellableTask[Any] | None = None

    @property
    def now(self) -> datetime:
        return self.ctx.current_utc_datetime.replace(tzinfo=UTC)

    # --- the run, from beginning to end

    def carry_out(self) -> Waits:
        if self.now - self.request.requested_at > STALE_REQUEST:
            return self._finish(RunStatus.REJECTED, "the request is older than an hour: start it again")
        claimed: list[str] = []
        winner = yield from self._claim(claimed)
        if winner:
            self.run.held_by = winner
            yield from self._release(claimed)
            return self._finish(RunStatus.REJECTED, f"{winner} already works on the same services")
        refusal = yield from self._approval_gate()
        if refusal:
            status, reason = RunStatus.REJECTED, refusal
        else:
            yield from self._steps()
            status, reason = self.run.verdict()
        yield from self._release(claimed)
        yield from self._publish(self._finish(status, reason))
        return self._finish(status, reason)

    def _finish(self, status: RunStatus, reason: str) -> Wire:
        self.run.status, self.run.status_reason = status, reason
        self.run.finished_at = self.run.finished_at or self.now
        self._show()
        return self.run.record(self.now, live=False).to_wire()

    def _publish(self, record: Wire) -> Waits:
        """Keep the record outside Durable too, when the run did or found anything."""
        touched = any(state.changed or state.error or state.findings for state in self.run.steps)
        if self.request.plan.approval.required or touched or self.run.status is not RunStatus.SUCCEEDED:
            try:
                yield self._patiently("publish_record", record)
            except task.TaskFailedError as error:
                # The run is over all the same, and Durable still has its record.
                self._say(f"the record could not be kept in blob storage: {_message(error)}")

    def _patiently(self, activity: str, payload: Wire) -> task.Task[Any]:
        return self.ctx.call_activity(activity, input=payload, retry_policy=PAGE_RETRY)

    def _show(self) -> None:
        """The live timeline. Replays would only repeat it, and on long runs at a price."""
        if self.ctx.is_replaying:
            return
        status = self.run.record(self.now, live=True).to_wire()
        while len(str(status)) > STATUS_LIMIT and (
            status["log"] or any(s["summary"] for s in status["steps"])
        ):
            status["log"] = status["log"][1:]
            if not status["log"]:
                for step in status["steps"]:
                    step["summary"] = step["error"] = ""
        self.ctx.set_custom_status(status)

    def _say(self, what: str, who: str = "") -> None:
        self.run.log.append(LogEntry(at=self.now, what=what, who=who))

    # --- claims: one run at a time for a service

    def _claim(self, claimed: list[str]) -> Waits:
        for service in sorted(self.request.plan.services):
            entity = EntityInstanceId("service_claim", service)
            holder = yield self.ctx.call_entity(entity, "claim", {"run_id": self.request.run_id})
            if holder != self.request.run_id:
                over = yield self.ctx.call_activity("run_is_over", input=holder)
                if over:
                    holder = yield self.ctx.call_entity(
                        entity, "claim", {"run_id": self.request.run_id, "instead_of": holder}
                    )
            if holder != self.request.run_id:
                return holder
            claimed.append(service)
        return ""

    def _release(self, claimed: list[str]) -> Waits:
        for service in reversed(claimed):
            yield self.ctx.call_entity(
                EntityInstanceId("service_claim", service), "release", {"run_id": self.request.run_id}
            )

    # --- approvals

    def _approval_gate(self) -> Waits:
        """Empty when enough people agreed, else why the run ends."""
        policy = self.request.plan.approval
        if policy.required == 0:
            return ""
        self.run.status = RunStatus.WAITING_FOR_APPROVAL
        self._show()
        expiry = self.ctx.create_timer(policy.expires_after)
        event = self.ctx.wait_for_external_event("approval")
        control = self.ctx.wait_for_external_event("control")
        asked = self._patiently("ask_approvers", self._request_payload())
        try:
            while True:
                yield task.when_any([event, expiry, control, *([] if asked.is_complete else [asked])])
                if asked.is_complete and not asked.is_failed and asked.get_result() is False:
                    return "the request is not signed by this app"
                if event.is_complete:
                    refusal = yield from self._take_approval(event.get_result())
                    if refusal is not None:
                        return refusal
                    event = self.ctx.wait_for_external_event("approval")
                elif control.is_complete:
                    abort = yield from self._checked_control(control.get_result())
                    if abort is not None and abort.verb == "abort":
                        return f"aborted by {abort.actor} before approval: {abort.reason}"
                    control = self.ctx.wait_for_external_event("control")
                elif expiry.is_complete:
                    return f"no {policy.required} approvals within {policy.expires_after}"
                self._show()
        finally:
            for waiting in (event, control, expiry):
                if not waiting.is_complete:
                    waiting.cancel()

    def _take_approval(self, wire: Any) -> Waits:  # noqa: ANN401 - an event is anything until it is checked
        """None while more are needed, empty when there are enough, else why the run ends."""
        verdict = yield self.ctx.call_activity(
            "check_approval", input={"request": self._request_payload(), "approval": wire}
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

    def _request_payload(self) -> Wire:
        return {key: value for key, value in self.payload.items() if key != "step_signatures"}

    # --- steps

    def _steps(self) -> Waits:
        self.run.status = RunStatus.RUNNING
        self.control = self.ctx.wait_for_external_event("control")
        while True:
            yield from self._start_ready()
            self._settle_status()
            self._show()
            waits = self._waits()
            if not self.work and not self.decisions and not self.run.paused:
                break
            yield task.when_any(waits)
            yield from self._take_control()
            yield from self._take_decisions()
            for work in [found for found in self.work if found.task.is_complete]:
                self.work.remove(work)
                self._advance(work)
        if not self.control.is_complete:
            self.control.cancel()

    def _waits(self) -> list[task.Task[Any]]:
        assert self.control is not None
        return [
            self.control,
            *(work.task for work in self.work),
            *self.decisions.values(),
            *self.page_again.values(),
        ]

    def _settle_status(self) -> None:
        if self.run.waiting():
            self.run.status = RunStatus.WAITING_FOR_OPERATOR
        elif self.run.paused:
            self.run.status = RunStatus.PAUSED
        else:
            self.run.status = RunStatus.RUNNING

    def _start_ready(self) -> Waits:
        for state in self.run.ready():
            if any(work.state is state for work in self.work):
                continue
            if state.step.changes and self.request.by_system:
                switch = yield self.ctx.call_entity(EntityInstanceId("automation", "switch"), "read")
                if not switch["enabled"]:
                    if not self.run.held:
                        self._say(f"held: automation is off ({switch['reason']})", switch["by"])
                    self.run.held = True
                    self._wait(state, "hold", self.poll_seconds)
                    continue
                self.run.held = False
            state.status, state.started_at = StepStatus.RUNNING, state.started_at or self.now
            state.paused_for = self.run.paused_until(self.now)
            if state.undoes is not None:
                state.undoes.status = StepStatus.UNDOING
            self._attempt(state)

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
            payload["record"] = self.run.record(self.now, live=False).to_wire()
        self.work.append(_Work(state, purpose, self.ctx.call_activity(state.step.action, input=payload)))

    def _wait(self, state: StepState, purpose: Purpose, seconds: float) -> None:
        timer = self.ctx.create_timer(timedelta(seconds=max(seconds, 0.0)))
        self.work.append(_Work(state, purpose, timer))

    def _advance(self, work: _Work) -> None:
        """One step goes one transition further."""
        state = work.state
        match work.purpose:
            case "hold":
                return
            case "retry" if self.run.aborting and state.undoes is None:
                self._over(state, StepStatus.FAILED)
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
        """What Azure asked for, else two per cent of the time it has taken: long operations cost few polls."""
        if pending.retry_after is not None:
            return pending.retry_after
        elapsed = (self.now - state.started_at).total_seconds() if state.started_at else 0.0
        return min(max(self.poll_seconds, elapsed * 0.02), self.poll_seconds * 12)

    def _over(self, state: StepState, status: StepStatus) -> None:
        state.status, state.finished_at = status, self.now
        if state.undoes is not None and status is StepStatus.SUCCEEDED:
            state.undoes.status = StepStatus.UNDONE
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
        if failure.get("unsigned"):
            self._over(state, StepStatus.FAILED)
            self.run.unsigned = True
            self._abort(undo=False)
            return
        overdue = state.overdue(self.now, self.run.paused_until(self.now), self.step_deadline)
        giving_up = self.run.aborting and state.undoes is None
        if (
            failure["retryable"]
            and state.strikes < state.step.retry.attempts
            and not overdue
            and not giving_up
        ):
            asked: float | None = failure.get("retry_after")
            delay = state.step.retry.wait_before(state.strikes + 1)
            self._wait(state, "retry", max(asked, delay) if asked is not None else delay)
            return
        unknown = bool(failure.get("unknown"))
        gentle = not state.step.critical or self.request.plan.mode == "first_success"
        if giving_up or (gentle and state.undoes is None):
            self._over(state, StepStatus.UNKNOWN if unknown else StepStatus.FAILED)
        elif self.run.drill and state.undoes is None and self.request.plan.kind is not PlanKind.MAINTENANCE:
            self._over(state, StepStatus.FAILED)
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
        state.progress = {**state.progress, "pages": number}

    def _take_decisions(self) -> Waits:
        for state in list(self.run.waiting()):
            again = self.page_again.get(state.name)
            if again is not None and again.is_complete:
                self._page(state, int(state.progress.get("pages", 1)) + 1)
            decision = self.decisions.get(state.name)
            if decision is None or not decision.is_complete:
                continue
            event = f"decision-{state.name}-{state.failures}"
            control = yield from self._checked_control(decision.get_result())
            if control is None or control.step != state.name or control.failure_number != state.failures:
                if control is not None:
                    self._say(f"ignored a decision for {control.step}: {state.name} is what waits")
                self.decisions[state.name] = self.ctx.wait_for_external_event(event)
                continue
            self._forget(state)
            self._decide(state, control)

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
            case "skip":
                state.error = f"skipped by {control.actor}: {control.reason} (it had failed: {state.error})"
                self._over(state, StepStatus.SKIPPED)
            case _:
                self._over(state, StepStatus.FAILED)
                self.run.status_reason = f"aborted by {control.actor}: {control.reason}"
                self._abort(undo=control.undo)

    def _abort(self, *, undo: bool) -> None:
        for state in self.run.waiting():
            self._forget(state)
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
            self._say(f"{control.verb}: {control.reason}", control.actor)
            match control.verb:
                case "pause" if not self.run.paused:
                    self.run.paused, self.run.paused_since = True, self.now
                case "resume":
                    self._unpause()
                case "abort" if not self.run.aborting or (control.undo and not self.run.undo_asked):
                    self.run.status_reason = f"aborted by {control.actor}: {control.reason}"
                    self._abort(undo=control.undo)
                case _:
                    pass

    def _checked_control(self, wire: Any) -> Waits:  # noqa: ANN401 - an event is anything until it is checked
        verdict = yield self.ctx.call_activity(
            "check_control", input={"run_id": self.request.run_id, "control": wire}
        )
        if verdict["refused"]:
            self._say(f"ignored a decision: {verdict['refused']}")
            return None
        return Control.from_wire(verdict["control"])


def _message(error: Exception) -> str:
    text = str(getattr(error, "message", "") or error)
    return text[:1000] or type(error).__name__
