"""Who may do what with the documents: SQL role definitions and assignments, and the principal behind a token."""

import base64
import binascii
import json
import re

from infra.local.azure import contoso, durations
from infra.local.azure.core.envelope import shaped
from infra.local.azure.core.errors import ArmError, not_found
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.cosmos import regions
from infra.local.azure.services.cosmos.accounts import ACCOUNT, account_of, bad_request, refuse_while_busy

ITEMS = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items"
READ, CREATE, UPSERT, REPLACE, DELETE = (
    f"{ITEMS}/{verb}" for verb in ("read", "create", "upsert", "replace", "delete")
)
QUERY = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/executeQuery"
METADATA = "Microsoft.DocumentDB/databaseAccounts/readMetadata"
READER, CONTRIBUTOR = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2))
_CONTAINERS = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"
BUILT_IN: dict[str, Json] = {
    READER: {
        "roleName": "Cosmos DB Built-in Data Reader",
        "dataActions": [METADATA, QUERY, f"{_CONTAINERS}/readChangeFeed", READ],
    },
    CONTRIBUTOR: {
        "roleName": "Cosmos DB Built-in Data Contributor",
        "dataActions": [METADATA, f"{_CONTAINERS}/*", f"{ITEMS}/*"],
    },
}
DEFINITIONS = ACCOUNT + "/sqlRoleDefinitions"
ASSIGNMENTS = ACCOUNT + "/sqlRoleAssignments"
ASSIGNMENT = f"{regions.ACCOUNT}/sqlRoleAssignments"
DEFINITION = f"{regions.ACCOUNT}/sqlRoleDefinitions"
# The app that carries out recoveries: it has the fake token of the loopback endpoint.
OPERATIONS = "9e2d5c1a-0f0e-4d11-9f3b-f0d5f0d5f0d5"
LOADER = "c1a5b3d7-77aa-4f5e-8f27-10adefc0ffee"
ANALYTICS = "a9a17c55-30d1-4c1c-8f6e-0b5e7e0fc0de"
LOADER_ROLE = "3b8d3f0e-6a44-4d5b-9a57-4ab1e0f0c0de"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
service = Service("cosmos_roles")


@service.seed
def plant(world: World) -> None:
    """Give the agent service, its nightly loader, the analysts and the operations app their roles."""
    for account in world.of_type(regions.ACCOUNT):
        writer: Json = {
            "roleName": "Agents Loader",
            "type": "CustomRole",
            "assignableScopes": [account["id"]],
            "permissions": [{"dataActions": [METADATA, QUERY, f"{ITEMS}/*"], "notDataActions": []}],
        }
        _keep(world, account, "sqlRoleDefinitions", LOADER_ROLE, writer)
        rows = [
            (contoso.AGENT_PRINCIPAL, CONTRIBUTOR, ""),
            (LOADER, LOADER_ROLE, "/dbs/agents"),
            (ANALYTICS, READER, "/dbs/agents"),
            (OPERATIONS, READER, ""),
            (OPERATIONS, CONTRIBUTOR, "/dbs/agents/colls/canary"),
        ]
        for principal, definition, scope in rows:
            _keep(
                world,
                account,
                "sqlRoleAssignments",
                world.new_id(),
                {
                    "principalId": principal,
                    "roleDefinitionId": f"{account['id']}/sqlRoleDefinitions/{definition}",
                    "scope": account["id"] + scope,
                },
            )


def _keep(world: World, account: Json, kind: str, name: str, properties: Json) -> Json:
    found: Json = {
        "id": f"{account['id']}/{kind}/{name}",
        "name": name,
        "type": f"{regions.ACCOUNT}/{kind}",
        "properties": properties,
    }
    return world.put_resource(found)


def principal_of(token: str) -> str:
    """Return the object id that an Entra token names; a token that says nothing is the operations app's."""
    parts = token.split(".")
    if len(parts) == 3:
        try:
            said = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
            return str(said.get("oid") or OPERATIONS).lower()
        except (ValueError, binascii.Error):
            return OPERATIONS
    return OPERATIONS


