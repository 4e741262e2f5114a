"""Role definitions and role assignments of Azure, and whether the estate's own identities still have theirs."""

import uuid
from collections.abc import Mapping

from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.dependencies import dependency
from infra.local.azure.services.security import facts

PROVIDER = "/providers/Microsoft.Authorization"
ASSIGNMENT = "{scope*}" + PROVIDER + "/roleAssignments/{name}"
TABLE = "role assignment"
service = Service("authorization")


@service.seed
def plant(world: World) -> None:
    for principal, kind, role, scope in facts.ASSIGNMENTS:
        assign(world, principal, kind, role, scope, at=world.now - 200 * 86_400)


def assign(
    world: World, principal: str, kind: str, role: str, scope: str, *, at: float, by: str = facts.BREAK_GLASS
) -> Json:
    """Give a principal a role, and return the assignment."""
    name = str(uuid.uuid5(uuid.UUID(principal), f"{role} {scope} {at}"))
    row: Json = {
        "id": f"{scope}{PROVIDER}/roleAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": _definition_id(facts.ROLE_IDS[role]),
            "principalId": principal,
            "principalType": kind,
            "scope": scope,
            "createdOn": iso(at),
            "updatedOn": iso(at),
            "createdBy": by,
            "updatedBy": by,
        },
    }
    world.table(TABLE).put(row["id"], row)
    return row


def _definition_id(number: str) -> str:
    return f"{facts.SUBSCRIPTION_SCOPE}{PROVIDER}/roleDefinitions/{number}"


def held(world: World, principal: str) -> list[Json]:
    """Return a principal's assignments (read only)."""
    rows = (row for _, row in world.table(TABLE).rows())
    return [row for row in rows if row["properties"]["principalId"] == principal]


@service.arm("GET", "{scope*}" + PROVIDER + "/roleDefinitions")
def definitions(_world: World, request: Request) -> Answer:
    """List the built-in roles; `$filter=roleName eq 'x'` is understood."""
    wanted = request.query.get("$filter", "").split("'")
    rows = [_definition(number) for number in facts.ROLES]
    if len(wanted) == 3 and wanted[0].strip().lower() == "rolename eq":
        rows = [row for row in rows if row["properties"]["roleName"].lower() == wanted[1].lower()]
    return Answer(200, {"value": rows})


@service.arm("GET", "{scope*}" + PROVIDER + "/roleDefinitions/{name}")
def definition(_world: World, request: Request) -> Answer:
    if request.params["name"] not in facts.ROLES:
        message = f"The role definition with ID '{request.params['name']}' was not found."
        raise ArmError(404, "RoleDefinitionDoesNotExist", message)
    return Answer(200, _definition(request.params["name"]))


def _definition(number: str) -> Json:
    return {
        "id": _definition_id(number),
        "name": number,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {"roleName": facts.ROLES[number], "type": "BuiltInRole", "assignableScopes": ["/"]},
    }


@service.arm("GET", "{scope*}" + PROVIDER + "/roleAssignments")
def assignments(world: World, request: Request) -> Answer:
    """List those at, above and below a scope; `$filter=principalId eq 'x'` and `atScope()` are understood."""
    scope = request.params["scope"].lower()
    wanted = request.query.get("$filter", "")
    rows = [row for _, row in world.table(TABLE).rows()]
    rows = [row for row in rows if _meets(scope, row["properties"]["scope"].lower())]
    if wanted.lower().replace(" ", "") == "atscope()":
        rows = [row for row in rows if scope.startswith(row["properties"]["scope"].lower())]
    elif wanted.lower().startswith("principalid eq"):
        rows = [row for row in rows if row["properties"]["principalId"] == wanted.split("'")[1]]
    elif wanted:
        raise ArmError(400, "UnsupportedQuery", f"The filter '{wanted}' is not supported.")
    return Answer(200, {"value": rows})


def _meets(scope: str, other: str) -> bool:
    return f"{scope}/".startswith(f"{other}/") or f"{other}/".startswith(f"{scope}/")


@service.arm("GET", ASSIGNMENT)
def get(world: World, request: Request) -> Answer:
    found = world.table(TABLE).peek(request.path)
    if found is None:
        message = f"The role assignment '{request.params['name']}' is not found."
        raise ArmError(404, "RoleAssignmentNotFound", message)
    return Answer(200, found)


@service.arm("PUT", ASSIGNMENT, survives_outage=True)
def put(world: World, request: Request) -> Answer:
    """Create an assignment; it cannot be changed, and a principal has a role at a scope once."""
    given: Json = request.json.get("properties") or {}
    number = str(given.get("roleDefinitionId", "")).rsplit("/", 1)[-1]
    if number not in facts.ROLES or not given.get("principalId"):
        raise ArmError(400, "InvalidRoleDefinitionId", f"The role definition ID '{number}' is not valid.")
    scope, table = request.params["scope"], world.table(TABLE)
    kept = table.peek(request.path)
    same = [
        row
        for row in held(world, given["principalId"])
        if row["properties"]["scope"].lower() == scope.lower()
        and row["properties"]["roleDefinitionId"].endswith(number)
    ]
    if kept is not None and kept not in same:
        message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        raise ArmError(400, "RoleAssignmentUpdateNotPermitted", message)
    if kept is not None:
        return Answer(200, kept)
    if same:
        raise ArmError(409, "RoleAssignmentExists", "The role assignment already exists.")
    row: Json = {
        "id": request.path,
        "name": request.params["name"],
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "principalType": "ServicePrincipal",
            **given,
            "scope": scope,
            "createdOn": iso(world.now),
            "updatedOn": iso(world.now),
            "createdBy": facts.OPERATIONS_IDENTITY,
            "updatedBy": facts.OPERATIONS_IDENTITY,
        },
    }
    table.put(row["id"], row)
    return Answer(201, row)


@service.arm("DELETE", ASSIGNMENT, survives_outage=True)
def delete(world: World, request: Request) -> Answer:
    found = world.table(TABLE).peek(request.path)
    if found is None:
        return Answer(204)
    world.table(TABLE).delete(request.path)
    return Answer(200, found)


@dependency("roles")
def has_its_roles(world: World, settings: Mapping[str, str]) -> str | None:
    """Return which role the app's own identity has lost, without which it serves nobody."""
    if not settings.get("KEY_VAULT_URI"):
        return None
    titles = {
        facts.ROLES[row["properties"]["roleDefinitionId"].rsplit("/", 1)[-1]]
        for row in held(world, facts.APP_IDENTITY)
    }
    wanted = [role for who, _, role, _ in facts.ASSIGNMENTS if who == facts.APP_IDENTITY]
    lost = [role for role in wanted if role not in titles]
    return f"403: the app's identity has not the role {', '.join(lost)}" if lost else None


@service.truth("role_assignments")
def truth(world: World) -> object:
    """Tell who has which role where."""
    return [
        {
            "id": row["id"],
            "principal": row["properties"]["principalId"],
            "role": facts.ROLES[row["properties"]["roleDefinitionId"].rsplit("/", 1)[-1]],
            "scope": row["properties"]["scope"],
        }
        for _, row in world.table(TABLE).rows()
    ]
