"""Cosmos DB accounts through `azure-mgmt-cosmosdb`: regions, failover, restorable backups."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from shared.gateways.connection import Connection, calling, text
from shared.gateways.operations import Operation, start
from shared.gateways.resource_id import parts
from shared.importing import IMPORTING


@dataclass(frozen=True)
class Account:
    """What a failover looks at. Regions are ARM names (`japaneast`), in failover priority order.

    `shown` has each as the account itself writes it (`Japan East`), which is how it goes back.
    """

    resource_id: str
    provisioning_state: str
    write_region: str
    regions: tuple[str, ...]
    online: dict[str, bool]
    shown: dict[str, str]

    @property
    def busy(self) -> bool:
        """Whether an operation holds the account."""
        return self.provisioning_state.lower() not in {"succeeded", "failed", "canceled"}


@dataclass(frozen=True)
class Cosmos:
    """Control plane of Cosmos DB. Role: Cosmos DB Operator, CosmosRestoreOperator for restorables."""

    connection: Connection

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - generated client without useful types
        return client(self.connection)

    def account(self, resource_id: str) -> Account:
        """The account as Azure Resource Manager knows it."""
        return self.connection.look("cosmos account", resource_id, lambda: self._account(resource_id))

    def _account(self, resource_id: str) -> Account:
        where = parts(resource_id)
        with calling("get Cosmos DB account", resource_id):
            found = self._client.database_accounts.get(where.group, where.name)
        policies = sorted(found.failover_policies or [], key=lambda policy: policy.failover_priority)
        writes = [region_name(location.location_name) for location in found.write_locations or []]
        online = {
            region_name(location.location_name): text(location.provisioning_state).lower() == "succeeded"
            for location in [*(found.read_locations or []), *(found.write_locations or [])]
        }
        return Account(
            resource_id=resource_id,
            provisioning_state=text(found.provisioning_state),
            write_region=writes[0] if writes else "",
            regions=tuple(region_name(policy.location_name) for policy in policies),
            online=online,
            shown={region_name(policy.location_name): str(policy.location_name) for policy in policies},
        )

    def fail_over_gracefully(self, account: Account, to_region: str) -> Operation | None:
        """Change priorities, every region listed. Both regions must be connected; no data is lost.

        Never during an outage: the service waits for a region that does not answer (Microsoft Learn, manual
        failover).
        """
        where = parts(account.resource_id)
        order = [to_region, *(region for region in account.regions if region != to_region)]
        body = {
            "failoverPolicies": [
                {"locationName": account.shown.get(region, region), "failoverPriority": priority}
                for priority, region in enumerate(order)
            ]
        }
        self._will_be(account, write_region=to_region, regions=tuple(order))
        return start(
            "change Cosmos DB failover priority",
            account.resource_id,
            lambda **options: self._client.database_accounts.begin_failover_priority_change(
                where.group, where.name, body, **options
            ),
        )

    def take_region_offline(self, account: Account, region: str) -> Operation | None:
        """Give up a region that is out: the next one becomes the write region. May lose data not replicated."""
        where = parts(account.resource_id)
        rest = tuple(other for other in account.regions if other != region)
        online = {**account.online, region: False}
        self._will_be(account, write_region=rest[0] if rest else "", regions=(*rest, region), online=online)
        return start(
            "take Cosmos DB region offline",
            account.resource_id,
            lambda **options: self._client.database_accounts.begin_offline_region(
                where.group, where.name, {"region": account.shown.get(region, region)}, **options
            ),
        )

    def bring_region_online(self, account: Account, region: str) -> Operation | None:
        """Let a region that was taken offline replicate again, as a read region."""
        where = parts(account.resource_id)
        self._will_be(account, online={**account.online, region: True})
        return start(
            "bring Cosmos DB region online",
            account.resource_id,
            lambda **options: self._client.database_accounts.begin_online_region(
                where.group, where.name, {"region": account.shown.get(region, region)}, **options
            ),
        )

    def _will_be(self, account: Account, **changes: Any) -> None:  # noqa: ANN401 - fields of the account
        self.connection.expect("cosmos account", account.resource_id, lambda seen: replace(seen, **changes))

    def oldest_restorable(self, resource_id: str, location: str) -> datetime | None:
        """The earliest moment that continuous backup can restore the account to, if there is any."""
        name = parts(resource_id).name
        with calling("list restorable Cosmos DB accounts", resource_id):
            accounts = list(self._client.restorable_database_accounts.list_by_location(location))
        for account in accounts:
            if account.account_name == name and account.deletion_time is None:
                return account.oldest_restorable_time or account.creation_time
        return None


def client(connection: Connection) -> Any:  # noqa: ANN401 - generated client without useful types
    """The management client, shared by all that is done with Cosmos DB accounts."""
    with IMPORTING:
        from azure.mgmt.cosmosdb import CosmosDBManagementClient  # noqa: PLC0415

    def make() -> object:
        link = connection
        return CosmosDBManagementClient(link.credential, link.subscription_id, **link.client_options)

    return connection.client("cosmos accounts", connection.subscription_id, make)


def region_name(display: str) -> str:
    """`Japan East`, as Cosmos DB answers, is `japaneast`, as everything else says."""
    return display.replace(" ", "").lower()
