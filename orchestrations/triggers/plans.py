"""`GET /plans`: what can be run, and what each plan would do here."""

from typing import Any

import azure.functions as func

from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.problem import Problem
from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import Estate
from shared.model.plan import Mode, Plan
from shared.plans.catalog import catalog
from shared.plans.planning import PlanMaker, PlanRequest


def list_plans(request: Request) -> func.HttpResponse:
    """All plans, as they would be made for this estate now."""
    return reply({"plans": [described(maker, request.world.estate) for maker in catalog().values()]})


def show_plan(request: Request) -> func.HttpResponse:
    """One plan."""
    return reply(described(known_plan(request.route["name"]), request.world.estate))


def known_plan(name: str) -> PlanMaker:
    """The plan of that name, or a 404 that names the known ones."""
    maker = catalog().get(name)
    if maker is None:
        raise Problem(404, f"there is no plan '{name[:80]}'", known=sorted(catalog()))
    return maker


def described(maker: PlanMaker, estate: Estate) -> dict[str, Any]:
    """A plan for people who choose: its steps with what they need, its approval and its target in seconds.

    One that this estate gives no reason for is listed too, and says why it cannot be made.
    """
    try:
        plan: Plan = maker(estate, PlanRequest(mode=Mode.DRILL), maker.sample(estate))
    except (EstateInvalid, ParametersInvalid) as error:
        return {
            "name": maker.name,
            "kind": maker.kind,
            "summary": maker.title,
            "unavailable": str(error),
            "services": [],
            "steps": [],
            "parameters": maker.parameters.model_json_schema(),
        }
    return {
        "name": maker.name,
        "kind": maker.kind,
        "title": plan.title,
        "summary": maker.title,
        "services": list(plan.services),
        "steps": [
            {
                "name": step.name,
                "action": step.action,
                "needs": list(step.needs),
                "critical": step.critical,
                "changes": step.changes,
                "undo": step.undo.action if step.undo else None,
            }
            for step in plan.steps
        ],
        "approval": {
            "required": plan.approval.required,
            "approvers": list(plan.approval.approvers),
            "expires_after_seconds": plan.approval.expires_after.total_seconds(),
            "declared_by": plan.approval.declared_by,
            "break_glass_after_seconds": plan.approval.break_glass_after.total_seconds()
            if plan.approval.break_glass_after
            else None,
            "break_glass_by": plan.approval.break_glass_by if plan.approval.break_glass_after else "",
        },
        "rto_seconds": plan.rto.total_seconds() if plan.rto else None,
        "parameters": maker.parameters.model_json_schema(),
    }
