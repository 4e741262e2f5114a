"""Brings the recovered search index up to date from Cosmos DB and leads the tenants' alias to it."""

from shared.actions.action import Call, action
from shared.actions.search.load_search_snapshot import (
    recovery_index,
    search_url,
    snapshot,
    still_indexing,
)
from shared.errors import CheckFailed
from shared.model.estate import AiSearch, CosmosDb, Storage
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The search service, the database that it is filled from, and where its snapshot lies."""

    service: AiSearch
    source: CosmosDb
    storage: Storage


@action(changes=True)
def restore_ai_search(params: Params, call: Call) -> Outcome | Pending:
    """Runs a delta over what changed since the snapshot, checks the count, and moves the alias.

    Tenants read through the alias, so they switch at once, and never see an index that is being filled.
    """
    service, search = params.service, call.azure.search
    endpoint, index = search_url(service.recovery_resource_id), recovery_index(service, call)
    if search.alias(endpoint, service.alias) == index:
        return _answering(service, index, search.document_count(endpoint, index), changed=call.begun)
    manifest, _ = snapshot(service, params.storage, call)
    indexer = f"{index}-delta"
    run = search.last_run(endpoint, indexer)
    if run is None:
        if index not in search.index_names(endpoint):
            raise CheckFailed(
                f"{service.name}: {index} is not in {service.recovery_region}: load the snapshot first"
            )
        if indexer not in search.data_source_names(endpoint):
            search.create_data_source(
                endpoint,
                {
                    "name": indexer,
                    "type": "cosmosdb",
                    "credentials": {
                        "connectionString": f"ResourceId={params.source.resource_id};"
                        f"Database={params.source.database};IdentityAuthType=AccessToken"
                    },
                    "container": {
                        "name": service.source_container,
                        "query": f"SELECT * FROM c WHERE c._ts >= {manifest.max_ts:d} ORDER BY c._ts",  # noqa: S608 - a number
                    },
                    "dataChangeDetectionPolicy": {
                        "@odata.type": "#Microsoft.Azure.Search.HighWaterMarkChangeDetectionPolicy",
                        "highWaterMarkColumnName": "_ts",
                    },
                },
            )
        search.create_indexer(
            endpoint, {"name": indexer, "dataSourceName": indexer, "targetIndexName": index}
        )
    if run is None or run.status != "succeeded":
        return still_indexing(
            run, endpoint, indexer, call, f"{service.name}: indexing what changed since {manifest.taken_at}"
        )
    count = search.document_count(endpoint, index)
    if count == 0 or count < manifest.documents:
        raise CheckFailed(
            f"{service.name}: {count} documents, fewer than the snapshot's {manifest.documents}: "
            f"{service.alias} stays where it is",
            retryable=True,
        )
    search.set_alias(endpoint, service.alias, index)
    if search.alias(endpoint, service.alias) == index:
        return _answering(service, index, count, changed=True)
    return call.waiting_for(None, f"{service.name}: alias {service.alias} moves to {index}")


def _answering(service: AiSearch, index: str, count: int, *, changed: bool) -> Outcome:
    return Outcome(
        summary=f"{service.name} answers from {service.recovery_region} with {count} documents",
        changed=changed,
        evidence={"index": index, "documents": count},
    )
