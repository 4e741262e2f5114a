"""What an incident does outside: who is told, which plan is started, and what stands in ticket and record."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrations.outage_start import Began, as_an_alert_says
from orchestrations.start import Requester, signed_request
from orchestrations.telling import tell
from orchestrations.triggers.incident_page import link_to
from shared.actions.action import Call
from shared.actions.proof import Proof
from shared.actions.region_state import region_out
from shared.errors import AzureCallFailed, EstateInvalid, ParametersInvalid
from shared.gateways.azure import Azure
from shared.gateways.tickets import Ticket
from shared.model.estate import Estate, RemediationRule
from shared.model.incident import Incident
from shared.model.plan import Mode, Plan
from shared.model.wire import Wire
from shared.planners import routing, silences
from shared.plans.catalog import catalog
from shared.plans.planning import PlanRequest
from shared.reports import incident_report
from shared.reports.incident_report import Message
from shared.runtime import Runtime, runtime

AGAIN_AFTER = 60.0
"""Seconds until a remediation that met another run on its services is tried again; then twice as long, and so on."""

LATELY = timedelta(minutes=1)
"""What counts as now when it is asked whether it still hurts: long enough for requests to be logged."""


def _incident(payload: Wire) -> Incident:
    return Incident.from_wire(payload["incident"])


def assess_incident(_ctx: object, payload: dict[str, Any]) -> dict[str, Any]:
    """What the estate says of an incident: whose it is, who is told when, and the run that answers it, signed."""
    world, incident = runtime(), _incident(payload)
    estate, limits = world.estate, world.estate.limits
    silent = silences.ours(payload["silences"], world.signer)
    rule, request = rule_for(estate, incident), None
    routed = routing.route(estate, incident, datetime.now(UTC), silent, rule)
    notes, plan = list(routed.notes), rule.plan if rule is not None else ""
    if not world.signer.is_ours(incident.alert):
        notes.append("the alert is not signed by this app: nothing is started")
    elif routed.held_until is not None and "asked_by" not in payload:
        notes.append("nothing is started before it ends, but what somebody asks for")
    elif rule is None:
        notes.append(f"the estate names no plan for {incident.alert.rule}: people decide")
    elif rule.in_outage and (why := _outage(world, routed.service)):
        plan = rule.in_outage
        notes.append(f"{why}: remediation would help nobody there, {plan} is offered instead")
        if "asked_by" in payload:
            notes.append(
                f"start {plan} with POST /api/recovery/{plan}; say outage_started_at if you know better than Azure"
            )
    elif rule.start == "start" or "asked_by" in payload:
        try:
            request = remediation_request(world, incident, rule, payload)
        except (EstateInvalid, ParametersInvalid, ValueError) as error:
            notes.append(f"{rule.plan} could not be planned: {str(error)[:400]}")
    else:
        notes.append(f"offers {rule.plan}: start it with POST /api/incidents/{incident.id}/remediate")
    return {
        "security": incident.alert.security or (rule is not None and rule.security),
        "service": routed.service,
        "tenant": incident.alert.tenant,
        "policy": routed.policy,
        "ladder": [rung.to_wire() for rung in routed.ladder],
        "silenced_until": routed.silenced_until.isoformat() if routed.silenced_until else None,
        "held_until": routed.held_until.isoformat() if routed.held_until else None,
        "plan": plan,
        "request": request,
        "ticket_system": routed.ticket_system,
        "notes": notes,
        "quiet_seconds": limits.quiet_before_close.total_seconds(),
        "acknowledged_seconds": limits.acknowledged_for.total_seconds(),
        "again_after": AGAIN_AFTER * world.settings.retry_scale,
        "pace": world.settings.retry_scale,
    }


def _outage(world: Runtime, service: str) -> str:
    """Why the region of that service counts as out, or nothing; what cannot be asked is no outage."""
    found = world.estate.service_named(service)
    try:
        return region_out(world.estate, world.azure, found.region) if found is not None else ""
    except AzureCallFailed:
        return ""


def remediation_request(world: Runtime, incident: Incident, rule: RemediationRule, order: Wire) -> Wire:
    """The signed start of the rule's plan for this incident; each attempt is a run of its own.

    `order` may say who asked for it: then that person is the requester, and not the alert.
    """
    plan, parameters = plan_for(world.estate, incident, rule)
    began = Began(incident.alert.fired_at, "alert")
    if catalog()[rule.plan].for_outages:
        began = as_an_alert_says(world, plan, incident.alert, datetime.now(UTC))
        plan, parameters = plan_for(world.estate, incident, rule, began.at)
    attempt, asked = order["attempt"], order.get("asked_by")
    run_id = f"{plan.kind}-{plan.name}-{incident.id}" + (f"-{attempt}" if attempt > 1 else "")
    return signed_request(
        world,
        plan,
        mode=Mode.REAL,
        requester=Requester(asked["id"], asked["name"])
        if asked
        else Requester(f"system:alert/{incident.id}", f"alert {incident.alert.rule}"),
        reason=f"incident {incident.id}" + (f": {asked['reason']}" if asked else ""),
        outage_started_at=began.at,
        rto_basis=began.basis,
        parameters=parameters,
        run_id=run_id,
    ).to_wire()


def plan_for(
    estate: Estate, incident: Incident, rule: RemediationRule, began: datetime | None = None
) -> tuple[Plan, Wire]:
    """The concrete plan, and the parameters it was made with: the estate's, and what the alert is about.

    `began`: when it began to hurt; with the alert where nothing else is known.
    """
    maker, alert = catalog()[rule.plan], incident.alert
    about: Wire = {"resources": list(alert.resources), "dimensions": dict(alert.dimensions)}
    takes = maker.parameters.model_fields
    parameters = {**{name: value for name, value in about.items() if name in takes}, **rule.parameters}
    request = PlanRequest(mode=Mode.REAL, outage_started_at=began or alert.fired_at)
    return maker(estate, request, maker.parameters.model_validate(parameters)), parameters


def verify_recovered(_ctx: object, payload: dict[str, Any]) -> dict[str, Any]:
    """Whether what the incident is about answers again, as its users would see it."""
    world, incident = runtime(), _incident(payload)
    service = world.estate.service_named(incident.service)
    if service is None or service.health_url is None:
        return {"healthy": True, "seen": "Azure Monitor says so, and there is no health address to ask"}
    seen = world.azure.probe(service.health_url)
    said = f"{service.health_url} answers {seen.status or 'nothing'} {seen.detail}".strip()
    return {"healthy": seen.healthy, "seen": said}


def recovered_meanwhile(_ctx: object, payload: dict[str, Any]) -> dict[str, Any]:
    """Whether the plan's own proof holds by now, because another run on the same services or a maintenance has helped.

    Asked before a run begins that had to wait for them: guardrails would keep it from doing the same again, and what
    comes later on the ladder would be done to what is well.
    """
    world = runtime()
    now, pace = datetime.now(UTC), world.settings.retry_scale
    why = unproved(world.estate, world.azure, _incident(payload), now, pace)
    return {"healthy": not why, "seen": why or "all that the plan would bring about is so already"}


def unproved(estate: Estate, azure: Azure, incident: Incident, now: datetime, pace: float) -> str:
    """Why what the incident's plan would bring about is not so by now, or nothing; `pace` as `Call` has it."""
    rule = rule_for(estate, incident)
    steps = plan_for(estate, incident, rule)[0].steps if rule is not None else ()
    proofs = [Proof.from_wire(step.params["proof"]) for step in steps if step.params.get("proof")]
    if not proofs:
        return "nothing proves it"
    call = Call(estate, azure, incident.id, "recovered_meanwhile", Mode.REAL, now, pace=pace)
    return proofs[0].broken(call, now - LATELY * pace)


