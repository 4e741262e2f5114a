"""Who may approve what: one final decision a person, never the requester's own, over the API or from a mail's link."""

from datetime import UTC, datetime
from typing import Literal

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from orchestrations.activities import closed_glass
from orchestrations.records import record_of, reviewed
from orchestrations.triggers.caller import Caller
from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.problem import Problem
from shared.model.estate import Person
from shared.model.run import Approval, Control, RunRecord, RunRequest, RunStatus
from shared.model.signing import plan_digest
from shared.model.wire import Strict
from shared.runtime import Runtime

Reason = Field(min_length=3, max_length=1000)


class Decide(Strict):
    """The body of an approval. `break_glass` is for the incident commander, who then decides alone."""

    decision: Literal["approve", "reject"]
    reason: str = Reason
    break_glass: bool = False


class CloseReview(Strict):
    """The body of a review of a decision that somebody took alone."""

    notes: str = Field(min_length=10, max_length=4000)


def approve(request: Request) -> func.HttpResponse:
    """Approve or reject a run."""
    body, run_id = request.body(Decide), request.route["id"]
    record, asked = waiting(request.client, run_id)
    person = decide(request.world, request.client, request.caller, record, asked, body)
    return reply({"run_id": run_id, "decision": body.decision, "approver": person.mail}, 202)


def review_run(request: Request) -> func.HttpResponse:
    """Close the review that a break-glass approval has opened; whoever took part in the run cannot."""
    body, run_id = request.body(CloseReview), request.route["id"]
    record, asked = waiting(request.client, run_id)
    record = reviewed(request.world, request.client, record)
    if record.review is None:
        raise Problem(409, "nothing about this run needs a review")
    if record.review.reviewed_by:
        raise Problem(409, f"{record.review.reviewed_by} has reviewed it already")
    took_part = {asked.requester_id, *(approval.approver_id for approval in record.approvals)}
    if request.caller.id in took_part or not request.caller.is_person:
        raise Problem(403, "somebody else must review it: you asked for this run or approved it")
    closed = Control(
        run_id=run_id,
        verb="review",
        actor=request.caller.name,
        actor_id=request.caller.id,
        reason=body.notes,
        decided_at=datetime.now(UTC),
    )
    from durabletask.entities import EntityInstanceId  # noqa: PLC0415 - reviews are rare

    signed = request.world.signer.sign(closed).to_wire()
    request.client.signal_entity(EntityInstanceId("review", run_id), "close", signed)
    return reply({"run_id": run_id, "reviewed_by": request.caller.name}, 202)


def waiting(client: df.SyncDurableFunctionsClient, run_id: str) -> tuple[RunRecord, RunRequest]:
    """A run as it stands, and what was asked for; 404 when there is none."""
    record = record_of(client, run_id)
    state = client.get_orchestration_state(run_id) if record is not None else None
    if record is None or state is None:
        raise Problem(404, f"there is no run '{run_id[:120]}'")
    try:
        return record, RunRequest.from_wire(state.get_input())
    except ValueError:
        raise Problem(409, "this run was not started by this app: there is nothing to decide") from None


def decide(
    world: Runtime,
    client: df.SyncDurableFunctionsClient,
    caller: Caller,
    record: RunRecord,
    asked: RunRequest,
    wanted: Decide,
) -> Person:
    """Hand a decision to the run, signed; Problem when it would not count. An activity checks it all again."""
    person = may_decide(world, caller, record, asked)
    now = datetime.now(UTC)
    if wanted.break_glass:
        if wanted.decision != "approve":
            raise Problem(400, "break_glass: goes with approve only", errors=[{"field": "break_glass"}])
        if why := closed_glass(asked.plan.approval, person, now, asked):
            raise Problem(409, why)
    approval = Approval(
        run_id=record.run_id,
        decision=wanted.decision,
        approver=person.mail,
        approver_id=caller.id,
        reason=wanted.reason,
        decided_at=now,
        plan_digest=plan_digest(asked.plan),
        break_glass=wanted.break_glass,
    )
    signed = world.signer.sign(approval)
    client.raise_orchestration_event(record.run_id, "approval", data=signed.to_wire())
    return person


def may_decide(world: Runtime, caller: Caller, record: RunRecord, asked: RunRequest) -> Person:
    """The approver that the caller is; Problem when the caller's decision would not count now."""
    if not caller.is_person:
        raise Problem(403, "an application cannot approve: a person must")
    policy = asked.plan.approval
    person = world.estate.person(caller.id)
    if person is None or person.mail not in policy.approvers:
        raise Problem(
            403, f"{caller.name} is not among the approvers of this run: {', '.join(policy.approvers)}"
        )
    if caller.id == asked.requester_id:
        raise Problem(403, "whoever asked for a run cannot approve it")
    if record.status is not RunStatus.WAITING_FOR_APPROVAL:
        raise Problem(409, f"the run no longer waits for approval: it is {record.status}")
    if any(approval.approver_id == caller.id for approval in record.approvals):
        raise Problem(409, f"{caller.name} has decided already, and a decision is final")
    return person
