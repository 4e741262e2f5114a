"""Documents of Cosmos DB through its REST data plane, with Entra tokens; a handful of calls needs no SDK."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, reading, writing
from shared.importing import IMPORTING

BATCH = 100
"""Operations that one transactional batch may hold (Microsoft Learn, Cosmos DB service quotas)."""
_VERSION = "2018-12-31"

type Document = dict[str, Any]


@dataclass(frozen=True)
class Container:
    """Where documents are: an account's endpoint (https://name.documents.azure.com), database and container."""

    endpoint: str
    database: str
    name: str

    @property
    def documents(self) -> str:
        """The path of the documents."""
        return f"/dbs/{quote(self.database)}/colls/{quote(self.name)}/docs"


@dataclass(frozen=True)
class Page:
    """Rows of a query, and where it goes on; None at the end."""

    rows: tuple[Any, ...]
    continuation: str | None


@dataclass(frozen=True)
class CosmosDocuments:
    """Data plane of Cosmos DB. Role: Cosmos DB Built-in Data Reader, Data Contributor where something is written."""

    connection: Connection

    def read(self, container: Container, key: str, partition: str) -> Document | None:
        """One document by id and partition key, or None when there is none."""
        path = f"{container.documents}/{quote(key, safe='')}"
        try:
            with calling("read document", f"{container.endpoint}{path}"):
                return self._send("GET", container, path, partition).json()
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise

    def upsert(
        self, container: Container, partition: str, document: Document, *, tag: str | None = None
    ) -> None:
        """Write a document, whether or not there is one of its id; the same again changes nothing but its `_ts`.

        With a `tag` only while the document is the one with that `_etag` (empty: while there is none); else
        AzureCallFailed with 412 or 409.
        """
        with writing(
            "upsert document", f"{container.endpoint}{container.documents}/{document.get('id', '')}"
        ):
            headers = {} if tag == "" else {"x-ms-documentdb-is-upsert": "True"}
            if tag:
                headers["If-Match"] = tag
            self._send("POST", container, container.documents, partition, document, headers)

    def upsert_all(self, container: Container, partition: str, documents: Sequence[Document]) -> None:
        """Write at most `BATCH` documents of one partition, all or none."""
        body = [{"operationType": "Upsert", "resourceBody": document} for document in documents]
        headers = {"x-ms-cosmos-is-batch-request": "True", "x-ms-cosmos-batch-atomic": "True"}
        with writing("upsert documents", f"{container.endpoint}{container.documents}"):
            self._send("POST", container, container.documents, partition, body, headers)

    def query(
        self,
        container: Container,
        text: str,
        partition: str | None,
        parameters: Mapping[str, object] | None = None,
        *,
        continuation: str | None = None,
        page: int = 100,
    ) -> Page:
        """One page of a query within a partition; without one, over all of them (no aggregates then)."""
        body = {
            "query": text,
            "parameters": [
                {"name": f"@{name}", "value": value} for name, value in (parameters or {}).items()
            ],
        }
        headers = {
            "Content-Type": "application/query+json",
            "x-ms-documentdb-isquery": "True",
            "x-ms-max-item-count": str(page),
        }
        if continuation:
            headers["x-ms-continuation"] = continuation
        if partition is None:
            headers["x-ms-documentdb-query-enablecrosspartition"] = "True"
        with reading("query documents", f"{container.endpoint}{container.documents}"):
            answer = self._send("POST", container, container.documents, partition, body, headers)
            found = answer.json()
        return Page(tuple(found["Documents"]), answer.headers.get("x-ms-continuation"))

    def every(
        self,
        container: Container,
        text: str,
        partition: str | None,
        parameters: Mapping[str, object] | None = None,
    ) -> Iterator[Any]:
        """All rows of a query, page after page."""
        continuation: str | None = None
        while True:
            page = self.query(container, text, partition, parameters, continuation=continuation, page=1000)
            yield from page.rows
            continuation = page.continuation
            if continuation is None:
                return

    def _send(
        self,
        method: str,
        container: Container,
        path: str,
        partition: str | None,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> Any:  # noqa: ANN401 - azure-core's HttpResponse
        with IMPORTING:
            from azure.core.exceptions import HttpResponseError  # noqa: PLC0415
            from azure.core.rest import HttpRequest  # noqa: PLC0415

        host = urlsplit(container.endpoint).hostname
        token = self.connection.credential.get_token(f"https://{host}/.default").token
        sent = {
            "authorization": quote(f"type=aad&ver=1.0&sig={token}", safe=""),
            "x-ms-date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "x-ms-version": _VERSION,
            "Accept": "application/json",
            "Content-Type": "application/json",
            **(headers or {}),
        }
        if partition is not None:
            sent["x-ms-documentdb-partitionkey"] = json.dumps([partition])
        content = None if body is None else json.dumps(body)
        client = self.connection.client(
            "cosmos documents", container.endpoint, lambda: self._client(container)
        )
        answer = client.send_request(
            HttpRequest(method, container.endpoint + path, headers=sent, content=content)
        )
        if answer.status_code >= 400:
            raise HttpResponseError(message=_said(answer), response=answer)
        return answer

    def _client(self, container: Container) -> Any:  # noqa: ANN401 - azure-core's client over our transport
        with IMPORTING:
            from azure.core import PipelineClient  # noqa: PLC0415
            from azure.core.pipeline.policies import RequestIdPolicy, UserAgentPolicy  # noqa: PLC0415

        policies = [RequestIdPolicy(), UserAgentPolicy(sdk_moniker="foundry-ops")]
        return PipelineClient(container.endpoint, policies=policies, transport=self.connection.transport)


def _said(answer: Any) -> str:  # noqa: ANN401 - azure-core's HttpResponse
    """Code and message of an answer of Cosmos DB."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return f"HTTP {answer.status_code}"
    inner = body.get("error")
    said: dict[str, Any] = inner if isinstance(inner, dict) else body
    return f"{said.get('code', answer.status_code)}: {said.get('message', '')}".splitlines()[0]
