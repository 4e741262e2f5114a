"""The clock: every five minutes, what the estate's schedules say is due is started, each occurrence once."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from orchestrations.start import Requester, signed_request, start_run
from shared.model.plan import Mode, PlanKind
from shared.planners.drill_window import drill_schedules
from shared.planners.schedule import Occurrence, due
from shared.plans.catalog import catalog
from shared.plans.planning import PlanRequest
from shared.runtime import Runtime, runtime

FIRST_LOOK_BACK = timedelta(minutes=5)
LONGEST_LOOK_BACK = timedelta(days=7)
log = logging.getLogger(__name__)


def tick(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    """Start what has become due since the last tick, also what was missed while the app was down."""
    world, now = runtime(), datetime.now(UTC)
    since = last_tick(timer.schedule_status, now)  # pyright: ignore[reportAttributeAccessIssue] - the abstract type lacks it
    estate = world.estate
    schedules = (*estate.schedules, *drill_schedules(estate.drills))
    for occurrence in due(schedules, since=since, now=now, time_zone=estate.time_zone):
        start_occurrence(client, world, occurrence)


def last_tick(status: dict[str, Any], now: datetime) -> datetime:
    """When the timer last ran, by the host's own note; on an app's first day, five minutes ago."""
    try:
        last = datetime.fromisoformat(str(status.get("Last", "")))
    except ValueError:
        return now - FIRST_LOOK_BACK
    last = last.replace(tzinfo=UTC) if last.tzinfo is None else last
    if last.year < 2000:  # .NET's smallest date: the timer has never run
        return now - FIRST_LOOK_BACK
    return max(min(last, now), now - LONGEST_LOOK_BACK)


def start_occurrence(client: df.SyncDurableFunctionsClient, world: Runtime, occurrence: Occurrence) -> str:
    """Start a plan for its local time, unless that occurrence has been started; returns the run id."""
    maker = catalog()[occurrence.plan]
    run_id = f"{maker.kind}-{maker.name}-{occurrence.id_part}"
    if client.get_orchestration_state(run_id, fetch_payloads=False) is not None:
        return run_id
    mode = Mode.DRILL if maker.kind is PlanKind.DRILL else Mode.REAL
    plan = maker(world.estate, PlanRequest(mode=mode), maker.parameters.model_validate(occurrence.parameters))
    log.info("starting %s", run_id)
    return start_run(
        client,
        signed_request(
            world,
            plan,
            mode=mode,
            requester=Requester(f"system:schedule/{occurrence.plan}", "the schedule"),
            reason=f"due at {occurrence.local.isoformat()}",
            parameters=occurrence.parameters,
            run_id=run_id,
        ),
    )
