"""`/silences`: alerts that nobody is to be woken for, for a while."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated

import azure.functions as func
from pydantic import AwareDatetime, Field

from orchestrations.silences import SILENCES
from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.problem import Problem
from shared.model.silence import Silence
from shared.model.wire import Strict, Wire
from shared.planners.silences import ours

LONGEST = timedelta(days=7)
MOST = 100
"""Silences in force at once; who needs more should change the alert rule."""

_Short = Annotated[str, Field(min_length=1, max_length=200)]


class Quiet(Strict):
    """The body of a silence: what is silent (one of the three at least), until when, and why."""

    rule: str = Field(default="", max_length=500)
    resource: str = Field(default="", max_length=1000, pattern=r"^(/[A-Za-z0-9._() -]+)*/?$")
    dimensions: dict[_Short, _Short] = Field(default_factory=dict[str, str], max_length=10)
    expires_at: AwareDatetime
    reason: str = Field(min_length=3, max_length=1000)


def list_silences(request: Request) -> func.HttpResponse:
    """All that are remembered, the newest first; `active` says which are in force."""
    now = datetime.now(UTC)
    return reply({"silences": [_shown(silence, now) for silence in _known(request)]})


def make_silence(request: Request) -> func.HttpResponse:
    """Begin one now."""
    body, now = request.body(Quiet), datetime.now(UTC)
    if not (body.rule or body.resource.strip("/") or body.dimensions):
        message = "name a rule, a resource or dimensions: everything at once is not silenced"
        raise Problem(400, f"rule: {message}", errors=[{"field": "rule", "problem": message}])
    if not now < body.expires_at <= now + LONGEST:
        message = f"must lie ahead, and at most {LONGEST.days} days"
        raise Problem(400, f"expires_at: {message}", errors=[{"field": "expires_at", "problem": message}])
    if sum(one.holds(now) for one in _known(request)) >= MOST:
        raise Problem(
            409, f"{MOST} silences are in force already: end some, or change the alert rules themselves"
        )
    silence = Silence(
        id=f"sil-{uuid.uuid4().hex[:12]}",
        rule=body.rule,
        resource=body.resource,
        dimensions=body.dimensions,
        reason=body.reason,
        by=request.caller.name,
        by_id=request.caller.id,
        created_at=now,
        expires_at=body.expires_at.astimezone(UTC),
    )
    return reply(_kept(request, silence), 201)


def end_silence(request: Request) -> func.HttpResponse:
    """End one now; it is remembered with who ended it."""
    wanted, now = request.route["id"], datetime.now(UTC)
    found = next((one for one in _known(request) if one.id == wanted), None)
    if found is None:
        raise Problem(404, f"there is no silence '{wanted[:80]}'")
    if not found.holds(now):
        raise Problem(409, f"{found.id} is over already")
    return reply(_kept(request, found.model_copy(update={"ended_at": now, "ended_by": request.caller.name})))


def _known(request: Request) -> tuple[Silence, ...]:
    found = request.client.get_entity(SILENCES)
    return ours((found.get_typed_state(dict) if found else None) or {}, request.world.signer)


def _kept(request: Request, silence: Silence) -> Wire:
    signed = request.world.signer.sign(silence)
    request.client.signal_entity(SILENCES, "put", signed.to_wire())
    for _ in range(50):  # a signal takes a moment; who silences wants to know that it is silent
        if signed in _known(request):
            return _shown(signed, datetime.now(UTC))
        time.sleep(0.1)
    raise Problem(503, "the silence has been sent but not confirmed yet: look again with GET /api/silences")


def _shown(silence: Silence, now: datetime) -> Wire:
    wire = silence.to_wire()
    del wire["signature"]
    return {**wire, "active": silence.holds(now)}
