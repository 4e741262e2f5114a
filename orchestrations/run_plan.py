"""The interpreter: one orchestration that carries out every plan.

It knows approvals, dependencies, retries, deadlines, operator decisions, pause, abort and undo; no plan repeats any
of it. This file is a run from its start to its record; `run_steps` carries the steps out, `run_context` is what both
share, `run_state` the pure state. Deterministic: time comes from the orchestration, everything else from activities,
entities and events. A run's history is its checkpoint, its custom status the live record, its output the final one.
"""

import json
from datetime import UTC, timedelta
from typing import Any

from durabletask import task
from durabletask.entities import EntityInstanceId

from orchestrations.run_context import CHECK_RETRY, RunContext, Waits, known, message_of
from orchestrations.run_record import kept_record
from orchestrations.run_steps import Steps
from shared.model.plan import Mode, PlanKind
from shared.model.run import Approval, Objective, Review, RunRecord, RunStatus
from shared.model.wire import Wire

STALE_REQUEST = timedelta(hours=1)
"""A start that was signed longer ago than this is a replay, not a request."""

EVIDENCE_LIMIT = 850_000
"""Bytes of what is handed to the activity that seals; 1 MiB is where the scheduler stops."""

CONTROLS_LIMIT = 100
"""Decisions of operators that a bundle holds, the latest of them."""


