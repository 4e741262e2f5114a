"""The health monitor: every minute every endpoint is asked how it is, and what is down becomes an incident."""

import logging
from datetime import UTC, datetime, timedelta

import azure.durable_functions as df
import azure.functions as func
from durabletask.entities import EntityInstanceId

from orchestrations.heartbeat import beat
from orchestrations.start import is_over
from orchestrations.triggers.alerts import report
from shared.model.alert import Alert
from shared.model.estate import Estate, Service
from shared.model.severity import Severity
from shared.planners.endpoint_health import Change, Health, Seen, watch
from shared.runtime import Runtime, runtime

HEALTH = EntityInstanceId("endpoint_health", "all")
PROBED_EVERY = timedelta(minutes=1)
MONITOR = "health monitor"
TIMEOUT = 30.0
"""Seconds an endpoint has (seed 000, section 6.2.1)."""
log = logging.getLogger(__name__)


def watch_endpoints(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    """Ask all at once, count in the entity, and hand what has changed to the path that alerts take.

    Changes are reported before the counts are kept: a process that dies in between reports them again, and an alert
    that has been seen is a repeat.
    """
    del timer
    now = datetime.now(UTC)
    beat(client, now)
    look_round(client, runtime(), now)


def look_round(client: df.SyncDurableFunctionsClient, world: Runtime, now: datetime) -> None:
    """One round."""
    watched = watched_services(world.estate)
    if not watched:
        return
    answers = world.azure.probe_all((url for url in watched), timeout=TIMEOUT)
    seen = {
        service.name: Seen(
            healthy=found.healthy, said=f"{found.status or 'no answer'} {found.detail}".strip()
        )
        for url, service in watched.items()
        for found in (answers[url],)
        if found.healthy or not _is_worked_on(client, service)
    }
    kept = client.get_entity(HEALTH)
    before = Health.from_wire((kept.get_typed_state() if kept is not None else None) or {})
    after, changes = watch(before, seen, now)
    services = {service.name: service for service in watched.values()}
    for change in changes:
        log.warning("%s is %s since %s: %s", change.endpoint, change.what, change.since, change.said)
        report(client, world, alert_of(services[change.endpoint], change, now))
    if after != before:
        client.signal_entity(HEALTH, "keep", after.to_wire())


def _is_worked_on(client: df.SyncDurableFunctionsClient, service: Service) -> bool:
    """Whether a run has that service: then it may be down, and the run itself proves that it is back."""
    held = client.get_entity(EntityInstanceId("service_claim", service.name))
    holder = held.get_typed_state(str) if held is not None else None
    return bool(holder) and not is_over(client, str(holder))


def watched_services(estate: Estate) -> dict[str, Service]:
    """Each health address once, with the service that it says most about: what runs, before what leads to it."""
    found: dict[str, Service] = {}
    for service in sorted(estate.services, key=lambda one: one.kind == "traffic_route"):
        if service.health_url is not None:
            found.setdefault(service.health_url, service)
    return found


def alert_of(service: Service, change: Change, now: datetime) -> Alert:
    """The change as an alert of our own; its id makes a repeat of it a repeat."""
    number = f"health/{service.name}/{change.since:%Y%m%dT%H%M%S}"
    minutes = (now - change.since).total_seconds() / 60
    down = f"{service.health_url} has failed {change.failures} times in a row, for {minutes:.0f} min: {change.said}"
    return Alert(
        id=f"{number}/worse" if change.what == "worse" else number,
        rule=service.health_rule,
        severity=Severity.CRITICAL if change.what == "worse" else Severity.HIGH,
        condition="resolved" if change.what == "up" else "fired",
        fired_at=change.since if change.what == "up" else now,
        resolved_at=now if change.what == "up" else None,
        resources=(service.resource_id,),
        facts={"failures": str(change.failures), "since": change.since.isoformat(), "answer": change.said},
        monitoring_service=MONITOR,
        description=f"{service.health_url} answers again" if change.what == "up" else down,
    )
