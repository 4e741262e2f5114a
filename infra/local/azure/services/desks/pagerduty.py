"""PagerDuty's Events API v2: one alert for each dedup key, until it is resolved."""

from infra.local.azure.core.clock import iso
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.desks import desk

HOST = "events.pagerduty.com"
TABLE = "pagerduty alert"
_SEVERITIES = {"critical", "error", "warning", "info"}
service = Service("pagerduty")


def _invalid(*errors: str) -> Answer:
    return Answer(
        400, {"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)}
    )


@service.on("POST", HOST, "/v2/enqueue", token=False)
def enqueue(world: World, request: Request) -> Answer:
    if answer := desk.unavailable(world, request, desk.TICKETS_DOWN, desk.CHAT_DOWN):
        return answer
    event = request.json
    names = {key: name for name, key in desk.PAGER_KEYS.items()}
    routed = names.get(str(event.get("routing_key")))
    if routed is None:
        return _invalid("Invalid routing key")
    action, key = event.get("event_action"), str(event.get("dedup_key") or world.new_id())
    if action not in {"trigger", "acknowledge", "resolve"}:
        return _invalid("'event_action' is missing or not one of trigger, acknowledge, resolve")
    if len(key) > 255:
        return _invalid("'dedup_key' is longer than 255 characters")
    if action == "trigger":
        payload: Json = event.get("payload") or {}
        if not payload.get("summary") or not payload.get("source"):
            return _invalid("'payload.summary' is missing or blank", "'payload.source' is missing or blank")
        if payload.get("severity") not in _SEVERITIES:
            return _invalid("'payload.severity' is invalid (must be one of critical, error, warning, info)")
        _trigger(world, routed, key, payload)
    elif row := _open(world, routed, key):
        world.table(TABLE).put(
            row["id"], {**row, "status": "resolved" if action == "resolve" else "acknowledged"}
        )
    return Answer(202, {"status": "success", "message": "Event processed", "dedup_key": key})


def _open(world: World, routed: str, key: str) -> Json | None:
    for _, row in world.table(TABLE).rows():
        if row["service"] == routed and row["key"] == key and row["status"] != "resolved":
            return row
    return None


def _trigger(world: World, routed: str, key: str, payload: Json) -> None:
    line = {"summary": payload["summary"], "details": payload.get("custom_details")}
    if row := _open(world, routed, key):
        world.table(TABLE).put(row["id"], {**row, "log": [*row["log"], line]})
        return
    opened: Json = {
        "id": f"{sum(1 for _ in world.table(TABLE).rows()):06d}",
        "at": world.now,
        "service": routed,
        "key": key,
        "status": "triggered",
        "severity": payload["severity"],
        "log": [line],
    }
    world.table(TABLE).put(opened["id"], opened)


@service.truth("pages")
def truth(world: World) -> list[Json]:
    """List alerts, oldest first; `service` is the secret whose integration key they came by."""
    return [{**row, "at": iso(row["at"])} for _, row in world.table(TABLE).rows()]
