"""`POST /alerts`: Azure Monitor's action groups report here, as often and in whatever order they like."""

import time
from collections import OrderedDict
from threading import Lock

import azure.durable_functions as df
import azure.functions as func
import grpc
from durabletask.entities import EntityInstanceId
from pydantic import ValidationError

from orchestrations.entities import NO_INCIDENT
from orchestrations.triggers.endpoint import BODY_LIMIT, answer, reply
from orchestrations.triggers.problem import Problem
from shared.model.alert import Alert
from shared.model.common_alert import CommonAlert
from shared.model.incident_id import incident_id
from shared.model.wire import Wire
from shared.runtime import Runtime

SETTLED_WITHIN = 4.0
"""Seconds; action groups wait five for an answer."""

WAKE_EVERY, WAKE_SELDOM = 10.0, 300.0
"""Seconds; an incident looks again by itself, so a cause that flaps wakes it ever more seldom: history is dear."""
CALM = 3600.0
"""Seconds without news after which an incident is woken as promptly as at first."""


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


class _Lately:
    """What this process has lately handed on, so that repeats cost nothing, and at once or one after the other.

    Only a shortcut: the entity of the cause knows as well, across processes and restarts.
    """

    def __init__(self, room: int = 20_000) -> None:
        self._room, self._lock = room, Lock()
        self._answers: OrderedDict[str, Wire] = OrderedDict()
        self._woken: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._causes = tuple(Lock() for _ in range(64))

    def cause(self, fingerprint: str) -> Lock:
        """One alert of a cause at a time."""
        return self._causes[int(fingerprint[:4], 16) % len(self._causes)]

    def answer(self, seen: str) -> Wire | None:
        """What was answered to this very alert."""
        return self._answers.get(seen)

    def keep(self, seen: str, given: Wire) -> Wire:
        """Remember an answer; its repeats are told that they are repeats."""
        with self._lock:
            self._answers[seen] = {**given, "deduplicated": True}
            while len(self._answers) > self._room:
                self._answers.popitem(last=False)
        return given

    def may_wake(self, incident: str) -> bool:
        """Whether that incident has had its peace for long enough."""
        now = time.monotonic()
        with self._lock:
            last, times = self._woken.get(incident, (now - CALM, 0))
            times = 0 if now - last >= CALM else times
            if now - last < min(WAKE_EVERY * 2 ** min(times - 1, 10), WAKE_SELDOM) and times:
                return False
            self._woken[incident] = (now, times + 1)
            while len(self._woken) > self._room:
                self._woken.popitem(last=False)
        return True


LATELY = _Lately()


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
    before = _state(client, entity)
    if alert.seen_as not in before["seen"]:
        signed = world.signer.sign(alert)
        order = {"alert": signed.to_wire(), "seen_as": alert.seen_as, "at": alert.at.timestamp()}
        client.signal_entity(entity, "report", order)
    if before["open"]:
        return _woken(client, alert, before["generation"])
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


def _woken(client: df.SyncDurableFunctionsClient, alert: Alert, generation: int) -> Wire:
    """The incident is open: tell it that there is news, unless it has just been told."""
    incident = incident_id(alert.fingerprint, generation)
    if LATELY.may_wake(incident):
        client.raise_orchestration_event(incident, "alert", data={})
    return _taken(alert, generation, opened=False)


def _state(client: df.SyncDurableFunctionsClient, entity: EntityInstanceId) -> Wire:
    found = client.get_entity(entity)
    return (found.get_typed_state() if found is not None else None) or NO_INCIDENT


def _taken(alert: Alert, generation: int, *, opened: bool) -> Wire:
    number = incident_id(alert.fingerprint, generation) if generation else None
    return {"incident_id": number, "deduplicated": not opened}
