"""Data-plane roles of Cosmos DB accounts through `azure-mgmt-cosmosdb`: who may read and write documents."""

import re
from typing import Any

from shared.gateways.connection import Connection, calling
from shared.gateways.cosmos import client
from shared.gateways.operations import Operation, start_unless_busy
from shared.gateways.resource_id import parts
from shared.model.wire import Frozen

_ITEMS = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items"
_WRITES = tuple(f"{_ITEMS}/{verb}".lower() for verb in ("create", "upsert", "replace", "delete"))
DATA_CONTRIBUTOR = "00000000-0000-0000-0000-000000000002"
"""The built-in role that reads and writes all documents (Microsoft Learn, Cosmos DB data plane roles)."""


class RoleDefinition(Frozen):
    """A role of one account. `name` is its GUID, the same in every account for the built-in ones."""

    name: str
    role_name: str
    built_in: bool
    actions: tuple[str, ...]

    @property
    def writes(self) -> bool:
        """Whether it lets anybody change documents."""
        return any(_grants(action, write) for action in self.actions for write in _WRITES)


class RoleAssignment(Frozen):
    """A role given to a principal. `scope` is what follows the account's id: empty, or /dbs/x/colls/y."""

    name: str
    principal: str
    role: str
    scope: str = ""


class CosmosRoles:
    """Role: DocumentDB Account Contributor. Azure changes one role of an account after another (412 in between)."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def _resources(self) -> Any:  # noqa: ANN401 - generated client without useful types
        return client(self.connection).sql_resources

    def definitions(self, account_id: str) -> tuple[RoleDefinition, ...]:
        """All roles that the account knows, the built-in ones too."""

        def read() -> tuple[RoleDefinition, ...]:
            where = parts(account_id)
            with calling("list Cosmos DB role definitions", account_id):
                found = list(self._resources.list_sql_role_definitions(where.group, where.name))
            return tuple(_definition(one.as_dict()) for one in found)

        return self.connection.look("cosmos role definitions", account_id, read)

    def assignments(self, account_id: str) -> tuple[RoleAssignment, ...]:
        """All roles that were given in the account."""

        def read() -> tuple[RoleAssignment, ...]:
            where = parts(account_id)
            with calling("list Cosmos DB role assignments", account_id):
                found = list(self._resources.list_sql_role_assignments(where.group, where.name))
            return tuple(
                RoleAssignment(
                    name=str(one.name),
                    principal=str(one.principal_id).lower(),
                    role=str(one.role_definition_id).rsplit("/", 1)[-1],
                    scope=str(one.scope)[len(account_id) :],
                )
                for one in found
            )

        return self.connection.look("cosmos role assignments", account_id, read)

    def define(self, account_id: str, role: RoleDefinition) -> Operation | None:
        """Make a custom role, under its own GUID."""
        where = parts(account_id)
        body = {
            "properties": {
                "roleName": role.role_name,
                "type": "CustomRole",
                "assignableScopes": [account_id],
                "permissions": [{"dataActions": list(role.actions)}],
            }
        }
        self.connection.expect("cosmos role definitions", account_id, lambda seen: (*(seen or ()), role))
        return start_unless_busy(
            "define Cosmos DB role",
            account_id,
            lambda **options: self._resources.begin_create_update_sql_role_definition(
                role.name, where.group, where.name, body, **options
            ),
        )

    def give(self, account_id: str, assignment: RoleAssignment) -> Operation | None:
        """Give a role, under the assignment's own GUID: the same again changes nothing."""
        where = parts(account_id)
        body = {
            "properties": {
                "principalId": assignment.principal,
                "roleDefinitionId": f"{account_id}/sqlRoleDefinitions/{assignment.role}",
                "scope": account_id + assignment.scope,
            }
        }
        self.connection.expect(
            "cosmos role assignments", account_id, lambda seen: (*(seen or ()), assignment)
        )
        return start_unless_busy(
            "give Cosmos DB role",
            account_id,
            lambda **options: self._resources.begin_create_update_sql_role_assignment(
                assignment.name, where.group, where.name, body, **options
            ),
        )

    def take(self, account_id: str, assignment: RoleAssignment) -> Operation | None:
        """Take a role away."""
        where = parts(account_id)
        self.connection.expect(
            "cosmos role assignments",
            account_id,
            lambda seen: tuple(one for one in seen or () if one.name != assignment.name),
        )
        return start_unless_busy(
            "take Cosmos DB role away",
            account_id,
            lambda **options: self._resources.begin_delete_sql_role_assignment(
                assignment.name, where.group, where.name, **options
            ),
        )


def _definition(document: dict[str, Any]) -> RoleDefinition:
    properties: dict[str, Any] = document["properties"]
    permissions: list[dict[str, Any]] = properties.get("permissions") or []
    return RoleDefinition(
        name=str(document["id"]).rsplit("/", 1)[-1],
        role_name=str(properties.get("roleName", "")),
        built_in=properties.get("type") == "BuiltInRole",
        actions=tuple(str(action) for one in permissions for action in one.get("dataActions") or []),
    )


def _grants(action: str, wanted: str) -> bool:
    pattern = re.escape(action.lower()).replace(r"\*", ".*")
    return re.fullmatch(pattern, wanted) is not None
