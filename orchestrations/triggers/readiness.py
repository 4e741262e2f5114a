"""`GET /readiness`: how ready each plan is, as last looked at, or as of now."""

from datetime import UTC, datetime

import azure.functions as func

from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.problem import Problem
from shared.actions.action import Call
from shared.actions.plan_readiness import evaluate, keep, latest
from shared.errors import AzureCallFailed
from shared.model.plan import Mode
from shared.model.readiness import Readiness
from shared.plans.readiness import plans_to_check

FRESH = 60.0
"""Seconds in which a further look is answered with the last one, so that nobody can make the app ask Azure all day."""


def show_readiness(request: Request) -> func.HttpResponse:
    """The newest kept result with its age; `refresh=true` looks now, with reads only, and keeps what it finds."""
    wanted = request.query.get("refresh", "false")
    if wanted not in {"true", "false"}:
        raise Problem(400, "refresh: must be true or false", errors=[{"field": "refresh"}])
    now = datetime.now(UTC)
    try:
        kept = latest(request.world.estate, request.world.azure)
        if wanted == "true" and (kept is None or (now - kept.checked_at).total_seconds() > FRESH):
            kept = _look(request, now)
    except AzureCallFailed as error:
        raise Problem(503, f"it cannot be looked at now, try again: {error}") from error
    if kept is None:
        raise Problem(
            404, "no check has been kept yet: the daily maintenance makes one, or ask with refresh=true"
        )
    age = max((now - kept.checked_at).total_seconds(), 0.0)
    return reply({"age_seconds": round(age, 1), **kept.to_wire()})


def _look(request: Request, now: datetime) -> Readiness:
    world = request.world
    call = Call(
        estate=world.estate, azure=world.azure, run_id="", step="check_readiness", mode=Mode.REAL, now=now
    )
    found = evaluate(plans_to_check(world.estate), call)
    keep(found, call)
    return found
