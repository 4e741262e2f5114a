"""The interpreter's activities: each phase of each action, and what a run asks and tells besides."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df

from orchestrations.evidence import journal_of, left_over, untouched
from orchestrations.start import is_over
from orchestrations.telling import send_once, tell
from shared.actions.action import Action, Call
from shared.errors import AzureCallFailed, CheckFailed, EffectUnknown, EstateInvalid
from shared.importing import IMPORTING
from shared.model.estate import Person
from shared.model.outcome import Outcome, Pending
from shared.model.plan import ApprovalPolicy, PlanKind
from shared.model.run import Approval, Control, Review, RunRecord, RunRequest, StepOrder
from shared.model.signing import Signed, plan_digest
from shared.model.wire import Wire
from shared.runtime import Runtime, runtime

OUTCOME_LIMIT = 32_000
"""Bytes of an outcome that may stay in history; more goes to blob and leaves a reference."""

CLOCKS_APART = timedelta(minutes=5)
"""By how much the clocks of two instances may differ."""


def perform(action: Action, payload: Wire) -> Wire:
    """Run one phase of an action. What it raises of its own errors is an answer, anything else a defect."""
    world = runtime()
    order = StepOrder.from_wire(payload["order"])
    if not world.signer.is_ours(order) or order.action != action.name:
        return _failure(CheckFailed("this step is in no plan that this app has signed: nothing was done"))
    if action.routine or (action.looks_first and payload["phase"] == "observe"):
        return _carry_out(action, order, payload, world)
    with journal_of(world, order.run_id, order.name) as journal:
        answer = _carry_out(action, order, payload, world)
    if payload.get("guarded") and ("failure" in answer or answer.get("outcome", {}).get("changed") is False):
        answer["untouched"] = untouched(world, order.run_id, order.name, journal)
    return {**answer, **left_over(journal)}


def _carry_out(action: Action, order: StepOrder, payload: Wire, world: Runtime) -> Wire:
    call = Call(
        estate=world.estate,
        azure=world.azure,
        run_id=order.run_id,
        step=order.name,
        mode=order.mode,
        now=datetime.now(UTC),
        progress=payload.get("progress") or {},
        before=payload.get("before") or {},
        record=RunRecord.from_wire(payload["record"]) if "record" in payload else None,
        pace=world.settings.retry_scale,
        guarded=bool(payload.get("guarded")),
    )
    try:
        params = action.params.from_wire(order.params)
        if payload["phase"] == "observe":
            assert action.observe is not None
            observed = action.observe(params, call)
            if not action.looks_first or observed["act"]:
                return {"observed": observed}
            call = replace(call, before=observed)  # nothing to do: the outcome says why
        result = action(params, call)
    except (AzureCallFailed, CheckFailed, EffectUnknown, EstateInvalid) as error:
        return _failure(error)
    if isinstance(result, Pending):
        return {"pending": result.to_wire()}
    return {"outcome": _within_limit(result, call)}


def _failure(error: AzureCallFailed | CheckFailed | EffectUnknown | EstateInvalid) -> Wire:
    return {
        "failure": {
            "message": str(error)[:2000],
            "retryable": bool(getattr(error, "retryable", False)),
            "retry_after": getattr(error, "retry_after", None),
            "unknown": isinstance(error, EffectUnknown),
        }
    }


def _within_limit(outcome: Outcome, call: Call) -> Wire:
    wire = outcome.to_wire()
    content = json.dumps(wire).encode()
    if len(content) <= OUTCOME_LIMIT:
        return wire
    platform, name = call.estate.platform, f"{call.run_id}/{call.step}/outcome.json"
    call.azure.blobs.write(
        platform.records_account_url, platform.records_container, name, content, "application/json"
    )
    return {**wire, "findings": wire["findings"][:20], "evidence": {"blob": name}}


def check_request(_ctx: object, payload: dict[str, Any]) -> dict[str, Any]:
    """Whether a run may begin: this app signed it and each of its steps, for the instance that it runs as."""
    request = RunRequest.from_wire(payload["request"])
    if not runtime().signer.is_whole(request):
        return {"refused": "the start is not signed by this app: nothing was done"}
    if payload["instance_id"] != request.run_id:
        return {"refused": f"the start was signed for {request.run_id}: nothing was done"}
    requester = runtime().estate.person(request.requester_id)
    return {"refused": "", "duties": list(requester.duties) if requester else []}


def check_approval(_ctx: object, payload: dict[str, Any]) -> dict[str, Any]:
    """Whether an approval event counts: signed by this app, for this run and plan, by somebody who may."""
    world, request = runtime(), RunRequest.from_wire(payload["request"])
    approval = _signed(Approval, payload["approval"], world)
    if approval is None:
        return {"refused": "it is not signed by this app"}
    estate, policy = world.estate, request.plan.approval
    approver = estate.person(approval.approver_id)
    if approval.run_id != request.run_id or approval.plan_digest != plan_digest(request.plan):
        return {"refused": "it was given for another run or another plan"}
    if approver is None or approver.mail not in policy.approvers:
        return {"refused": f"{approval.approver} is not an approver of this plan"}
    if approval.approver_id == request.requester_id:
        return {"refused": f"{approval.approver} asked for the run and cannot approve it"}
    if not request.requested_at - CLOCKS_APART <= approval.decided_at <= datetime.now(UTC) + CLOCKS_APART:
        return {"refused": "it was not decided while the run was waiting"}
    if approval.break_glass and (why := closed_glass(policy, approver, approval.decided_at, request)):
        return {"refused": why}
    return {"refused": "", "approval": approval.to_wire(), "duties": list(approver.duties)}


def closed_glass(policy: ApprovalPolicy, approver: Person, at: datetime, request: RunRequest) -> str:
    """Why this person may not approve alone at that moment, or nothing."""
    if policy.break_glass_after is None:
        return "nobody may approve this plan alone: the estate gives no break_glass_after"
    if policy.break_glass_by not in approver.duties:
        return f"only {policy.break_glass_by} may approve alone, and {approver.mail} is not"
    opens = request.requested_at + policy.break_glass_after
    if at < opens:
        return f"approving alone is possible from {opens:%H:%M:%S} UTC on: get a second approval until then"
    return ""


def check_control(_ctx: object, payload: dict[str, Any]) -> dict[str, Any]:
    """Whether a pause, resume, abort or step decision counts."""
    control = _signed(Control, payload["control"], runtime())
    if control is None:
        return {"refused": "it is not signed by this app"}
    if control.run_id != payload["run_id"]:
        return {"refused": "it was given for another run"}
    return {"refused": "", "control": control.to_wire()}


def _signed[S: Signed](kind: type[S], wire: object, world: Runtime) -> S | None:
    """The content, if it decodes and this app signed it."""
    try:
        content = kind.from_wire(wire)
    except ValueError:
        return None
    return content if world.signer.is_ours(content) else None


def ask_approvers(_ctx: object, payload: dict[str, Any]) -> dict[str, Any]:
    """Tell each approver that a run waits, with a link that is good for that person alone."""
    with IMPORTING:
        from orchestrations.approval_mail import approval_mail  # noqa: PLC0415 - only when somebody must agree

    world, request = runtime(), RunRequest.from_wire(payload)
    with journal_of(world, request.run_id, "ask_approvers") as journal:
        for mail in request.plan.approval.approvers:
            person = world.estate.person_by_mail(mail)
            if person is not None and person.id != request.requester_id:
                key = f"{request.run_id}/approval/{person.id}"
                send_once(world, key, approval_mail(world, request, person))
    return left_over(journal)


def ask_for_review(_ctx: object, payload: dict[str, Any]) -> dict[str, Any]:
    """Tell the approvers and the stakeholders that a decision taken alone must be looked at."""
    world, run_id = runtime(), str(payload["run_id"])
    review = Review.from_wire(payload)
    to = tuple(
        dict.fromkeys((*world.estate.approvals[PlanKind.RECOVERY].approvers, *world.estate.stakeholders))
    )
    text = (
        f"{review.because}\n\nThe approval of run {run_id} was given by one person alone, because waiting for a "
        f"second one would have cost too much. Somebody else must look at that decision until "
        f"{review.due_at:%Y-%m-%d %H:%M} UTC:\n\n  {world.settings.app_url}/api/runs/{run_id}/report\n\n"
        f"Close the review with POST /api/runs/{run_id}/review and what you found.\n"
    )
    with journal_of(world, run_id, "ask_for_review") as journal:
        tell(world, f"{run_id}/review", to, f"Review needed: one person alone approved {run_id}", text)
    return left_over(journal)


def page_on_call(_ctx: object, payload: dict[str, Any]) -> dict[str, Any]:
    """Page the people on call: a step of a run waits for a decision."""
    world = runtime()
    key = f"{payload['run_id']}/{payload['step']}/page-{payload['failure']}-{payload['number']}"
    text = (
        f"Step {payload['step']} of {payload['run_id']} needs a decision:\n\n  {payload['error']}\n\n"
        f"Decide retry, skip or abort with POST /api/runs/{payload['run_id']}/decisions.\n"
    )
    subject = f"[{payload['number']}] {payload['plan']}: {payload['step']} waits for you"
    with journal_of(world, payload["run_id"], "page_on_call") as journal:
        tell(world, key, world.estate.on_call, subject, text)
    return left_over(journal)


def publish_record(_ctx: object, payload: dict[str, Any]) -> bool:
    """Keep a finished run's record, and its report for people, in blob storage."""
    with IMPORTING:
        from shared.reports import run_report  # noqa: PLC0415 - templates and PDF only when a run ends

    world, record = runtime(), RunRecord.from_wire(payload)
    platform, zone = world.estate.platform, world.estate.time_zone
    files = {
        "record.json": (json.dumps(payload, indent=2).encode(), "application/json"),
        "report.html": (run_report.html(record, time_zone=zone).encode(), "text/html; charset=utf-8"),
        "report.pdf": (run_report.pdf(record, time_zone=zone), "application/pdf"),
    }
    account, container = platform.records_account_url, platform.records_container
    kept = world.azure.blobs.names(account, container, f"{record.run_id}/")
    for name, (content, media_type) in files.items():
        path = f"{record.run_id}/{name}"
        if path not in kept:
            world.azure.blobs.write(account, container, path, content, media_type)
    return True


def run_is_over(payload: str, client: df.SyncDurableFunctionsClient) -> bool:
    """Whether a run (by its id) that still holds a service has ended without letting go of it."""
    return is_over(client, payload)
