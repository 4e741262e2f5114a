"""Users in Microsoft Graph: looking them up, blocking their sign-in, ending their sessions."""

from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.security import facts

HOST = "graph.microsoft.com"
USER = "/v1.0/users/{user}"
TABLE = "user"
service = Service("graph")


@service.seed
def plant(world: World) -> None:
    for number, (name, mail) in facts.USERS.items():
        row: Json = {
            "id": number,
            "displayName": name,
            "userPrincipalName": mail,
            "accountEnabled": True,
            "signInSessionsValidFromDateTime": iso(world.now - 200 * 86_400),
        }
        world.table(TABLE).put(number, row)


def _user(world: World, request: Request) -> Json:
    wanted = request.params["user"].lower()
    for _, row in world.table(TABLE).rows():
        if wanted in {row["id"].lower(), row["userPrincipalName"].lower()}:
            return dict(row)
    message = (
        f"Resource '{request.params['user']}' does not exist or one of its queried reference-property "
        "objects are not present."
    )
    raise ArmError(404, "Request_ResourceNotFound", message)


@service.on("GET", HOST, USER)
def get(world: World, request: Request) -> Answer:
    """Answer what `$select` names, else what Graph shows unasked, which is not whether one may sign in."""
    row = _user(world, request)
    wanted = request.query.get("$select", "id,displayName,userPrincipalName").split(",")
    if unknown := [name for name in wanted if name not in row]:
        raise ArmError(400, "BadRequest", f"Could not find a property named '{unknown[0]}' on type 'User'.")
    return Answer(200, {name: row[name] for name in wanted})


@service.on("PATCH", HOST, USER)
def patch(world: World, request: Request) -> Answer:
    row, change = _user(world, request), request.json
    if unknown := sorted(set(change) - {"accountEnabled", "displayName"}):
        raise ArmError(400, "Request_BadRequest", f"Property '{unknown[0]}' is read-only and cannot be set.")
    if not isinstance(change.get("accountEnabled", True), bool):
        raise ArmError(400, "Request_BadRequest", "Invalid value specified for property 'accountEnabled'.")
    if {**row, **change} != row:
        world.table(TABLE).put(row["id"], {**row, **change})
    return Answer(204)


@service.on("POST", HOST, USER + "/revokeSignInSessions")
def revoke(world: World, request: Request) -> Answer:
    """End every session of a user: each refresh token from before now is void; each call does so anew."""
    row = _user(world, request)
    row["signInSessionsValidFromDateTime"] = iso(world.now)
    world.table(TABLE).put(row["id"], {**row, "valid_from": world.now})
    context = "https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean"
    return Answer(200, {"@odata.context": context, "value": True})


def session_works(world: World, user: str, issued: float) -> bool:
    """Whether a session that a user opened at that moment still does."""
    row = world.table(TABLE).peek(user)
    return row is not None and row["accountEnabled"] and row.get("valid_from", 0.0) < issued


@service.truth("users")
def truth(world: World) -> object:
    shown = ("id", "userPrincipalName", "accountEnabled", "signInSessionsValidFromDateTime")
    return {
        row["userPrincipalName"]: {name: row[name] for name in shown} for _, row in world.table(TABLE).rows()
    }
