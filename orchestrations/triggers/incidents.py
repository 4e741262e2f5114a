"""`/incidents`: what is open, and who takes it."""

import json
import re
from datetime import UTC, datetime
from typing import Literal

import azure.durable_functions as df
import azure.functions as func
from durabletask.client import OrchestrationQuery, OrchestrationState

from orchestrations.triggers.caller import Caller
from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.problem import Problem
from orchestrations.triggers.runs import Steer
from shared.model.incident import Incident, IncidentState, Remediation
from shared.model.run import Control
from shared.runtime import Runtime

type Verb = Literal["acknowledge", "resolve", "remediate"]

INCIDENT_ID = re.compile(r"^inc-[0-9a-f]{16}-[0-9]{1,9}$")


def list_incidents(request: Request) -> func.HttpResponse:
    """All incidents, the newest first."""
    newest = sorted(incidents(request.client), key=lambda one: one.opened_at, reverse=True)
    return reply({"incidents": [incident.to_wire() for incident in newest[:200]]})


def incidents(client: df.SyncDurableFunctionsClient) -> tuple[Incident, ...]:
    """All incidents as they stand, in no order."""
    query = OrchestrationQuery(instance_id_prefix="inc-", fetch_inputs_and_outputs=True)
    found = (_incident(state) for state in client.get_all_orchestration_states(query))
    return tuple(one for one in found if one)


def show_incident(request: Request) -> func.HttpResponse:
    """One incident."""
    return reply(found(request.client, request.route["id"]).to_wire())


def acknowledge_incident(request: Request) -> func.HttpResponse:
    """Say that somebody is on it."""
    return _steer(request, "acknowledge")


def resolve_incident(request: Request) -> func.HttpResponse:
    """Close it."""
    return _steer(request, "resolve")


def remediate_incident(request: Request) -> func.HttpResponse:
    """Start the plan that the estate offers for it; whoever says so is the run's requester."""
    return _steer(request, "remediate")


def show_incident_report(request: Request) -> func.HttpResponse:
    """The incident for people: the live page, and the record for good once it is over."""
    wanted = request.query.get("format", "html")
    if wanted not in {"html", "json"}:
        raise Problem(400, "format is html or json", errors=[{"field": "format", "problem": "html or json"}])
    incident = found(request.client, request.route["id"])
    if wanted == "json":
        return reply(incident.to_wire())
    from orchestrations.triggers.pages import html  # noqa: PLC0415 - templates only when somebody reads
    from shared.reports import incident_report  # noqa: PLC0415

    return html(incident_report.html(incident, time_zone=request.world.estate.time_zone))


def _steer(request: Request, verb: Verb) -> func.HttpResponse:
    body, incident = request.body(Steer), found(request.client, request.route["id"])
    decide(request.client, request.world, request.caller, incident, verb, body.reason)
    return reply({"incident_id": incident.id, "decision": verb}, 202)


def decide(
    client: df.SyncDurableFunctionsClient,
    world: Runtime,
    caller: Caller,
    incident: Incident,
    verb: Verb,
    reason: str,
) -> None:
    """Hand somebody's signed decision to the incident; 409 when it is closed already."""
    if incident.state is IncidentState.CLOSED:
        raise Problem(409, f"{incident.id} is closed already")
    if verb == "remediate":
        if not incident.plan:
            raise Problem(409, f"the estate names no plan for {incident.alert.rule}")
        if incident.remediation is Remediation.RUNNING:
            raise Problem(409, f"{incident.run_ids[-1]} works on it already")
    control = Control(
        run_id=incident.id,
        verb=verb,
        actor=caller.name,
        actor_id=caller.id,
        reason=reason,
        decided_at=datetime.now(UTC),
    )
    client.raise_orchestration_event(incident.id, "decision", data=world.signer.sign(control).to_wire())


def found(client: df.SyncDurableFunctionsClient, wanted: str) -> Incident:
    """The incident of that id, as it stands; 404 when there is none."""
    state = client.get_orchestration_state(wanted) if INCIDENT_ID.fullmatch(wanted) else None
    incident = _incident(state) if state is not None else None
    if incident is None:
        raise Problem(404, f"there is no incident '{wanted[:80]}'")
    return incident


def _incident(state: OrchestrationState) -> Incident | None:
    kept = state.serialized_output or state.serialized_custom_status
    return Incident.from_wire(json.loads(kept)) if kept and state.name == "handle_incident" else None
