"""`/approvals/{link}`: the page behind the link in an approval mail. Opening it decides nothing; its form does."""

import json
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from orchestrations.activities import closed_glass
from orchestrations.approval_links import opened
from orchestrations.triggers import approvals
from orchestrations.triggers.caller import Caller, caller_of
from orchestrations.triggers.pages import behind, form, html, refused, sentence
from orchestrations.triggers.previews import walked
from orchestrations.triggers.problem import Problem
from shared.model.role import Role
from shared.model.run import RunRecord, RunRequest
from shared.model.signing import plan_digest
from shared.reports import approval
from shared.runtime import Runtime, runtime

BUTTONS = {"break_glass": {"decision": "approve", "break_glass": True}}


def approval_page(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    """Show what would happen (GET), or take the decision of the person whose identity the link names (POST)."""
    try:
        return _serve(req, client, runtime())
    except Problem as problem:
        return refused(req, problem)


def _serve(req: func.HttpRequest, client: df.SyncDurableFunctionsClient, world: Runtime) -> func.HttpResponse:
    caller = caller_of(req.headers, believed=world.settings.website_auth_enabled)
    link = behind(req, lambda token: opened(world.signer, token))
    if caller.id != link.approver_id:
        raise Problem(
            403, f"This link was made for somebody else than {caller.name}: sign in as that person."
        )
    caller.must_be(Role.APPROVER)
    record, asked = approvals.waiting(client, link.run_id)
    if plan_digest(asked.plan) != link.plan_digest:
        raise Problem(409, "The plan is not the one that this link was made for.")
    message, tone = "", "active"
    try:
        approvals.may_decide(world, caller, record, asked)
        may = True
    except Problem as problem:
        message, tone, may = sentence(problem.detail), "waiting", False
    if req.method == "POST":
        if not may:
            raise Problem(409, message)
        wanted = form(req, approvals.Decide, BUTTONS)
        approvals.decide(world, client, caller, record, asked, wanted)
        what = "You approved it." if wanted.decision == "approve" else "You rejected it."
        message, tone, may = f"{what} The run goes on as soon as it has noticed.", "good", False
    return _page(req, world, caller, record, asked, message, tone, may=may)


def _page(
    req: func.HttpRequest,
    world: Runtime,
    caller: Caller,
    record: RunRecord,
    asked: RunRequest,
    message: str,
    tone: str,
    *,
    may: bool,
) -> func.HttpResponse:
    person = world.estate.person(caller.id)
    zone = world.estate.time_zone
    writes, problems = None, ()
    if req.params.get("writes") and may:
        steps = walked(world, asked)
        writes = tuple(
            {
                "step": step.name,
                "method": write.method,
                "url": write.url,
                "body": json.dumps(write.body, indent=2, ensure_ascii=False),
            }
            for step in steps
            for write in step.writes
        )
        problems = tuple(f"{step.name}: {step.problem}" for step in steps if step.problem)
    glass = person is not None and not closed_glass(asked.plan.approval, person, datetime.now(UTC), asked)
    state = approval.PageState(
        person=person.mail if person else caller.name,
        message=message,
        tone=tone,
        may_decide=may,
        may_break_glass=may and glass,
        writes=writes,
        problems=problems,
    )
    return html(approval.page(approval.view(asked, time_zone=zone), state, record, time_zone=zone))
