"""What the ticket systems and chats have in common: their secrets, the faults that take them down, the truth."""

import base64
import binascii

from infra.local.azure.core.clock import iso
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.key_vault import state
from infra.local.azure.services.key_vault.seed import OPERATIONS

TICKETS_DOWN, CHAT_DOWN = "ticket_system_down", "chat_down"
TICKETS = "ticket"
PAGER_KEYS = {
    "tickets-pagerduty": "a1c05fd1c94d4b0ab1d27e0f34f8a001",
    "pager-operations": "a1c05fd1c94d4b0ab1d27e0f34f8a002",
    "pager-landing-zone": "a1c05fd1c94d4b0ab1d27e0f34f8a003",
    "pager-security": "a1c05fd1c94d4b0ab1d27e0f34f8a004",
}
SLACK_TOKEN = ("T0FASOPS1", "B0FASOPS1", "localOperationsHook00001")
TEAMS_HOST, TEAMS_WORKFLOW = "prod-12.eastus2.logic.azure.com", "6c1f0a5d2b7e4c3f9a80d1e2f3a4b5c6"
TEAMS_SIGNATURE = "local-LandingZone_Hook-0001"
SECRETS = {
    "tickets-servicenow": "local-servicenow-password",
    "tickets-jira": "local-jira-token",
    "tickets-azure-devops": "local-azure-devops-token",
    "tickets-pagerduty": PAGER_KEYS["tickets-pagerduty"],
    "chat-operations": f"slack://{'/'.join(SLACK_TOKEN)}",
    "chat-landing-zone": f"workflows://{TEAMS_HOST}:443/{TEAMS_WORKFLOW}/{TEAMS_SIGNATURE}",
    **{
        name: f"pagerduty://{key}@local-pagerduty-token/foundry-ops/incidents"
        for name, key in PAGER_KEYS.items()
        if name.startswith("pager-")
    },
}
service = Service("desks")


@service.seed
def plant(world: World) -> None:
    for name, value in SECRETS.items():
        at = world.now - 120 * state.DAY
        state.add_version(world, OPERATIONS, name, {"value": value, "created": at, "updated": at})


@service.fault(TICKETS_DOWN)
@service.fault(CHAT_DOWN)
def down(world: World, fault: Json) -> None:
    """Nothing happens at once: each request looks for the fault."""
    del world, fault


def unavailable(world: World, request: Request, *kinds: str) -> Answer | None:
    """Return the answer of a system that is away, if one of those faults hits its host."""
    for fault in world.faults.active(*kinds):
        if fault["target"] == "*" or fault["target"].lower() in request.host:
            return Answer(503, "<html><body>Service Unavailable</body></html>", {"Content-Type": "text/html"})
    return None


def signed_in(request: Request, account: str, secret: str) -> bool:
    """Whether the request carries that user and what the vault was given for it."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return kind.lower() == "basic" and given == f"{account}:{SECRETS[secret]}"


@service.truth("tickets")
def truth(world: World) -> list[Json]:
    """List tickets of all systems, oldest first."""
    rows = sorted((row for _, row in world.table(TICKETS).rows()), key=lambda row: row["at"])
    return [{**row, "at": iso(row["at"])} for row in rows]


def count(world: World, system: str) -> int:
    return sum(1 for _, row in world.table(TICKETS).rows() if row["system"] == system)


def tickets(world: World, system: str) -> list[Json]:
    rows = [dict(row) for _, row in world.table(TICKETS).rows() if row["system"] == system]
    return sorted(rows, key=lambda row: row["at"])


def keep(world: World, row: Json) -> Json:
    """Put a ticket: system, number, id, key, title, text, state, closed, notes [{key?, text}]."""
    kept = {"at": world.now, **row}
    world.table(TICKETS).put(f"{row['system']}/{row['id']}", kept)
    return kept


def ticket(world: World, system: str, number: str) -> Json | None:
    return world.table(TICKETS).get(f"{system}/{number}")
