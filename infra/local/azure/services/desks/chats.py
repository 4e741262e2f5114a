"""Chats' webhooks: Slack's incoming ones, and Teams' through a workflow."""

from typing import cast

from infra.local.azure.core.clock import iso
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.desks import desk

TABLE = "chat message"
service = Service("chats")


@service.on("POST", "hooks.slack.com", "/services/{team}/{bot}/{token}", token=False)
def slack(world: World, request: Request) -> Answer:
    if answer := desk.unavailable(world, request, desk.CHAT_DOWN):
        return answer
    team, bot, token = (request.params[name] for name in ("team", "bot", "token"))
    if (team, bot) != desk.SLACK_TOKEN[:2]:
        return Answer(404, "no_service")
    if token != desk.SLACK_TOKEN[2]:
        return Answer(403, "invalid_token")
    texts = _texts(request.json)
    if not texts:
        return Answer(400, "no_text")
    _keep(world, "chat-operations", texts)
    return Answer(200, b"ok", {"Content-Type": "text/html"})


@service.on("POST", desk.TEAMS_HOST, "/workflows/{workflow}/triggers/manual/paths/invoke", token=False)
def teams(world: World, request: Request) -> Answer:
    if answer := desk.unavailable(world, request, desk.CHAT_DOWN):
        return answer
    known = request.params["workflow"] == desk.TEAMS_WORKFLOW
    if not known or request.query.get("sig") != desk.TEAMS_SIGNATURE:
        code, message = (
            "DirectApiAuthorizationRequired",
            "The request must be authenticated only by Shared Access scheme.",
        )
        return Answer(401, {"error": {"code": code, "message": message}})
    _keep(world, "chat-landing-zone", _texts(request.json))
    return Answer(202)


def _texts(value: object) -> list[str]:
    """Return what people read of a message, in whatever blocks or cards it stands."""
    if isinstance(value, dict):
        fields = cast("Json", value)
        return [
            text
            for name, inner in fields.items()
            for text in ([inner] if name in {"text", "title"} and isinstance(inner, str) else _texts(inner))
        ]
    if isinstance(value, list):
        return [text for inner in cast("list[object]", value) for text in _texts(inner)]
    return []


def _keep(world: World, channel: str, texts: list[str]) -> None:
    number = sum(1 for _ in world.table(TABLE).rows())
    row: Json = {"at": world.now, "channel": channel, "text": "\n".join(text for text in texts if text)}
    world.table(TABLE).put(f"{number:06d}", row)


@service.truth("messages")
def truth(world: World) -> list[Json]:
    """List messages, oldest first; `channel` is the secret whose address they came by."""
    return [{**row, "at": iso(row["at"])} for _, row in world.table(TABLE).rows()]
