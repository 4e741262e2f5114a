"""AI Search through `azure-search-documents`: indexes, indexers and the alias that tenants read through."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, text
from shared.importing import IMPORTING


@dataclass(frozen=True)
class IndexerRun:
    """The last run of an indexer."""

    status: Literal["never", "running", "succeeded", "failed"]
    items: int
    detail: str


@dataclass(frozen=True)
class SearchServices:
    """Data plane of AI Search. Roles: Search Service Contributor and Search Index Data Contributor."""

    connection: Connection

    def index_names(self, endpoint: str) -> tuple[str, ...]:
        """All indexes of a service."""
        with calling("list search indexes", endpoint):
            return tuple(str(name) for name in _indexes(self.connection, endpoint).list_index_names())

    def create_index(self, endpoint: str, definition: dict[str, Any]) -> None:
        """Create or update an index from its JSON definition."""
        with calling("create search index", f"{endpoint}/indexes/{definition['name']}"):
            _indexes(self.connection, endpoint).create_or_update_index(definition)

    def delete_index(self, endpoint: str, name: str) -> None:
        """Delete an index; one that is gone already is fine."""
        with calling("delete search index", f"{endpoint}/indexes/{name}"):
            _indexes(self.connection, endpoint).delete_index(name)

    def document_count(self, endpoint: str, index: str) -> int:
        """Documents in an index."""
        with calling("get search index statistics", f"{endpoint}/indexes/{index}"):
            return int(_indexes(self.connection, endpoint).get_index_statistics(index).document_count)

    def alias(self, endpoint: str, name: str) -> str | None:
        """The index that an alias leads to, or None when there is no such alias."""
        try:
            with calling("get search alias", f"{endpoint}/aliases/{name}"):
                found = _indexes(self.connection, endpoint).get_alias(name)
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise
        return str(found.indexes[0])

    def set_alias(self, endpoint: str, name: str, index: str) -> None:
        """Lead an alias to an index; readers switch at once."""
        with calling("set search alias", f"{endpoint}/aliases/{name}"):
            _indexes(self.connection, endpoint).create_or_update_alias({"name": name, "indexes": [index]})

    def delete_alias(self, endpoint: str, name: str) -> None:
        """Delete an alias; one that is gone already is fine."""
        with calling("delete search alias", f"{endpoint}/aliases/{name}"):
            _indexes(self.connection, endpoint).delete_alias(name)

    def delete_indexer(self, endpoint: str, name: str) -> None:
        """Delete an indexer; one that is gone already is fine."""
        with calling("delete indexer", f"{endpoint}/indexers/{name}"):
            _indexers(self.connection, endpoint).delete_indexer(name)

    def indexer_names(self, endpoint: str) -> tuple[str, ...]:
        """All indexers of a service."""
        with calling("list indexers", endpoint):
            return tuple(str(name) for name in _indexers(self.connection, endpoint).get_indexer_names())

    def data_source_names(self, endpoint: str) -> tuple[str, ...]:
        """All data sources of a service."""
        with calling("list data sources", endpoint):
            return tuple(
                str(name) for name in _indexers(self.connection, endpoint).get_data_source_connection_names()
            )

    def delete_data_source(self, endpoint: str, name: str) -> None:
        """Delete a data source; one that is gone already is fine."""
        with calling("delete data source", f"{endpoint}/datasources/{name}"):
            _indexers(self.connection, endpoint).delete_data_source_connection(name)

    def create_data_source(self, endpoint: str, definition: dict[str, Any]) -> None:
        """Create or update a data source; it names a resource id, so no key is in it."""
        with calling("create data source", f"{endpoint}/datasources/{definition['name']}"):
            _indexers(self.connection, endpoint).create_or_update_data_source_connection(definition)

    def create_indexer(self, endpoint: str, definition: dict[str, Any]) -> None:
        """Create or update an indexer. A new one runs once by itself."""
        with calling("create indexer", f"{endpoint}/indexers/{definition['name']}"):
            _indexers(self.connection, endpoint).create_or_update_indexer(definition)

    def run_indexer(self, endpoint: str, name: str) -> None:
        """Run an indexer now; one that is running already stays as it is (409)."""
        try:
            with calling("run indexer", f"{endpoint}/indexers/{name}"):
                _indexers(self.connection, endpoint).run_indexer(name)
        except AzureCallFailed as error:
            if error.status != 409:
                raise

    def last_run(self, endpoint: str, name: str) -> IndexerRun | None:
        """How an indexer's last run went, or None when there is no such indexer."""
        try:
            with calling("get indexer status", f"{endpoint}/indexers/{name}"):
                found = _indexers(self.connection, endpoint).get_indexer_status(name)
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise
        last = found.last_result
        if last is None:
            return IndexerRun("never", 0, "")
        status = text(last.status).lower()
        return IndexerRun(
            status="running" if status == "inprogress" else "succeeded" if status == "success" else "failed",
            items=int(last.item_count or 0),
            detail=str(last.error_message or ""),
        )


@cache
def _indexes(connection: Connection, endpoint: str) -> Any:  # noqa: ANN401 - types are read where it is built
    with IMPORTING:
        from azure.search.documents.indexes import SearchIndexClient  # noqa: PLC0415

    return SearchIndexClient(endpoint, connection.credential, **connection.client_options)


@cache
def _indexers(connection: Connection, endpoint: str) -> Any:  # noqa: ANN401 - types are read where it is built
    with IMPORTING:
        from azure.search.documents.indexes import SearchIndexerClient  # noqa: PLC0415

    return SearchIndexerClient(endpoint, connection.credential, **connection.client_options)
