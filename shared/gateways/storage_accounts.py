"""Storage accounts through `azure-mgmt-storage`: geo-replication and failover."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from shared.gateways.connection import Connection, calling, text, writing
from shared.gateways.operations import Operation, start
from shared.gateways.resource_id import parts
from shared.importing import IMPORTING


@dataclass(frozen=True)
class StorageAccount:
    """Where an account's primary is, and how far its other region had come."""

    resource_id: str
    provisioning_state: str
    primary: str
    secondary: str | None
    sku: str
    failing_over: bool
    replication: str
    last_sync: datetime | None


@dataclass(frozen=True)
class StorageAccounts:
    """Control plane of storage. Role: Storage Account Contributor."""

    connection: Connection

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - generated client without useful types
        with IMPORTING:
            from azure.mgmt.storage import StorageManagementClient  # noqa: PLC0415

        link = self.connection
        return StorageManagementClient(link.credential, link.subscription_id, **link.client_options)

    def account(self, resource_id: str) -> StorageAccount:
        """The account with its replication statistics."""
        return self.connection.look("storage account", resource_id, lambda: self._account(resource_id))

    def _account(self, resource_id: str) -> StorageAccount:
        where = parts(resource_id)
        with calling("get storage account", resource_id):
            found = self._client.storage_accounts.get_properties(
                where.group, where.name, expand="geoReplicationStats"
            )
        stats = found.geo_replication_stats
        return StorageAccount(
            resource_id=resource_id,
            provisioning_state=text(found.provisioning_state),
            primary=str(found.primary_location or "").lower(),
            secondary=str(found.secondary_location).lower() if found.secondary_location else None,
            sku=text(found.sku.name),
            failing_over=bool(found.failover_in_progress),
            replication=text(stats.status) if stats else "",
            last_sync=stats.last_sync_time if stats else None,
        )

    def fail_over(self, account: StorageAccount, *, planned: bool) -> Operation | None:
        """Make the secondary the primary. Unplanned: what was not synced is lost and the account is LRS after.

        The SDK's default is a planned failover, which an outage refuses, so the kind is always said.
        """
        where = parts(account.resource_id)
        kind = "Planned" if planned else None
        swapped: dict[str, Any] = {"primary": account.secondary, "secondary": account.primary}
        if not planned:
            swapped |= {"secondary": None, "sku": "Standard_LRS", "last_sync": None}
        self.connection.expect("storage account", account.resource_id, lambda seen: replace(seen, **swapped))
        return start(
            "fail over storage account",
            account.resource_id,
            lambda **options: self._client.storage_accounts.begin_failover(
                where.group, where.name, failover_type=kind, **options
            ),
        )

    def change_sku(self, account: StorageAccount, sku: str, *, copy_in: str) -> None:
        """Change the redundancy, such as to `Standard_RAGRS`: the first copy to the paired region then begins.

        Azure chooses that region; `copy_in` is the one that is expected.
        """
        where = parts(account.resource_id)
        copied: dict[str, Any] = {
            "sku": sku,
            "secondary": copy_in,
            "replication": "Live",
            "last_sync": datetime.now(UTC),
        }
        self.connection.expect("storage account", account.resource_id, lambda seen: replace(seen, **copied))
        with writing("change redundancy of storage account", account.resource_id):
            self._client.storage_accounts.update(where.group, where.name, {"sku": {"name": sku}})
