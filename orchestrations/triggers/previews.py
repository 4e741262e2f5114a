"""`POST /recovery/{plan}/preview` and its siblings: what starting a plan would send, without sending it."""

from datetime import UTC, datetime

import azure.functions as func

from orchestrations.run_record import as_record
from orchestrations.run_state import RunState
from orchestrations.start import new_run_id
from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.starts import Wanted, wanted_maintenance, wanted_operation, wanted_recovery
from shared.actions.catalog import find
from shared.actions.preview import PreviewedStep, Walk, preview
from shared.model.run import RunRequest
from shared.runtime import Runtime


def preview_recovery(request: Request) -> func.HttpResponse:
    """What a recovery would send now."""
    return _previewed(request, wanted_recovery(request))


def preview_maintenance(request: Request) -> func.HttpResponse:
    """What a maintenance plan would send now."""
    return _previewed(request, wanted_maintenance(request))


def preview_operation(request: Request) -> func.HttpResponse:
    """What an operation would send now."""
    return _previewed(request, wanted_operation(request))


def _previewed(request: Request, wanted: Wanted) -> func.HttpResponse:
    now, plan = datetime.now(UTC), wanted.plan
    asked = RunRequest(
        run_id=new_run_id(plan, now),
        plan=plan,
        mode=wanted.mode,
        requested_by=request.caller.name,
        requester_id=request.caller.id,
        reason=wanted.reason,
        requested_at=now,
        outage_started_at=wanted.outage_started_at,
    )
    steps = walked(request.world, asked)
    return reply(
        {
            "plan": plan.name,
            "title": plan.title,
            "mode": wanted.mode,
            "steps": [step.model_dump(mode="json") for step in steps],
            "writes": sum(len(step.writes) for step in steps),
            "problems": [f"{step.name}: {step.problem}" for step in steps if step.problem],
        }
    )


def walked(world: Runtime, asked: RunRequest) -> tuple[PreviewedStep, ...]:
    """Each step of a run that has not begun, with what it would send now."""
    now = datetime.now(UTC)
    record = as_record(RunState(asked, started_at=now), live=False)
    walk = Walk(run_id=asked.run_id, mode=asked.mode, now=now, record=record, steps=asked.plan.steps)
    azure = world.preview_azure()
    try:
        return preview(walk, world.estate, azure, find)
    finally:
        azure.connection.close()
