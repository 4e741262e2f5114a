"""The app's own heartbeat: its clock notes that it ticks, and `/health` fails when it has not for too long.

Something outside watches that (a web test of Application Insights from other regions; the action group of its alert
rule HeartbeatMissing mails people itself), so that an app that answers but watches nothing is missed as one that is
gone.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
from durabletask.entities import EntityContext, EntityInstanceId

HEARTBEAT = EntityInstanceId("heartbeat", "clock")
LATE = timedelta(minutes=10)
"""The clock ticks every minute; after so long without it somebody must look."""

_began = datetime.now(UTC)
"""When this process was first asked."""


def heartbeat(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """When the clock last ticked, in seconds since 1970."""
    last: float = ctx.get_state(float, 0.0)
    if ctx.operation == "beat" and isinstance(payload, int | float):
        last = max(last, float(payload))
        ctx.set_state(last)
    return last


def beat(client: df.SyncDurableFunctionsClient, now: datetime) -> None:
    """The clock ticks."""
    client.signal_entity(HEARTBEAT, "beat", now.timestamp())


def late_by(client: df.SyncDurableFunctionsClient, now: datetime) -> timedelta | None:
    """For how long the clock has been silent, if for too long; a process that has just begun waits for its first."""
    kept = client.get_entity(HEARTBEAT)
    last = (kept.get_typed_state(float) if kept is not None else None) or 0.0
    silent = now - max(datetime.fromtimestamp(last, UTC), _began)
    return silent if silent > LATE else None
