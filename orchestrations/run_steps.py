"""Carries out a run's steps: side by side where their needs allow, with retries, polls, deadlines and decisions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from durabletask import task
from durabletask.entities import EntityInstanceId

from orchestrations.run_context import RunContext, Waits, message_of
from orchestrations.run_record import kept_record
from orchestrations.run_state import StepState
from shared.model.plan import PlanKind
from shared.model.run import Control, RunStatus, StepStatus
from shared.model.wire import Wire
from shared.planners.guardrails import Ask

type Purpose = Literal["attempt", "retry", "poll", "observe"]

GUARDRAILS = EntityInstanceId("guardrails", "automation")

LONGEST_WAIT = 3600.0
"""Seconds that an answer from Azure can make a step wait before it is looked at again."""


@dataclass
class Work:
    """Something that a step waits for."""

    state: StepState
    purpose: Purpose
    task: task.Task[Any]


class Steps:
    """The steps of one run in one turn."""

    def __init__(self, run: RunContext) -> None:
        self.run, self.state = run, run.state
        limits = run.request.limits
        self.poll_seconds = limits.poll_seconds
        self.retry_scale = limits.retry_scale
        self.page_after = timedelta(seconds=limits.page_again_seconds)
        self.step_deadline = timedelta(seconds=limits.step_deadline_seconds)
        self.work: list[Work] = []
        self.decisions: dict[str, task.CancellableTask[Any]] = {}
        self.page_again: dict[str, task.TimerTask] = {}
        self.control = run.ctx.wait_for_external_event("control")
        self.approval = run.ctx.wait_for_external_event("approval")
        self.hold: task.TimerTask | None = None
        self.held_since: datetime | None = None
        self.told_to_undo = False

    def carry_out(self) -> Waits:
        """Until nothing is left to do, or to decide."""
        while True:
            yield from self._start_ready()
            self._settle_status()
            if not self.work and not self.decisions and not self.state.unstarted():
                return
            yield from self.run.until(task.when_any(self._waits()))
            yield from self._take_control()
            yield from self._take_decisions()
            self._take_late_approval()
            if self.hold is not None and self.hold.is_complete:
                self.hold = None
            for work in [found for found in self.work if found.task.is_complete]:
                self.work.remove(work)
                self._advance(work)

    def _waits(self) -> list[task.Task[Any]]:
        return [
            self.control,
            self.approval,
            *(work.task for work in self.work),
            *self.decisions.values(),
            *self.page_again.values(),
            *([self.hold] if self.hold else []),
        ]

    def _settle_status(self) -> None:
        if self.state.waiting():
            self.state.status = RunStatus.WAITING_FOR_OPERATOR
        elif self.state.paused:
            self.state.status = RunStatus.PAUSED
        else:
            self.state.status = RunStatus.RUNNING

    def _take_late_approval(self) -> None:
        if self.approval.is_complete:
            self.run.say("ignored an approval: the run no longer waits for one")
            self.approval = self.run.ctx.wait_for_external_event("approval")

    def _start_ready(self) -> Waits:
        """Begin what can begin; where a step was refused that is what comes after it, and nothing else wakes us."""
        while (yield from self._start_those_ready()):
            pass

    def _start_those_ready(self) -> Waits:
        ready, refused = self.state.ready(), False
        held = yield from self._held(ready)
        for state in ready:
            if held and self._bound_by_switch(state):
                if state.step.looks_first:
                    self._let_be(state, "automation is off")
                continue
            if (yield from self._refused(state)):
                refused = True
                continue
            state.status, state.started_at = StepStatus.RUNNING, state.started_at or self.run.now
            state.paused_for = self.state.paused_until(self.run.now)
            if state.undoes is not None:
                state.undone_from, state.undoes.status = state.undoes.status, StepStatus.UNDOING
            self._attempt(state)
        return refused

    def _bound_by_switch(self, state: StepState) -> bool:
        """What nobody asked for waits while automation is off; an undo that a person asked for does not.

        Nor does routine, which changes nothing but traces of its own, and would pile up, nor a look.
        """
        asked = state.undoes is not None and self.told_to_undo
        looking = state.step.looks_first and state.before is None
        return (
            self.run.request.by_system and state.step.changes and not (asked or state.step.routine or looking)
        )

    def _held(self, ready: list[StepState]) -> Waits:
        """Whether the kill switch holds changing steps now; it is looked at again ever more slowly."""
        bound = [state for state in ready if self._bound_by_switch(state)]
        if not bound:
            return False
        if self.hold is not None:
            return True
        entity = EntityInstanceId("automation", "switch")
        switch = yield from self.run.until(self.run.ctx.call_entity(entity, "read"))
        if switch["enabled"]:
            if self.state.held:
                self.run.say(f"goes on: automation is on ({switch['reason']})", switch["by"])
            self.state.held, self.held_since = False, None
            return False
        if all(state.step.looks_first for state in bound):
            return True  # and nothing waits for it
        if not self.state.held:
            self.run.say(f"held: automation is off ({switch['reason']})", switch["by"])
        self.state.held, self.held_since = True, self.held_since or self.run.now
        waited = (self.run.now - self.held_since).total_seconds()
        self.hold = self.run.ctx.create_timer(timedelta(seconds=max(self.poll_seconds, waited * 0.02)))
        return True

    def _refused(self, state: StepState) -> Waits:
        """Whether the guardrails refuse a step that nobody asked for; it then counts as failed, and says why."""
        request, guard = self.run.request, self.run.request.limits.guard
        if not request.unasked or not self._bound_by_switch(state) or state.undoes is not None:
            return False
        touches = state.step.touches or tuple(f"service:{name}" for name in request.plan.services)
        ask = Ask(
            run_id=request.run_id,
            step=state.name,
            action=state.step.action,
            kind=request.plan.kind,
            touches=touches,
            at=self.run.now,
            cool_down_seconds=guard.cool_downs.get(state.step.action, guard.cool_down_seconds),
            changes_per_hour=guard.changes_per_hour,
            at_once=guard.at_once,
            blackouts=guard.blackouts,
        )
        refusal = yield from self.run.until(self.run.ctx.call_entity(GUARDRAILS, "admit", ask.to_wire()))
        if not refusal:
            state.admitted = True
            return False
        if state.step.looks_first:
            self._let_be(state, f"guardrails: {refusal}")
            return True
        state.started_at = state.started_at or self.run.now
        self.run.say(f"{state.name} was refused by the guardrails: {refusal}")
        self._failed(state, {"message": f"guardrails: {refusal}", "retryable": False})
        return True

    def _give_back(self, state: StepState) -> None:
        """A step that is over and has changed nothing uses up nothing of what automation may change."""
        lost = any(line.get("step") == state.name for line in self.state.unjournaled.lines)
        if state.status in {StepStatus.SUCCEEDED, StepStatus.FAILED} and not lost:
            unused = {"run_id": self.run.request.run_id, "step": state.name}
            self.run.ctx.signal_entity(GUARDRAILS, "give_back", unused)
            state.admitted = False

    def _let_be(self, state: StepState, why: str) -> None:
        """Nothing is lost: the clock comes again, and by then what was seen would be old."""
        state.summary = f"left as it is: {why}"
        self._over(state, StepStatus.SUCCEEDED)

    def _attempt(self, state: StepState) -> None:
        state.tries += 1
        self._call(state, "observe" if state.step.two_phase and state.before is None else "attempt")

    def _call(self, state: StepState, purpose: Purpose) -> None:
        payload: Wire = {"order": self.run.orders[state.name], "phase": purpose, "progress": state.progress}
        if state.before is not None:
            payload["before"] = state.before
        if state.admitted:
            payload["guarded"] = True
        if state.step.wants_record:
            payload["record"] = kept_record(self.state)
        self.work.append(Work(state, purpose, self.run.ctx.call_activity(state.step.action, input=payload)))

    def _wait(self, state: StepState, purpose: Purpose, seconds: float) -> None:
        timer = self.run.ctx.create_timer(timedelta(seconds=max(seconds, 0.0)))
        self.work.append(Work(state, purpose, timer))

    def _advance(self, work: Work) -> None:
        """One step goes one transition further."""
        state = work.state
        match work.purpose:
            case "retry":
                self._attempt(state)
            case "poll":
                self._call(state, "attempt")
            case "attempt" | "observe":
                if work.task.is_failed:
                    self._failed(
                        state, {"message": message_of(work.task.get_exception()), "retryable": False}
                    )
                else:
                    self._answered(state, work.task.get_result())

    def _answered(self, state: StepState, answer: Wire) -> None:
        self.state.unjournaled.add(answer)
        if "failure" in answer:
            self._failed(state, answer["failure"])
        elif "observed" in answer:
            state.before = answer["observed"]
            if state.step.looks_first:
                # Something is to be done: now it is asked whether it may be.
                state.status, state.tries = StepStatus.PENDING, state.tries - 1
            else:
                self._call(state, "attempt")
        elif "pending" in answer:
            pending: Wire = answer["pending"]
            kept_only = pending.get("retry_after") == 0 and pending["progress"] != state.progress
            state.summary, state.progress, state.strikes = pending["summary"], pending["progress"], 0
            state.error = ""
            if state.overdue(self.run.now, self.state.paused_until(self.run.now), self.step_deadline):
                self._failed(
                    state, {"message": f"not done by its deadline: {state.summary}", "retryable": False}
                )
            elif kept_only:
                # It wanted what it knows now to be kept in history, and waits for nothing.
                self._wait(state, "poll", 0.0)
            else:
                self._wait(state, "poll", self._poll_delay(state, pending.get("retry_after")))
        else:
            outcome: Wire = answer["outcome"]
            state.summary, state.error, state.changed = outcome["summary"], "", outcome["changed"]
            state.findings, state.rpo = outcome["findings"], outcome.get("rpo") or []
            seen = outcome.get("served_at")
            state.served_at = datetime.fromisoformat(seen) if seen else None
            self._over(state, StepStatus.SUCCEEDED)
        if answer.get("untouched"):
            self._give_back(state)

    def _poll_delay(self, state: StepState, asked: float | None) -> float:
        """What Azure asked for, else two per cent of the time it has taken: long operations cost few polls.

        Never past the deadline, and never so short that polling fills the history.
        """
        elapsed = (self.run.now - state.started_at).total_seconds() if state.started_at else 0.0
        wanted = min(max(self.poll_seconds, elapsed * 0.02), self.poll_seconds * 12)
        if asked is not None:
            wanted = min(asked, LONGEST_WAIT)
        left = state.time_left(self.run.now, self.state.paused_until(self.run.now), self.step_deadline)
        return max(min(wanted, left), self.poll_seconds)

    def _over(self, state: StepState, status: StepStatus) -> None:
        state.status, state.finished_at = status, self.run.now
        if state.undoes is not None and state.undoes.status is StepStatus.UNDOING:
            undone = status is StepStatus.SUCCEEDED
            state.undoes.status = StepStatus.UNDONE if undone else state.undone_from
        if (
            status is StepStatus.SUCCEEDED
            and self.run.request.plan.mode == "first_success"
            and state.undoes is None
        ):
            for other in self.state.steps:
                if other.status is StepStatus.PENDING:
                    other.status, other.summary = StepStatus.SKIPPED, f"not needed: {state.name} helped"

    def _failed(self, state: StepState, failure: Wire) -> None:
        """Try again while that may help; then a critical step asks the operator, in a drill the run gives up."""
        state.error = failure["message"]
        state.strikes += 1
        overdue = state.overdue(self.run.now, self.state.paused_until(self.run.now), self.step_deadline)
        giving_up = self.state.aborting and state.undoes is None
        if (
            failure["retryable"]
            and state.strikes < state.step.retry.attempts
            and not overdue
            and not giving_up
        ):
            asked = min(failure.get("retry_after") or 0.0, LONGEST_WAIT)
            self._wait(
                state, "retry", max(asked, state.step.retry.wait_before(state.strikes + 1) * self.retry_scale)
            )
            return
        unknown = bool(failure.get("unknown"))
        gentle = not state.step.critical or self.run.request.plan.mode == "first_success"
        if giving_up or (gentle and state.undoes is None):
            self._over(state, StepStatus.UNKNOWN if unknown else StepStatus.FAILED)
        elif self._has_an_incident() and state.undoes is None:
            self._over(state, StepStatus.UNKNOWN if unknown else StepStatus.FAILED)
            self.state.give_up(state)
        elif (
            self.state.drill
            and state.undoes is None
            and self.run.request.plan.kind is not PlanKind.MAINTENANCE
        ):
            self._over(state, StepStatus.UNKNOWN if unknown else StepStatus.FAILED)
            self.run.say(f"{state.name} failed, the drill goes back: {state.error}")
            self.state.status_reason = f"{state.name} failed: {state.error}"
            self._abort(undo=True)
        else:
            self._ask_operator(state, unknown=unknown)

    def _has_an_incident(self) -> bool:
        """A remediation that an alert started gives up by itself: its incident goes to people, who are told once."""
        return self.run.request.by_system and self.run.request.plan.kind is PlanKind.REMEDIATION

    # --- operators

    def _ask_operator(self, state: StepState, *, unknown: bool) -> None:
        state.failures += 1
        state.status = StepStatus.WAITING_FOR_OPERATOR
        state.finished_at = None
        if unknown:
            state.summary = "whether it took effect cannot be proved: look, then decide"
        self.run.say(f"{state.name} is waiting for an operator: {state.error}")
        self.decisions[state.name] = self.run.ctx.wait_for_external_event(
            f"decision-{state.name}-{state.failures}"
        )
        self._page(state, 1)

    def _page(self, state: StepState, number: int) -> None:
        self.run.patiently(
            "page_on_call",
            {
                "run_id": self.run.request.run_id,
                "plan": self.run.request.plan.name,
                "step": state.name,
                "failure": state.failures,
                "number": number,
                "error": state.error,
            },
        )
        self.page_again[state.name] = self.run.ctx.create_timer(self.page_after)
        state.pages = number

    def _take_decisions(self) -> Waits:
        for state in self.state.waiting():
            decision, again = self.decisions.get(state.name), self.page_again.get(state.name)
            if decision is not None and decision.is_complete:
                control = yield from self.run.checked_control(decision.get_result())
                if control is not None and (control.step, control.failure_number) == (
                    state.name,
                    state.failures,
                ):
                    self._forget(state)
                    self._decide(state, control)
                    continue
                if control is not None:
                    self.run.say(f"ignored a decision for {control.step}: {state.name} is what waits")
                event = f"decision-{state.name}-{state.failures}"
                self.decisions[state.name] = self.run.ctx.wait_for_external_event(event)
            if again is not None and again.is_complete:
                self._page(state, state.pages + 1)

    def _forget(self, state: StepState) -> None:
        self.decisions.pop(state.name, None)
        again = self.page_again.pop(state.name, None)
        if again is not None and not again.is_complete:
            again.cancel()

    def _decide(self, state: StepState, control: Control) -> None:
        self.run.say(f"{control.verb} {state.name}: {control.reason}", control.actor)
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
        self.state.status_reason = f"aborted by {control.actor}: {control.reason}"
        # A drill is never left half-way: whoever aborts it asks for the way back.
        undo = control.undo or self.run.request.plan.kind is PlanKind.DRILL
        self.told_to_undo = self.told_to_undo or undo
        self._abort(undo=undo)

    def _abort(self, *, undo: bool) -> None:
        for state in self.state.waiting():
            self._forget(state)
            self._over(state, StepStatus.FAILED)
        for work in [found for found in self.work if found.purpose == "retry" and not found.state.undoes]:
            self.work.remove(work)
            if isinstance(work.task, task.TimerTask):
                work.task.cancel()
            self._over(work.state, StepStatus.FAILED)
        self.state.begin_abort(undo=undo)
        self._unpause()

    def _unpause(self) -> None:
        if self.state.paused_since is not None:
            self.state.paused_total += self.run.now - self.state.paused_since
        self.state.paused, self.state.paused_since = False, None

    def _take_control(self) -> Waits:
        """One at a time: a flood of them must not keep steps from going on."""
        if not self.control.is_complete:
            return
        control = yield from self.run.checked_control(self.control.get_result())
        self.control = self.run.ctx.wait_for_external_event("control")
        if control is None:
            return
        if control.step is not None:
            self.run.say(f"ignored a decision for {control.step}: it was sent as a control of the run")
            return
        self.run.say(f"{control.verb}: {control.reason}", control.actor)
        match control.verb:
            case "pause" if not self.state.paused:
                self.state.paused, self.state.paused_since = True, self.run.now
            case "resume":
                self._unpause()
            case "abort" if not self.state.aborting or (control.undo and not self.state.undo_asked):
                self._abort_for(control)
            case _:
                pass
