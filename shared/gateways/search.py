"""AI Search through `azure-search-documents`: indexes, indexers and the alias that tenants read through."""

from dataclasses import dataclass
from typing import Any, Literal

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, text, writing
from shared.importing import IMPORTING

EVERYTHING = 2**53
"""Documents that an index holds in a preview once an indexer has filled it: how many, only the run can know."""


@dataclass(frozen=True)
class IndexerRun:
    """The last run of an indexer."""

    status: Literal["never", "running", "succeeded", "failed", "reset"]
    items: int
    detail: str
    started: str = ""


@dataclass(frozen=True)
class SearchServices:
    """Data plane of AI Search. Roles: Search Service Contributor and Search Index Data Contributor."""

    connection: Connection

    def index_names(self, endpoint: str) -> tuple[str, ...]:
        """All indexes of a service."""

        def read() -> tuple[str, ...]:
            with calling("list search indexes", endpoint):
                return tuple(str(name) for name in _indexes(self.connection, endpoint).list_index_names())

        return self.connection.look("indexes", endpoint, read)

    def create_index(self, endpoint: str, definition: dict[str, Any]) -> None:
        """Create or update an index from its JSON definition."""
        self._will_have("indexes", endpoint, definition["name"])
        with writing("create search index", f"{endpoint}/indexes/{definition['name']}"):
            _indexes(self.connection, endpoint).create_or_update_index(definition)

    def delete_index(self, endpoint: str, name: str) -> None:
        """Delete an index; one that is gone already is fine."""
        self._will_lack("indexes", endpoint, name)
        with writing("delete search index", f"{endpoint}/indexes/{name}"):
            _indexes(self.connection, endpoint).delete_index(name)

    def document_count(self, endpoint: str, index: str) -> int:
        """Documents in an index."""
        path = f"{endpoint}/indexes/{index}"

        def read() -> int:
            with calling("get search index statistics", path):
                return int(_indexes(self.connection, endpoint).get_index_statistics(index).document_count)

        return self.connection.look("documents", path, read)

    def alias(self, endpoint: str, name: str) -> str | None:
        """The index that an alias leads to, or None when there is no such alias."""
        return self.connection.look("alias", f"{endpoint}/{name}", lambda: self._alias(endpoint, name))

    def _alias(self, endpoint: str, name: str) -> str | None:
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
        self.connection.expect("alias", f"{endpoint}/{name}", lambda _: index)
        with writing("set search alias", f"{endpoint}/aliases/{name}"):
            _indexes(self.connection, endpoint).create_or_update_alias({"name": name, "indexes": [index]})

    def delete_alias(self, endpoint: str, name: str) -> None:
        """Delete an alias; one that is gone already is fine."""
        self.connection.expect("alias", f"{endpoint}/{name}", lambda _: None)
        with writing("delete search alias", f"{endpoint}/aliases/{name}"):
            _indexes(self.connection, endpoint).delete_alias(name)

    def delete_indexer(self, endpoint: str, name: str) -> None:
        """Delete an indexer; one that is gone already is fine."""
        self._will_lack("indexers", endpoint, name)
        with writing("delete indexer", f"{endpoint}/indexers/{name}"):
            _indexers(self.connection, endpoint).delete_indexer(name)

    def indexer_names(self, endpoint: str) -> tuple[str, ...]:
        """All indexers of a service."""

        def read() -> tuple[str, ...]:
            with calling("list indexers", endpoint):
                return tuple(str(name) for name in _indexers(self.connection, endpoint).get_indexer_names())

        return self.connection.look("indexers", endpoint, read)

    def data_source_names(self, endpoint: str) -> tuple[str, ...]:
        """All data sources of a service."""

        def read() -> tuple[str, ...]:
            client = _indexers(self.connection, endpoint)
            with calling("list data sources", endpoint):
                return tuple(str(name) for name in client.get_data_source_connection_names())

        return self.connection.look("data sources", endpoint, read)

    def delete_data_source(self, endpoint: str, name: str) -> None:
        """Delete a data source; one that is gone already is fine."""
        self._will_lack("data sources", endpoint, name)
        with writing("delete data source", f"{endpoint}/datasources/{name}"):
            _indexers(self.connection, endpoint).delete_data_source_connection(name)

    def create_data_source(self, endpoint: str, definition: dict[str, Any]) -> None:
        """Create or update a data source; it names a resource id, so no key is in it."""
        self._will_have("data sources", endpoint, definition["name"])
        with writing("create data source", f"{endpoint}/datasources/{definition['name']}"):
            _indexers(self.connection, endpoint).create_or_update_data_source_connection(definition)

    def create_indexer(self, endpoint: str, definition: dict[str, Any]) -> None:
        """Create or update an indexer. A new one runs once by itself."""
        self._will_have("indexers", endpoint, definition["name"])
        self._will_have_run(endpoint, definition["name"])
        index = f"{endpoint}/indexes/{definition['targetIndexName']}"
        self.connection.expect("documents", index, lambda _: EVERYTHING)
        with writing("create indexer", f"{endpoint}/indexers/{definition['name']}"):
            _indexers(self.connection, endpoint).create_or_update_indexer(definition)

    def run_indexer(self, endpoint: str, name: str) -> None:
        """Run an indexer now; one that is running already stays as it is (409)."""
        self._will_have_run(endpoint, name)
        try:
            with writing("run indexer", f"{endpoint}/indexers/{name}"):
                _indexers(self.connection, endpoint).run_indexer(name)
        except AzureCallFailed as error:
            if error.status != 409:
                raise

    def indexers_of(self, endpoint: str, index: str) -> tuple[str, ...]:
        """The indexers that fill an index."""
        with calling("list indexers", endpoint):
            found = _indexers(self.connection, endpoint).get_indexers()
            return tuple(str(one.name) for one in found if one.target_index_name == index)

    def reset_indexer(self, endpoint: str, name: str) -> None:
        """Make an indexer forget how far it had come: its next run reads everything. 409 while it runs."""
        began = IndexerRun("reset", 0, "", started="preview")
        self.connection.expect("runs", f"{endpoint}/{name}", lambda seen: (began, *seen))
        with writing("reset indexer", f"{endpoint}/indexers/{name}"):
            _indexers(self.connection, endpoint).reset_indexer(name)

    def runs(self, endpoint: str, name: str) -> tuple[IndexerRun, ...]:
        """What an indexer has done, the latest first: its runs, and as `reset` the moments of a reset."""
        return self.connection.look("runs", f"{endpoint}/{name}", lambda: self._runs(endpoint, name))

    def _runs(self, endpoint: str, name: str) -> tuple[IndexerRun, ...]:
        with calling("get indexer status", f"{endpoint}/indexers/{name}"):
            found = _indexers(self.connection, endpoint).get_indexer_status(name)
        history = [_run(one) for one in found.execution_history or []]
        last = None if found.last_result is None else _run(found.last_result)
        return tuple(history if last is None or last in history else [last, *history])

    def last_run(self, endpoint: str, name: str) -> IndexerRun | None:
        """How an indexer's last run went, or None when there is no such indexer."""
        return self.connection.look("run", f"{endpoint}/{name}", lambda: self._last_run(endpoint, name))

    def _last_run(self, endpoint: str, name: str) -> IndexerRun | None:
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
        return _run(last)

    # What previews take for granted: a write that was kept will have worked.

    def _will_have(self, what: str, endpoint: str, name: str) -> None:
        self.connection.expect(what, endpoint, lambda seen: (*seen, name))

    def _will_lack(self, what: str, endpoint: str, name: str) -> None:
        self.connection.expect(what, endpoint, lambda seen: tuple(one for one in seen if one != name))

    def _will_have_run(self, endpoint: str, name: str) -> None:
        done = IndexerRun("succeeded", 0, "")
        self.connection.expect("run", f"{endpoint}/{name}", lambda _: done)
        self.connection.expect("runs", f"{endpoint}/{name}", lambda seen: (done, *(seen or ())))


_STATES: dict[str, Literal["running", "succeeded", "reset"]] = {
    "inprogress": "running",
    "success": "succeeded",
    "reset": "reset",
}


def _run(result: Any) -> IndexerRun:  # noqa: ANN401 - generated model
    return IndexerRun(
        status=_STATES.get(text(result.status).lower(), "failed"),
        items=int(result.item_count or 0),
        detail=str(result.error_message or ""),
        started=result.start_time.isoformat() if result.start_time else "",
    )


def _indexes(connection: Connection, endpoint: str) -> Any:  # noqa: ANN401 - types are read where it is built
    with IMPORTING:
        from azure.search.documents.indexes import SearchIndexClient  # noqa: PLC0415

    return connection.client(
        "indexes",
        endpoint,
        lambda: SearchIndexClient(endpoint, connection.credential, **connection.client_options),
    )


def _indexers(connection: Connection, endpoint: str) -> Any:  # noqa: ANN401 - types are read where it is built
    with IMPORTING:
        from azure.search.documents.indexes import SearchIndexerClient  # noqa: PLC0415

    return connection.client(
        "indexers",
        endpoint,
        lambda: SearchIndexerClient(endpoint, connection.credential, **connection.client_options),
    )