def mail_incident(_ctx: object, payload: dict[str, Any]) -> bool:
    """Mail to people, once for each `what`. Where nobody is named those who are paged for everything hear it."""
    world, incident = runtime(), _incident(payload)
    words = _words(world, incident, payload)
    to = tuple(payload["to"]) or world.estate.on_call
    tell(world, f"{incident.id}/{payload['what']}", to, words.subject, words.text, html=words.html)
    return True


def message_channel(_ctx: object, payload: dict[str, Any]) -> bool:
    """A message to a chat or pager; each channel is an activity of its own, so that one that is down repeats none."""
    world, incident = runtime(), _incident(payload)
    words, channel = _words(world, incident, payload), payload["channel"]
    key = f"{incident.id}/{payload['what']}"
    world.azure.chat.send(channel, key, words.subject, words.short, incident.severity)
    return True


def _words(world: Runtime, incident: Incident, payload: Wire) -> Message:
    address = link_to(world.signer, world.settings.app_url, incident.id)
    return incident_report.message(
        incident, address=address, time_zone=world.estate.time_zone, why=payload.get("why", "")
    )


def open_ticket(_ctx: object, payload: dict[str, Any]) -> dict[str, Any]:
    """The incident's ticket; asked for again it is the same one."""
    world, incident = runtime(), _incident(payload)
    words = _words(world, incident, payload)
    ticket = Ticket(
        key=incident.id,
        title=words.subject,
        text=words.text,
        severity=incident.severity,
        url=f"{world.settings.app_url}/api/incidents/{incident.id}",
    )
    opened = world.azure.tickets.open(payload["system"], ticket)
    return opened.to_wire()


def note_in_ticket(_ctx: object, payload: dict[str, Any]) -> bool:
    """What a run did stands in the ticket as well."""
    world, incident = runtime(), _incident(payload)
    if incident.ticket is None:
        return False
    said = "\n".join(incident.tried) or incident.timeline[-1].what
    world.azure.tickets.note(incident.ticket, payload["key"], said)
    return True


def close_ticket(_ctx: object, payload: dict[str, Any]) -> bool:
    """The ticket is closed with the incident."""
    world, incident = runtime(), _incident(payload)
    if incident.ticket is None:
        return False
    world.azure.tickets.close(incident.ticket, incident.close_reason)
    return True


def publish_incident(_ctx: object, payload: dict[str, Any]) -> bool:
    """Keep the post-incident record, for programs and for people, in blob storage."""
    world, incident = runtime(), _incident(payload)
    platform, zone = world.estate.platform, world.estate.time_zone
    files = {
        "incident.json": (json.dumps(incident.to_wire(), indent=2).encode(), "application/json"),
        "incident.html": (
            incident_report.html(incident, time_zone=zone).encode(),
            "text/html; charset=utf-8",
        ),
    }
    for name, (content, media_type) in files.items():
        path = f"incidents/{incident.id}/{name}"
        world.azure.blobs.write(
            platform.records_account_url, platform.records_container, path, content, media_type
        )
    return True


def page_unreadable_alert(_ctx: object, payload: dict[str, Any]) -> bool:
    """An alert came that is none we can read: people must look, because Azure Monitor will not send it again."""
    world = runtime()
    text = f"{payload['problem']}\n\nWhat came, as far as it fits:\n\n{payload['content']}\n"
    tell(world, f"{payload['id']}/unreadable", world.estate.on_call, "An alert could not be read", text)
    return True


def rule_for(estate: Estate, incident: Incident) -> RemediationRule | None:
    """What the estate says of the incident's alert rule."""
    wanted = incident.alert.rule.lower()
    return next((rule for rule in estate.remediation if rule.alert_rule.lower() == wanted), None)
