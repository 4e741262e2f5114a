"""`POST /alerts`: Azure Monitor's action groups report here, as often and in whatever order they like."""

import time

import azure.durable_functions as df
import azure.functions as func
import grpc
from durabletask.entities import EntityInstanceId
from pydantic import ValidationError

from orchestrations.entities import NO_INCIDENT
from orchestrations.triggers.endpoint import BODY_LIMIT, answer, reply
from orchestrations.triggers.lately import Lately
from orchestrations.triggers.problem import Problem
from shared.model.alert import Alert
from shared.model.common_alert import CommonAlert
from shared.model.incident_id import incident_id
from shared.model.wire import Wire
from shared.runtime import Runtime

SETTLED_WITHIN = 4.0
"""Seconds; action groups wait five for an answer."""

LATELY = Lately()


def receive_alert(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    """202 with the incident; 400 for what is no alert (and people are told); 503 when it could not be kept."""

    def take(world: Runtime) -> func.HttpResponse:
        try:
            alert = parsed(req.get_body(), client)
            return reply(report(client, world, alert), 202)
        except grpc.RpcError as error:
            raise Problem(503, "the alert could not be stored: send it again") from error

    return answer(take)


def parsed(body: bytes, client: df.SyncDurableFunctionsClient) -> Alert:
    """The alert that was sent; 400 when it is none, and then somebody is told."""
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


def report(client: df.SyncDurableFunctionsClient, world: Runtime, alert: Alert) -> Wire:
    """Hand an alert to the entity of its cause; says which incident it belongs to, and whether that was open."""
    key = f"{alert.fingerprint}/{alert.seen_as}"
    if (known := LATELY.answer(key)) is not None:
        return known
    with LATELY.cause(alert.fingerprint):
        if (known := LATELY.answer(key)) is not None:
            return known
        return LATELY.keep(key, _report(client, world, alert))


def _report(client: df.SyncDurableFunctionsClient, world: Runtime, alert: Alert) -> Wire:
    entity = EntityInstanceId("open_incident", alert.fingerprint)
    signed = world.signer.sign(alert)
    order = {"alert": signed.to_wire(), "seen_as": alert.seen_as, "at": alert.at.timestamp()}
    if (generation := LATELY.standing(alert)) is not None:
        client.signal_entity(entity, "report", order)
        _wake(client)
        return _taken(alert, generation, opened=False)
    before = _state(client, entity)
    if alert.seen_as not in before["seen"]:
        client.signal_entity(entity, "report", order)
    if before["open"]:
        incident = incident_id(alert.fingerprint, before["generation"])
        LATELY.news(incident, changed=not LATELY.stands(alert, before))
        _wake(client, incident)
        return _taken(alert, before["generation"], opened=False)
    if (
        alert.condition == "resolved"
        or alert.seen_as in before["seen"]
        or alert.at.timestamp() <= before["latest"]
    ):
        return _taken(alert, before["generation"], opened=False)
    deadline = time.monotonic() + SETTLED_WITHIN
    while time.monotonic() < deadline:
        state = _state(client, entity)
        if alert.seen_as in state["seen"]:
            return _taken(alert, state["generation"], opened=state["generation"] > before["generation"])
        time.sleep(0.01)
    return _taken(alert, before["generation"] + 1, opened=True)


def _wake(client: df.SyncDurableFunctionsClient, mine: str = "") -> None:
    """Tell incidents that are due that there is news; one that cannot be told asks for itself before it closes."""
    for incident in LATELY.due():
        try:
            client.raise_orchestration_event(incident, "alert", data={})
        except grpc.RpcError:
            LATELY.unheard(incident)
            if incident == mine:
                raise


def _state(client: df.SyncDurableFunctionsClient, entity: EntityInstanceId) -> Wire:
    found = client.get_entity(entity)
    return (found.get_typed_state() if found is not None else None) or NO_INCIDENT


def _taken(alert: Alert, generation: int, *, opened: bool) -> Wire:
    number = incident_id(alert.fingerprint, generation) if generation else None
    return {"incident_id": number, "deduplicated": not opened}
