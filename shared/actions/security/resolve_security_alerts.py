"""Closes the alerts of a breach once what they saw has ended."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.actions.action import Call, action
from shared.gateways.defender import SecurityAlert
from shared.model.estate import ContainerApp
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen

SILENCE = timedelta(minutes=2)
"""How long an alert must not have moved while this step looks at it."""


class Params(Frozen):
    """Whose alerts: of resources below one of `scopes` (resource group ids), and of identities."""

    scopes: tuple[str, ...]
    apps: tuple[ContainerApp, ...]


@action(changes=True)
def resolve_security_alerts(params: Params, call: Call) -> Outcome | Pending:
    """Resolves the open alerts of high severity when nothing was seen since the last clean revision began.

    An alert that was seen later must have been silent for some minutes; one that goes on keeps this step waiting,
    for then somebody is still in. All of this is told by Azure's own clock.
    """
    now = call.azure.defender.now().timestamp()
    opened = open_alerts(call.azure.defender.alerts(), params.scopes)
    cured_at = _last_revision(params, call)
    seen: dict[str, str] = call.progress.get("seen", {})
    since: dict[str, float] = call.progress.get("since", {})
    restless: list[SecurityAlert] = []
    previewing = call.azure.connection.preview is not None
    for alert in opened:
        if not _moved(alert, seen):
            quiet = now - since.get(alert.id, now) >= SILENCE.total_seconds()
        else:
            seen, since = {**seen, alert.id: str(alert.last_seen)}, {**since, alert.id: now}
            quiet = False
        if (
            quiet
            or previewing
            or (cured_at is not None and alert.last_seen is not None and alert.last_seen < cured_at)
        ):
            call.azure.defender.resolve(alert)
        else:
            restless.append(alert)
    resolved = sorted(
        {*call.progress.get("resolved", []), *(one.id for one in opened if one not in restless)}
    )
    if restless:
        told = "; ".join(f"{one.title} ({one.entity}), last seen {one.last_seen}" for one in restless)
        return call.waiting_for(
            None,
            f"waiting for silence: {told}",
            seen=seen,
            since=since,
            resolved=resolved,
            begun=bool(resolved),
        )
    return Outcome(
        summary=f"{len(resolved)} alerts are resolved, none is open",
        changed=bool(resolved),
        evidence={"resolved": resolved},
    )


def open_alerts(alerts: Iterable[SecurityAlert], scopes: tuple[str, ...]) -> tuple[SecurityAlert, ...]:
    """The open ones of high severity that concern these scopes; one about an identity concerns everybody."""
    return tuple(
        one
        for one in alerts
        if one.open
        and one.severity.lower() == "high"
        and (not one.resources or any(within(resource, scopes) for resource in one.resources))
    )


def within(resource: str, scopes: tuple[str, ...]) -> bool:
    """Whether a resource is one of the scopes, or lies below one."""
    return any(f"{resource}/".lower().startswith(f"{scope}/".lower()) for scope in scopes)


def _moved(alert: SecurityAlert, seen: dict[str, str]) -> bool:
    return seen.get(alert.id) != str(alert.last_seen)


def _last_revision(params: Params, call: Call) -> datetime | None:
    """When the newest revision of the affected apps was made: what came before it, the intruder may have done."""
    moments: list[datetime] = []
    for service in params.apps:
        app = call.azure.container_apps.app(service.resource_id)
        if app is not None:
            revisions = call.azure.app_changes.revisions(app)
            moments += [one.created for one in revisions if one.active and one.created is not None]
    return max(moments, default=None)
