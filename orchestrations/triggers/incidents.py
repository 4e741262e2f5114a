"""`/incidents`: what is open, and who takes it."""

import json
import re
from datetime import UTC, datetime
from typing import Literal

import azure.functions as func
from durabletask.client import OrchestrationQuery, OrchestrationState

from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.problem import Problem
from orchestrations.triggers.runs import Steer
from shared.model.alert import Incident, IncidentState
from shared.model.run import Control

INCIDENT_ID = re.compile(r"^inc-[0-9a-f]{16}-[0-9]{1,9}$")


def list_incidents(request: Request) -> func.HttpResponse:
    """All incidents, the newest first."""
    query = OrchestrationQuery(instance_id_prefix="inc-", fetch_inputs_and_outputs=True)
    found = [_incident(state) for state in request.client.get_all_orchestration_states(query)]
    newest = sorted((one for one in found if one), key=lambda one: one.opened_at, reverse=True)
    return reply({"incidents": [incident.to_wire() for incident in newest[:200]]})


def show_incident(request: Request) -> func.HttpResponse:
    """One incident."""
    return reply(_found(request).to_wire())


def acknowledge_incident(request: Request) -> func.HttpResponse:
    """Say that somebody is on it."""
    return _decide(request, "acknowledge")


def resolve_incident(request: Request) -> func.HttpResponse:
    """Close it."""
    return _decide(request, "resolve")


def _decide(request: Request, verb: Literal["acknowledge", "resolve"]) -> func.HttpResponse:
    body, incident = request.body(Steer), _found(request)
    if incident.state is IncidentState.CLOSED:
        raise Problem(409, f"{incident.id} is closed already")
    control = Control(
        run_id=incident.id,
        verb=verb,
        actor=request.caller.name,
        actor_id=request.caller.id,
        reason=body.reason,
        decided_at=datetime.now(UTC),
    )
    signed = request.world.signer.sign(control)
    request.client.raise_orchestration_event(incident.id, "decision", data=signed.to_wire())
    return reply({"incident_id": incident.id, "decision": verb}, 202)


def _found(request: Request) -> Incident:
    wanted = request.route["id"]
    state = request.client.get_orchestration_state(wanted) if INCIDENT_ID.fullmatch(wanted) else None
    incident = _incident(state) if state is not None else None
    if incident is None:
        raise Problem(404, f"there is no incident '{wanted[:80]}'")
    return incident


def _incident(state: OrchestrationState) -> Incident | None:
    kept = state.serialized_output or state.serialized_custom_status
    return Incident.from_wire(json.loads(kept)) if kept and state.name == "handle_incident" else None
