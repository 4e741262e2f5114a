"""`POST /recovery/{plan}` and its siblings: an operator starts a plan."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import azure.functions as func
from pydantic import AwareDatetime, Field, field_validator

from orchestrations.outage_start import Began, as_anybody_knows
from orchestrations.start import Requester, RtoBasis, run_in_the_way, signed_request, start_run
from orchestrations.triggers.endpoint import Request, parse, reply
from orchestrations.triggers.plans import known_plan
from orchestrations.triggers.problem import Problem
from shared.model.plan import Mode, Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.planning import PlanMaker, PlanRequest


class StartRecovery(Strict):
    """The body of a recovery: whether it is real is always said, never assumed."""

    mode: Mode
    reason: str = Field(min_length=3, max_length=1000)
    outage_started_at: AwareDatetime | None = None
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])

    @field_validator("outage_started_at")
    @classmethod
    def _plausible(cls, started: datetime | None) -> datetime | None:
        if started is not None and not timedelta(0) <= datetime.now(UTC) - started <= timedelta(days=30):
            raise ValueError("must lie in the past, and within the last 30 days")
        return started


class StartOther(Strict):
    """The body of maintenance and operations."""

    reason: str = Field(min_length=3, max_length=1000)
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])


class Wanted(NamedTuple):
    """What an operator asks for, checked, with the plan that it leads to."""

    plan: Plan
    mode: Mode
    reason: str
    outage_started_at: datetime | None
    parameters: dict[str, Any]
    rto_basis: RtoBasis = "request"


def start_recovery(request: Request) -> func.HttpResponse:
    """Start a recovery plan, for real or as a drill; the quarterly drill only within its window."""
    wanted = wanted_recovery(request)
    if wanted.plan.kind is PlanKind.DRILL:
        _within_window(request)
    return _start(request, wanted)


def start_maintenance(request: Request) -> func.HttpResponse:
    """Start a maintenance plan now."""
    return _start(request, wanted_maintenance(request))


def start_operation(request: Request) -> func.HttpResponse:
    """Start an operation on demand."""
    return _start(request, wanted_operation(request))


def wanted_recovery(request: Request) -> Wanted:
    """A recovery or drill, from path and body."""
    maker = _plan_of(request, PlanKind.RECOVERY, PlanKind.DRILL)
    body = request.body(StartRecovery)
    if maker.kind is PlanKind.DRILL and body.mode is Mode.REAL:
        raise Problem(
            400,
            f"mode: {maker.name} is never real; start region_outage for an outage",
            errors=[{"field": "mode", "problem": "must be drill"}],
        )
    wanted = _wanted(request, maker, body.mode, body.reason, body.outage_started_at, body.parameters)
    if body.outage_started_at is not None:
        return wanted._replace(rto_basis="operator")
    # Only what has an objective has a clock that must begin somewhere; going back is measured by nobody.
    if body.mode is not Mode.REAL or wanted.plan.rto is None:
        return wanted
    if began := _began(request, maker, wanted.plan):
        known = _wanted(request, maker, body.mode, body.reason, began.at, body.parameters)
        return known._replace(rto_basis=began.basis)
    raise Problem(
        400,
        "outage_started_at: a real recovery says since when, because its recovery time runs from there"
        + (
            "; neither Service Health nor the health monitor nor an incident knows it"
            if maker.for_outages
            else ""
        ),
        errors=[{"field": "outage_started_at", "problem": "missing"}],
    )


def _began(request: Request, maker: PlanMaker, plan: Plan) -> Began | None:
    """Since when it is out by somebody else's word, where the plan may take that."""
    if not maker.for_outages:
        return None
    return as_anybody_knows(request.client, request.world, plan, datetime.now(UTC))


def wanted_maintenance(request: Request) -> Wanted:
    """A maintenance plan, from path and body."""
    maker, body = _plan_of(request, PlanKind.MAINTENANCE), request.body(StartOther)
    return _wanted(request, maker, Mode.REAL, body.reason, None, body.parameters)


def wanted_operation(request: Request) -> Wanted:
    """An operation on demand, from path and body."""
    maker, body = _plan_of(request, PlanKind.OPERATION), request.body(StartOther)
    return _wanted(request, maker, Mode.REAL, body.reason, None, body.parameters)


def _within_window(request: Request) -> None:
    """Refuse a drill for which no window is open, and say when the next one opens."""
    from shared.planners.drill_window import next_window, refusal  # noqa: PLC0415 - with the first drill

    drills, now = request.world.estate.drills, datetime.now(UTC)
    if why := refusal(drills, now):
        following = next_window(drills, now)
        raise Problem(409, why, next_window=following.begins.isoformat() if following else None)


def _plan_of(request: Request, *kinds: PlanKind) -> PlanMaker:
    maker = known_plan(request.route["plan"])
    if maker.kind not in kinds:
        raise Problem(404, f"'{maker.name}' is a {maker.kind} plan: start it under its own kind")
    return maker


def _wanted(
    request: Request,
    maker: PlanMaker,
    mode: Mode,
    reason: str,
    outage_started_at: datetime | None,
    parameters: dict[str, Any],
) -> Wanted:
    given = parse(maker.parameters, json.dumps(parameters).encode(), "parameters")
    plan = maker(request.world.estate, PlanRequest(mode=mode, outage_started_at=outage_started_at), given)
    return Wanted(plan, mode, reason, outage_started_at, parameters)


def _start(request: Request, wanted: Wanted) -> func.HttpResponse:
    plan, outage_started_at = wanted.plan, wanted.outage_started_at
    if holder := run_in_the_way(request.client, plan):
        raise Problem(409, f"{holder} works on the same services; follow it or abort it first", run_id=holder)
    run_id = start_run(
        request.client,
        signed_request(
            request.world,
            plan,
            mode=wanted.mode,
            requester=Requester(request.caller.id, request.caller.name),
            reason=wanted.reason,
            outage_started_at=outage_started_at,
            rto_basis=wanted.rto_basis,
            parameters=wanted.parameters,
        ),
    )
    return reply(
        {
            "run_id": run_id,
            "status_url": f"/api/runs/{run_id}",
            "approvals_url": f"/api/runs/{run_id}/approvals",
        },
        202,
    )