def run_plan(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Waits:
    """Carry out a signed `RunRequest`; returns the `RunRecord`. Both as plain JSON."""
    try:
        found = known(payload)
    except ValueError:
        return _unreadable(ctx)
    return (yield from _Interpreter(ctx, payload, found).carry_out())


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


class _Interpreter(RunContext):
    def carry_out(self) -> Waits:
        refusal = yield from self._refused()
        if refusal:
            return self._finish(RunStatus.REJECTED, refusal)
        claimed: list[str] = []
        try:
            status, reason = yield from self._claim_and_run(claimed)
        except task.TaskFailedError as error:
            # An activity or entity of our own gave up for good; what has been done is still told.
            status, reason = RunStatus.FAILED, f"stopped: {message_of(error)}"
        yield from self._release(claimed)
        if self.state.held_by:
            return self._finish(status, reason)
        record = self._finish(status, reason)
        kept = yield from self._publish(record)
        return record if kept else self._finish(status, reason)

    def _refused(self) -> Waits:
        """Empty when this app signed the start, lately, for this very instance, and it has not begun before.

        A plan that claims no service and asks nobody is checked step by step only, as every plan is besides.
        """
        plan = self.request.plan
        if not plan.services and not plan.approval.required:
            return ""
        verdict = yield from self.until(
            self.patiently("check_request", {"instance_id": self.ctx.instance_id, "request": self.payload})
        )
        if verdict["refused"]:
            return verdict["refused"]
        self.state.duties |= set(verdict["duties"])
        if self.now - self.request.requested_at > STALE_REQUEST:
            return "the request is older than an hour: start it again"
        starts = EntityInstanceId("run_starts", plan.name)
        begun = {"run_id": self.request.run_id, "at": self.now.timestamp()}
        first = yield from self.until(self.ctx.call_entity(starts, "begin", begun))
        return "" if first else "this start has been used before: start the plan again"

    def _claim_and_run(self, claimed: list[str]) -> Waits:
        winner = yield from self._claim(claimed)
        if winner:
            self.state.held_by = winner
            return RunStatus.REJECTED, f"{winner} already works on the same services"
        refusal = yield from self._approval_gate()
        if refusal:
            return RunStatus.REJECTED, refusal
        yield from Steps(self).carry_out()
        return self.state.verdict()

    def _finish(self, status: RunStatus, reason: str) -> Wire:
        self.state.status, self.state.status_reason = status, reason
        self.state.finished_at = self.state.finished_at or self.now
        self.show()
        return kept_record(self.state)

    def _publish(self, record: Wire) -> Waits:
        """Keep the record outside Durable too, when the run did or found anything; False when that failed."""
        steps = self.state.steps
        touched = any(state.changed or state.error or state.findings for state in steps)
        routine = self.state.routine or self.state.only_looked
        uneventful = routine or not (touched or self.state.status is not RunStatus.SUCCEEDED)
        if uneventful and not self.request.plan.approval.required:
            return True
        evidence = self._evidence(record)
        published = {
            "the record could not be kept in blob storage": self.patiently("publish_record", record),
            "the evidence could not be sealed": self.patiently("seal_evidence", evidence),
        }
        kept = True
        for complaint, publishing in published.items():
            try:
                yield from self.until(publishing)
            except task.TaskFailedError as error:
                # The run is over all the same, and Durable still has its record.
                self.say(f"{complaint}: {message_of(error)}")
                kept = False
        return kept

    def _evidence(self, record: Wire) -> Wire:
        """What the bundle needs and blob storage has not: the record, controls, and lines of the journal."""
        done = [sent for sent in self.own if sent.is_complete]
        for sent in done:
            if not sent.is_failed:
                self.state.unjournaled.add(sent.get_result())
        controls = [control.to_wire() for control in self.state.controls[-CONTROLS_LIMIT:]]
        left = self.state.unjournaled.within(EVIDENCE_LIMIT - len(json.dumps([record, controls])))
        return {
            "record": record,
            "controls": controls,
            "unjournaled": left.lines,
            "dropped": left.dropped,
            "unfinished": len(self.own) - len(done),
        }

    # --- claims: one run at a time for a service

    def _claim(self, claimed: list[str]) -> Waits:
        for service in sorted(self.request.plan.services):
            entity = EntityInstanceId("service_claim", service)
            mine: Wire = {"run_id": self.request.run_id}
            holder = yield from self.until(self.ctx.call_entity(entity, "claim", mine))
            if holder != self.request.run_id:
                asked = self.ctx.call_activity("run_is_over", input=holder, retry_policy=CHECK_RETRY)
                over = yield from self.until(asked)
                if over:
                    instead = {**mine, "instead_of": holder}
                    holder = yield from self.until(self.ctx.call_entity(entity, "claim", instead))
            if holder != self.request.run_id:
                return holder
            claimed.append(service)
        return ""

    def _release(self, claimed: list[str]) -> Waits:
        for service in reversed(claimed):
            entity = EntityInstanceId("service_claim", service)
            yield from self.until(self.ctx.call_entity(entity, "release", {"run_id": self.request.run_id}))

    # --- approvals

    def _approval_gate(self) -> Waits:
        """Empty when enough people agreed, else why the run ends."""
        policy = self.request.plan.approval
        if policy.required == 0:
            return ""
        self.state.status = RunStatus.WAITING_FOR_APPROVAL
        expiry = self.ctx.create_timer(policy.expires_after)
        event = self.ctx.wait_for_external_event("approval")
        control = self.ctx.wait_for_external_event("control")
        asked: task.Task[Any] | None = self.patiently("ask_approvers", self._request_payload())
        try:
            while True:
                yield from self.until(task.when_any([event, expiry, control, *([asked] if asked else [])]))
                if asked is not None and asked.is_complete:
                    if asked.is_failed:
                        self.say(
                            f"the approvers could not be told by mail: {message_of(asked.get_exception())}"
                        )
                    asked = None
                if event.is_complete:
                    refusal = yield from self._take_approval(event.get_result())
                    if refusal is not None:
                        return refusal
                    event = self.ctx.wait_for_external_event("approval")
                elif control.is_complete:
                    steering = yield from self.checked_control(control.get_result())
                    if steering is not None and steering.verb == "abort":
                        return f"aborted by {steering.actor} before approval: {steering.reason}"
                    if steering is not None:
                        self.say(f"ignored {steering.verb}: nothing runs before approval", steering.actor)
                    control = self.ctx.wait_for_external_event("control")
                elif expiry.is_complete:
                    return f"no {policy.required} approvals within {policy.expires_after}"
        finally:
            for waiting in (event, control, expiry):
                if not waiting.is_complete:
                    waiting.cancel()

    def _take_approval(self, wire: Any) -> Waits:  # noqa: ANN401 - an event is anything until it is checked
        """None while more are needed, empty when there are enough, else why the run ends."""
        verdict = yield from self.checked(
            "check_approval", {"request": self._request_payload(), "approval": wire}
        )
        if verdict["refused"]:
            self.say(f"ignored an approval: {verdict['refused']}")
            return None
        approval = Approval.from_wire(verdict["approval"])
        if any(earlier.approver_id == approval.approver_id for earlier in self.state.approvals):
            self.say("ignored a second decision of the same person", approval.approver)
            return None
        self.state.approvals.append(approval)
        if approval.decision == "reject":
            return f"rejected by {approval.approver}: {approval.reason}"
        self.state.duties |= set(verdict["duties"])
        return "" if self._agreed(approval) else None

    def _agreed(self, latest: Approval) -> bool:
        """Whether enough people agreed, the right ones among them; one alone in an emergency, and that is reviewed."""
        policy = self.request.plan.approval
        if latest.break_glass:
            what = f"{latest.approver} alone approved in an emergency: {latest.reason}"
            self.state.review = Review(because=what, due_at=self.now + policy.review_within)
            self.say(f"break-glass: {latest.reason}", latest.approver)
            self.patiently("ask_for_review", self.state.review.to_wire() | {"run_id": self.request.run_id})
            return True
        if sum(a.decision == "approve" for a in self.state.approvals) < policy.required:
            return False
        if policy.declared_by and policy.declared_by not in self.state.duties:
            self.say(f"enough people agreed, but nobody of them is {policy.declared_by}: one must")
            return False
        return True

    def _request_payload(self) -> Wire:
        return {key: value for key, value in self.payload.items() if key != "step_signatures"}