def definition(world: World, account: Json, name: str) -> Json | None:
    """Return a role definition as Azure shows it; the built-in ones are in every account."""
    if name in BUILT_IN:
        built = BUILT_IN[name]
        return {
            "id": f"{account['id']}/sqlRoleDefinitions/{name}",
            "name": name,
            "type": DEFINITION,
            "properties": {
                "roleName": built["roleName"],
                "type": "BuiltInRole",
                "assignableScopes": [account["id"]],
                "permissions": [{"dataActions": built["dataActions"], "notDataActions": []}],
            },
        }
    return world.resources.peek(f"{account['id']}/sqlRoleDefinitions/{name}")


def assignments(world: World, account: Json) -> list[Json]:
    return world.of_type(ASSIGNMENT, f"{account['id']}/sqlRoleAssignments/")


def allowed(world: World, account: Json, principal: str, action: str, path: str) -> bool:
    """Whether a principal may do that with what stands at `/dbs/x/colls/y`."""
    for one in assignments(world, account):
        properties = one["properties"]
        scope = properties["scope"].lower()
        target = (account["id"] + path).lower()
        if properties["principalId"].lower() != principal.lower() or not f"{target}/".startswith(f"{scope}/"):
            continue
        found = definition(world, account, properties["roleDefinitionId"].rsplit("/", 1)[-1])
        if found is not None and _grants(found, action):
            return True
    return False


def _grants(found: Json, action: str) -> bool:
    return any(
        _fits(action, granted)
        for permission in found["properties"]["permissions"]
        for granted in permission.get("dataActions") or []
    )


def _fits(action: str, granted: str) -> bool:
    pattern = re.escape(granted.lower()).replace(r"\*", ".*")
    return re.fullmatch(pattern, action.lower()) is not None


def writers(world: World, account: Json) -> set[str]:
    """Return the principals that may write documents somewhere in the account."""
    found: set[str] = set()
    for one in assignments(world, account):
        role = definition(world, account, one["properties"]["roleDefinitionId"].rsplit("/", 1)[-1])
        if role is not None and _grants(role, UPSERT):
            found.add(one["properties"]["principalId"].lower())
    return found


def _refuse_while_changing(world: World, account: Json) -> None:
    refuse_while_busy(world, account)
    for busy in world.operations.pending():
        if busy["resource"].lower().startswith(f"{account['id']}/sqlrole".lower()):
            raise ArmError(
                412,
                "PreconditionFailed",
                "There is already an operation in progress which requires exclusive lock on this service "
                f"{account['name']}. Please retry the operation after sometime.\r\nActivityId: {busy['id']}, "
                "Microsoft.Azure.Documents.Common/2.14.0",
            )


@service.arm("GET", DEFINITIONS)
def list_definitions(world: World, request: Request) -> Answer:
    account = account_of(world, request)
    own = world.of_type(DEFINITION, f"{account['id']}/sqlRoleDefinitions/")
    return Answer(200, {"value": [*(definition(world, account, name) for name in BUILT_IN), *own]})


@service.arm("GET", DEFINITIONS + "/{role}")
def get_definition(world: World, request: Request) -> Answer:
    account = account_of(world, request)
    found = definition(world, account, request.params["role"])
    if found is None:
        raise not_found(f"{account['id']}/sqlRoleDefinitions/{request.params['role']}")
    return Answer(200, found)


@service.arm("GET", ASSIGNMENTS)
def list_assignments(world: World, request: Request) -> Answer:
    return Answer(200, {"value": assignments(world, account_of(world, request))})


@service.arm("GET", ASSIGNMENTS + "/{assignment}")
def get_assignment(world: World, request: Request) -> Answer:
    account = account_of(world, request)
    return Answer(200, world.resource(f"{account['id']}/sqlRoleAssignments/{request.params['assignment']}"))


