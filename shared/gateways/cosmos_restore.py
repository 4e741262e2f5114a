"""Continuous backup of Cosmos DB through `azure-mgmt-cosmosdb`: back to a moment, in a new account or in place."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing
from shared.gateways.cosmos import client, region_name
from shared.gateways.operations import Operation, start, start_unless_busy
from shared.gateways.resource_id import parts


@dataclass(frozen=True)
class Restorable:
    """An account that can be restored: the id of its backup, since when, and where (as Azure writes regions)."""

    backup_id: str
    oldest: datetime
    locations: tuple[str, ...]


@dataclass(frozen=True)
class CosmosRestore:
    """Roles: CosmosRestoreOperator at the subscription, Cosmos DB Operator for the new account and its containers."""

    connection: Connection

    def restorable(self, account_id: str, location: str) -> Restorable | None:
        """What can be restored of an account that lives there; None without continuous backup."""
        name = parts(account_id).name
        with calling("list restorable Cosmos DB accounts", account_id):
            found = list(client(self.connection).restorable_database_accounts.list_by_location(location))
        for one in found:
            document: dict[str, Any] = one.as_dict()
            properties: dict[str, Any] = document["properties"]
            if properties.get("accountName") == name and not properties.get("deletionTime"):
                return Restorable(
                    backup_id=str(document["id"]),
                    oldest=_moment(properties.get("oldestRestorableTime") or properties["creationTime"]),
                    locations=tuple(
                        str(one["locationName"]) for one in properties.get("restorableLocations") or []
                    ),
                )
        return None

    def state(self, account_id: str) -> str | None:
        """Provisioning state of an account (`Creating` while it is restored), or None when there is none."""

        def read() -> str | None:
            where = parts(account_id)
            try:
                with calling("get Cosmos DB account", account_id):
                    found = client(self.connection).database_accounts.get(where.group, where.name).as_dict()
            except AzureCallFailed as error:
                if missing(error):
                    return None
                raise
            return str(found["properties"].get("provisioningState", ""))

        return self.connection.look("cosmos account state", account_id, read)

    def is_only_expected(self, account_id: str) -> bool:
        """Whether a preview speaks of an account that only the real run will restore: it has no documents yet."""
        preview = self.connection.preview
        return preview is not None and preview.is_expected("cosmos account state", account_id)

    def key_access(self, account_id: str) -> bool:
        """Whether account keys open the account, whatever roles there are."""
        where = parts(account_id)
        with calling("get Cosmos DB account", account_id):
            found = client(self.connection).database_accounts.get(where.group, where.name).as_dict()
        return not found["properties"].get("disableLocalAuth", False)

    def containers(self, account_id: str, database: str) -> tuple[str, ...]:
        """Names of the containers of a database; none when that is missing."""

        def read() -> tuple[str, ...]:
            where = parts(account_id)
            try:
                with calling("list Cosmos DB containers", account_id):
                    found = client(self.connection).sql_resources.list_sql_containers(
                        where.group, where.name, database
                    )
                    return tuple(str(one.name) for one in found)
            except AzureCallFailed as error:
                if missing(error):
                    return ()
                raise

        return self.connection.look("cosmos containers", f"{account_id}/{database}", read)

    def restore_account(
        self, new_id: str, source: Restorable, region: str, at: datetime, tags: dict[str, str]
    ) -> Operation | None:
        """Begin to restore everything into a new account; roles and network rules do not come along. Takes hours."""
        where = parts(new_id)
        shown = next((one for one in source.locations if region_name(one) == region), region)
        body = {
            "location": shown,
            "tags": tags,
            "properties": {
                "databaseAccountOfferType": "Standard",
                "locations": [{"locationName": shown, "failoverPriority": 0}],
                "createMode": "Restore",
                "restoreParameters": {
                    "restoreMode": "PointInTime",
                    "restoreSource": source.backup_id,
                    "restoreTimestampInUtc": at.isoformat(),
                },
            },
        }
        self.connection.expect("cosmos account state", new_id, lambda _: "Succeeded")
        self.connection.expect("cosmos role assignments", new_id, lambda seen: seen or ())
        self.connection.expect("cosmos role definitions", new_id, lambda seen: seen or ())
        return start(
            "restore Cosmos DB account",
            new_id,
            lambda **options: client(self.connection).database_accounts.begin_create_or_update(
                where.group, where.name, body, **options
            ),
        )

    def restore_container(
        self, account_id: str, database: str, container: str, source: Restorable, at: datetime
    ) -> Operation | None:
        """Begin to bring a deleted container back, in its own account and under its own name."""
        where = parts(account_id)
        parameters = {"restoreSource": source.backup_id, "restoreTimestampInUtc": at.isoformat()}
        resource = {"id": container, "createMode": "Restore", "restoreParameters": parameters}
        body = {"properties": {"resource": resource, "options": {}}}
        self.connection.expect(
            "cosmos containers", f"{account_id}/{database}", lambda seen: (*(seen or ()), container)
        )
        return start_unless_busy(
            "restore Cosmos DB container",
            f"{account_id}/sqlDatabases/{database}/containers/{container}",
            lambda **options: client(self.connection).sql_resources.begin_create_update_sql_container(
                where.group, where.name, database, container, body, **options
            ),
        )


def endpoint_of(account_id: str) -> str:
    """The data plane's address of an account."""
    return f"https://{parts(account_id).name}.documents.azure.com"


def _moment(text: object) -> datetime:
    # Azure writes seven digits of a second, which Python reads since 3.11.
    return datetime.fromisoformat(str(text))
