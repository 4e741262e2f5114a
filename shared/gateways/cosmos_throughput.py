"""Throughput of Cosmos DB containers through `azure-mgmt-cosmosdb`: manual and autoscale each in its own way."""

from dataclasses import dataclass
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing
from shared.gateways.cosmos import client
from shared.gateways.operations import Operation, start_unless_busy
from shared.model.throughput import Throughput


@dataclass(frozen=True)
class CosmosThroughput:
    """Role: Cosmos DB Operator. A container's id is `<account>/sqlDatabases/<db>/containers/<name>`."""

    connection: Connection

    def of(self, container_id: str) -> Throughput | None:
        """What the container has; None where it has none of its own (it shares its database's, or is serverless)."""
        return self.connection.look("throughput", container_id, lambda: self._read(container_id))

    def _read(self, container_id: str) -> Throughput | None:
        try:
            with calling("get container throughput", container_id):
                found = client(self.connection).sql_resources.get_sql_container_throughput(
                    *_where(container_id)
                )
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise
        resource: Any = found.resource
        auto = resource.autoscale_settings
        return Throughput(
            mode="manual" if auto is None else "autoscale",
            ru=int(resource.throughput if auto is None else auto.max_throughput),
            minimum=int(resource.minimum_throughput or 0),
            changing=str(resource.offer_replace_pending or "").lower() == "true",
        )

    def set(self, container_id: str, has: Throughput, ru: int) -> Operation | None:
        """Begin to give a container that throughput, in the mode that it has. None while Azure is at another change."""
        self.connection.expect(
            "throughput", container_id, lambda seen: (seen or has).model_copy(update={"ru": ru})
        )
        resource = (
            {"throughput": ru} if has.mode == "manual" else {"autoscaleSettings": {"maxThroughput": ru}}
        )
        return start_unless_busy(
            "set container throughput",
            container_id,
            lambda **options: client(self.connection).sql_resources.begin_update_sql_container_throughput(
                *_where(container_id), {"properties": {"resource": resource}}, **options
            ),
        )


def _where(container_id: str) -> tuple[str, str, str, str]:
    """Resource group, account, database, container."""
    found = container_id.strip("/").split("/")
    names = dict(zip((one.lower() for one in found[::2]), found[1::2], strict=False))
    return names["resourcegroups"], names["databaseaccounts"], names["sqldatabases"], names["containers"]
