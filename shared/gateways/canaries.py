"""Canaries: one numbered write per protected store, and a log of them that is kept away from every store."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from shared.gateways.blobs import Blobs
from shared.gateways.connection import Connection
from shared.gateways.cosmos_documents import Container, CosmosDocuments
from shared.gateways.resource_id import parts
from shared.model.canary import Canary
from shared.model.estate import CosmosDb, Storage

CONTAINER = "canary"
"""The Cosmos DB container (partition key /tenantId) that holds the canary of an account; made with the account."""

BLOB_CONTAINER = "foundry-ops-canary"
TENANT = "foundry-ops"
LOG_SECONDS = 10.0


class Store(Protocol):
    """Where a canary lives. A write holds only while the store is as it was read (`tag`)."""

    def read(self) -> tuple[Canary | None, str]: ...

    def write(self, canary: Canary, tag: str) -> None: ...


@dataclass(frozen=True)
class BlobStore:
    """A storage account's canary. Role: Storage Blob Data Contributor."""

    blobs: Blobs
    account_url: str

    def read(self) -> tuple[Canary | None, str]:
        """The canary as the account serves it now."""
        content, tag = self.blobs.read_tagged(self.account_url, BLOB_CONTAINER, "canary.json")
        return (Canary.from_wire(json.loads(content)) if tag else None), tag

    def write(self, canary: Canary, tag: str) -> None:
        """Replace it; AzureCallFailed with 409 or 412 when somebody else did."""
        content = json.dumps(canary.to_wire()).encode()
        self.blobs.write_tagged(
            self.account_url, BLOB_CONTAINER, "canary.json", content, "application/json", tag
        )


@dataclass(frozen=True)
class DocumentStore:
    """A Cosmos DB account's canary. Role: Cosmos DB Built-in Data Contributor on its container."""

    documents: CosmosDocuments
    container: Container

    def read(self) -> tuple[Canary | None, str]:
        """The canary as the write region serves it now."""
        found = self.documents.read(self.container, "canary", TENANT)
        return (Canary.from_wire(found), str(found["_etag"])) if found else (None, "")

    def write(self, canary: Canary, tag: str) -> None:
        """Replace it; AzureCallFailed with 412 when somebody else did."""
        document = {"id": "canary", "tenantId": TENANT, **canary.to_wire()}
        self.documents.upsert(self.container, TENANT, document, tag=tag)


@dataclass(frozen=True)
class Canaries:
    """The canaries of an estate's stores."""

    connection: Connection

    def store(self, service: CosmosDb | Storage) -> Store:
        """Where that service's canary is written."""
        name = parts(service.resource_id).name
        if isinstance(service, Storage):
            return BlobStore(Blobs(self.connection), f"https://{name}.blob.core.windows.net")
        container = Container(f"https://{name}.documents.azure.com", service.database, CONTAINER)
        return DocumentStore(CosmosDocuments(self.connection), container)


@dataclass(frozen=True)
class CanaryLog:
    """Every canary that a store acknowledged, a blob a day, in the app's own account."""

    blobs: Blobs
    account_url: str
    container: str

    def note(self, service: str, canary: Canary) -> None:
        """Add one. It may stand there twice: what is the same is the same write."""
        line = json.dumps(canary.to_wire()).encode() + b"\n"
        name = _name(service, canary.at.date())
        self.blobs.append(self.account_url, self.container, name, line, seconds=LOG_SECONDS)

    def noted(self, service: str, day: date) -> tuple[Canary, ...]:
        """Those of one day (UTC), in the order of their writing."""
        content = self.blobs.read(self.account_url, self.container, _name(service, day)) or b""
        found = [Canary.from_wire(json.loads(line)) for line in content.splitlines()]
        return tuple(dict.fromkeys(found))


def _name(service: str, day: date) -> str:
    return f"canary/{service}/{day.isoformat()}.jsonl"
