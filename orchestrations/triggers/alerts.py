"""`POST /alerts`: Azure Monitor's action groups report here."""

import time
from typing import TYPE_CHECKING

import azure.durable_functions as df
import azure.functions as func
import grpc
from durabletask.entities import EntityInstanceId
from pydantic import ValidationError

from orchestrations.app import app
from orchestrations.triggers.endpoint import BODY_LIMIT, answer, reply
from orchestrations.triggers.problem import Problem
from shared.importing import IMPORTING
from shared.model.incident_id import incident_id
from shared.model.wire import Wire
from shared.runtime import Runtime

if TYPE_CHECKING:
    from shared.model.alert import Alert

NOTHING_KNOWN: Wire = {"generation": 0, "open": False, "seen": {}}

SETTLED_WITHIN = 4.0
"""Seconds; action groups wait five for an answer."""


@app.route(route="alerts", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@app.durable_client_input(client_name="client")
def receive_alert(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    """202 with the incident; 400 for what is no alert (and people are told); 503 when it could not be kept."""

    def take(world: Runtime) -> func.HttpResponse:
        try:
            return _report(client, world.signer.sign(_parsed(req.get_body(), client)))
        except grpc.RpcError as error:
            raise Problem(503, "the alert could not be stored: send it again") from error

    return answer(take)


def _parsed(body: bytes, client: df.SyncDurableFunctionsClient) -> "Alert":
    with IMPORTING:
        from shared.model.alert import CommonAlert  # noqa: PLC0415 - with the first alert

    problem = Problem(413, f"an alert is smaller than {BODY_LIMIT} bytes")
    try:
        if len(body) <= BODY_LIMIT:
            return CommonAlert.model_validate_json(body).alert()
    except ValidationError as error:
        problem = _problem(error)
    # Action groups take a 4xx for final, so somebody has to look at what came.
    client.schedule_new_orchestration(
        "report_unreadable_alert",
        input={"problem": problem.detail, "content": body[:4000].decode("utf-8", "replace")},
    )
    raise problem


def _problem(error: ValidationError) -> Problem:
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in found["loc"]) or "(body)"
    return Problem(
        400,
        f"{field}: {found['msg']}; only the common alert schema is read here: switch it on in the action group",
        errors=[{"field": field, "problem": found["msg"]}],
    )


def _report(client: df.SyncDurableFunctionsClient, alert: "Alert") -> func.HttpResponse:
    """Hand it to the entity of its cause, and wait until that has said which incident it belongs to."""
    entity = EntityInstanceId("open_incident", alert.fingerprint)
    seen = f"{alert.id}/{alert.condition}"
    known = _state(client, entity)
    if seen in known["seen"]:
        return _taken(alert, known["generation"], opened=False)
    client.signal_entity(entity, "report", alert.to_wire())
    deadline = time.monotonic() + SETTLED_WITHIN
    while time.monotonic() < deadline:
        state = _state(client, entity)
        if seen in state["seen"]:
            opened = state["seen"][seen]
            if not opened and state["open"]:
                client.raise_orchestration_event(
                    incident_id(alert.fingerprint, state["generation"]), "alert", data=alert.to_wire()
                )
            return _taken(alert, state["generation"], opened=opened)
        time.sleep(0.02)
    return _taken(alert, known["generation"] + (0 if known["open"] else 1), opened=not known["open"])


def _state(client: df.SyncDurableFunctionsClient, entity: EntityInstanceId) -> Wire:
    found = client.get_entity(entity)
    return (found.get_typed_state() if found is not None else None) or NOTHING_KNOWN


def _taken(alert: "Alert", generation: int, *, opened: bool) -> func.HttpResponse:
    number = incident_id(alert.fingerprint, generation) if generation else None
    return reply({"incident_id": number, "deduplicated": not opened}, 202)