@service.arm("PUT", DEFINITIONS + "/{role}")
def put_definition(world: World, request: Request) -> Answer:
    account, name = account_of(world, request), request.params["role"]
    properties: Json = request.json.get("properties") or {}
    shape = {"roleName": str, "assignableScopes": [str], "permissions": [{"dataActions": [str]}]}
    shaped(properties, shape)
    if not _GUID.fullmatch(name) or name in BUILT_IN:
        raise bad_request(f"The role definition ID {name} is not a GUID of a custom role.")
    if not properties.get("roleName") or not properties.get("permissions"):
        raise bad_request("A role definition needs a roleName and permissions.")
    return _begin(world, request, account, "sqlRoleDefinitions", name, {"type": "CustomRole", **properties})


@service.arm("PUT", ASSIGNMENTS + "/{assignment}")
def put_assignment(world: World, request: Request) -> Answer:
    account, name = account_of(world, request), request.params["assignment"]
    properties: Json = request.json.get("properties") or {}
    shaped(properties, {"principalId": str, "roleDefinitionId": str, "scope": str})
    role, scope = str(properties.get("roleDefinitionId", "")), str(properties.get("scope", ""))
    if not _GUID.fullmatch(name) or not _GUID.fullmatch(str(properties.get("principalId", ""))):
        raise bad_request("The role assignment ID and its principal must be GUIDs.")
    below = f"{account['id']}/sqlRoleDefinitions/".lower()
    known = definition(world, account, role.rsplit("/", 1)[-1]) if role.lower().startswith(below) else None
    if known is None:
        raise bad_request(f"The role definition '{role}' was not found in the account.")
    if not f"{scope}/".lower().startswith(f"{account['id']}/".lower()):
        raise bad_request(f"The scope '{scope}' is not below the account.")
    twins = [one for one in assignments(world, account) if one["name"] != name]
    if any(
        all(str(one["properties"][key]).lower() == str(properties[key]).lower() for key in one["properties"])
        for one in twins
    ):
        raise ArmError(409, "Conflict", "A role assignment of that principal, role and scope exists already.")
    kept = {key: properties[key] for key in ("principalId", "roleDefinitionId", "scope")}
    return _begin(world, request, account, "sqlRoleAssignments", name, kept)


def _begin(world: World, request: Request, account: Json, kind: str, name: str, properties: Json) -> Answer:
    _refuse_while_changing(world, account)
    arguments: Json = {"account": account["id"], "kind": kind, "name": name, "properties": properties}
    operation = world.operations.begin(
        f"{account['id']}/{kind}/{name}", "cosmos.role", arguments, seconds=durations.COSMOS_ROLE
    )
    return accepted(request, operation)


@service.effect("cosmos.role")
def given(world: World, args: Json) -> Json:
    return _keep(world, world.resource(args["account"]), args["kind"], args["name"], args["properties"])


@service.arm("DELETE", DEFINITIONS + "/{role}")
@service.arm("DELETE", ASSIGNMENTS + "/{role}")
def delete(world: World, request: Request) -> Answer:
    account = account_of(world, request)
    kind = "sqlRoleAssignments" if "/sqlroleassignments/" in request.path.lower() else "sqlRoleDefinitions"
    where = f"{account['id']}/{kind}/{request.params['role']}"
    if world.resources.peek(where) is None:
        return Answer(204)
    if any(
        one["properties"]["roleDefinitionId"].lower() == where.lower() for one in assignments(world, account)
    ):
        raise bad_request("The role definition has assignments: delete those before.")
    _refuse_while_changing(world, account)
    operation = world.operations.begin(
        where, "cosmos.role_gone", {"id": where}, seconds=durations.COSMOS_ROLE
    )
    return accepted(request, operation)


@service.effect("cosmos.role_gone")
def taken(world: World, args: Json) -> None:
    world.resources.delete(args["id"])
