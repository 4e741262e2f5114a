"""Whose an incident is: its service, its escalation ladder with people and moments, what is silent, and its tickets."""

from datetime import datetime
from typing import NamedTuple

from shared.model.estate import Estate, RemediationRule, Service
from shared.model.incident import Incident, Rung
from shared.model.silence import Silence
from shared.planners.on_call import route as ladder_of
from shared.planners.silences import silenced


class Routed(NamedTuple):
    """What `assess_incident` starts from. Until `held_until` maintenance keeps remediation from starting by itself.

    `silenced_until` may lie behind us: then it is when people's time began to count.
    """

    service: str
    policy: str
    ladder: tuple[Rung, ...]
    silenced_until: datetime | None
    ticket_system: str
    held_until: datetime | None
    notes: tuple[str, ...]


def route(
    estate: Estate,
    incident: Incident,
    now: datetime,
    silences: tuple[Silence, ...] = (),
    rule: RemediationRule | None = None,
) -> Routed:
    """Pure. A silence keeps people from being woken, a maintenance window keeps remediation from starting as well.

    A breach does not wait for the end of maintenance, which may be its very door. The ladder counts from their end,
    for nobody knew of it before. An estate without an escalation section pages its `on_call` at once.
    """
    alert, notes = incident.alert, list[str]()
    service = service_of(estate, alert.resources) or _named(estate, rule)
    if service is None:
        notes.append("none of its resources is a service of the estate")
    security = alert.security or (rule is not None and rule.security)
    windows = (
        one
        for one in estate.maintenance_windows
        if service is not None and service.name in one.services and one.begins <= now < one.ends
    )
    window = None if security else next(windows, None)
    if window is not None:
        notes.append(f"maintenance until {window.ends:%Y-%m-%d %H:%M %Z}: {window.reason}")
    silence, quiet_until = silenced(silences, alert, now), window.ends if window is not None else None
    if silence is not None:
        notes.append(
            f"silenced by {silence.by} until {silence.expires_at:%Y-%m-%d %H:%M} UTC: {silence.reason}"
        )
        quiet_until = max(silence.expires_at, quiet_until or silence.expires_at)
    if quiet_until is None and incident.silenced_until is not None:
        quiet_until = min(incident.silenced_until, now)
    begins = max(incident.opened_at, quiet_until or incident.opened_at)
    oncall = estate.escalation
    if oncall is None:
        ladder: tuple[Rung, ...] = (
            Rung(
                level=1,
                team="on call",
                due_at=begins,
                to=estate.on_call,
                channels=(),
                why="the estate has no escalation section",
            ),
        )
        policy, tickets = "", ""
    else:
        chosen = oncall.policy(service.on_call if service is not None else None)
        found = ladder_of(oncall, chosen.name, incident.severity, begins, rule=alert.rule)
        ladder = tuple(Rung.from_wire(rung.to_wire()) for rung in found)
        policy, tickets = chosen.name, chosen.tickets or ""
    return Routed(
        service=service.name if service is not None else "",
        policy=policy,
        ladder=ladder,
        silenced_until=quiet_until,
        ticket_system=tickets,
        held_until=window.ends if window is not None else None,
        notes=tuple(notes),
    )


def _named(estate: Estate, rule: RemediationRule | None) -> Service | None:
    """The service that the rule itself names: a log alert's resource is the workspace, and not what it is about."""
    return estate.service_named(rule.parameters.get("service")) if rule is not None else None


def service_of(estate: Estate, resources: tuple[str, ...]) -> Service | None:
    """The estate's service that one of those resources is, or lies in; in its own region or the recovery region."""
    for resource in resources:
        wanted = resource.lower().rstrip("/")
        for service in estate.services:
            for own in (service.resource_id, getattr(service, "recovery_resource_id", None)):
                if own and (wanted == own.lower() or wanted.startswith(f"{own.lower()}/")):
                    return service
    return None
