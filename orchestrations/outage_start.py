"""When an outage began, where nobody has said it: a run's recovery time counts from there (design, section 4.7)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import azure.durable_functions as df

from orchestrations.start import RtoBasis
from orchestrations.triggers.incidents import incidents
from orchestrations.triggers.watch import HEALTH, MONITOR, PROBED_EVERY
from shared.errors import AzureCallFailed
from shared.model.alert import Alert
from shared.model.incident import IncidentState
from shared.model.plan import Plan
from shared.pace import own_time
from shared.planners.endpoint_health import Health
from shared.runtime import Runtime

NEWEST = timedelta(days=1)
"""A service issue that began before that is another story, which goes on beside this one."""


class Began(NamedTuple):
    """A moment, and whose word it is."""

    at: datetime
    basis: RtoBasis


def as_an_alert_says(world: Runtime, plan: Plan, alert: Alert, now: datetime) -> Began:
    """For a run that an alert starts: Service Health, else the last good probe if the alert is our own, else it."""
    failed = _first_failure(alert)
    probed = Began(failed - PROBED_EVERY, "probe") if failed else None
    return _declared(world, plan, now) or probed or Began(alert.fired_at, "alert")


def _first_failure(alert: Alert) -> datetime | None:
    """Of the health monitor's own alerts; anybody may call himself that, so what reads otherwise is not believed."""
    try:
        since = datetime.fromisoformat(alert.facts["since"]) if alert.monitoring_service == MONITOR else None
    except (KeyError, ValueError):
        return None
    return since if since and since.tzinfo and since <= alert.fired_at else None


def as_anybody_knows(
    client: df.SyncDurableFunctionsClient, world: Runtime, plan: Plan, now: datetime
) -> Began | None:
    """For a run that a person starts without a word of since when: as above, of the incident that offers the plan."""
    return _declared(world, plan, now) or _probed(client, plan) or _alerted(client, world, plan)


def _declared(world: Runtime, plan: Plan, now: datetime) -> Began | None:
    moments = [
        own_time(began, now, world.settings.retry_scale)
        for began in _impacts(world, plan)
        if timedelta(0) <= now - began <= NEWEST
    ]
    return Began(min(moments), "service_health") if moments else None


def _impacts(world: Runtime, plan: Plan) -> Iterator[datetime]:
    """Since when Azure says that regions of the plan's services are impacted; nothing where it cannot be asked."""
    services = (world.estate.service_named(name) for name in plan.services)
    for region in dict.fromkeys(service.region for service in services if service is not None):
        try:
            declared = world.azure.outages.declared(region)
        except AzureCallFailed:
            continue
        yield from (event.began for event in declared if event.began is not None)


def _probed(client: df.SyncDurableFunctionsClient, plan: Plan) -> Began | None:
    kept = client.get_entity(HEALTH)
    try:
        health = Health.from_wire((kept.get_typed_state() if kept is not None else None) or {})
    except ValueError:
        return None
    down = (one for name, one in health.watched.items() if name in plan.services and one.down)
    failed = [one.since for one in down if one.since]
    return Began(min(failed) - PROBED_EVERY, "probe") if failed else None


def _alerted(client: df.SyncDurableFunctionsClient, world: Runtime, plan: Plan) -> Began | None:
    fired = [
        one.alert.fired_at
        for one in incidents(client)
        if one.plan == plan.name and one.state is not IncidentState.CLOSED and world.signer.is_ours(one.alert)
    ]
    return Began(min(fired), "alert") if fired else None
