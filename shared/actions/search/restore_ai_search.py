"""Brings the recovered search index up to date from Cosmos DB and leads the tenants' alias to it."""

from shared.actions.action import Call, action
from shared.actions.search.load_search_snapshot import recovery_index, search_url, snapshot
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
    service = params.service
    endpoint, index = search_url(service.recovery_resource_id), recovery_index(service, call)
    if call.azure.search.alias(endpoint, service.alias) == index:
        count = call.azure.search.document_count(endpoint, index)
        return Outcome(
            summary=f"{service.name} answers from {service.recovery_region} with {count} documents",
            changed=True,
            evidence={"index": index, "documents": count},
        )
    manifest, _ = snapshot(service, params.storage, call)
    indexer = f"{index}-delta"
    run = call.azure.search.last_run(endpoint, indexer)
    if run is None:
        since = int(manifest["max_ts"])
        call.azure.search.create_data_source(
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
                    "query": f"SELECT * FROM c WHERE c._ts >= {since:d} ORDER BY c._ts",  # noqa: S608 - a number
                },
                "dataChangeDetectionPolicy": {
                    "@odata.type": "#Microsoft.Azure.Search.HighWaterMarkChangeDetectionPolicy",
                    "highWaterMarkColumnName": "_ts",
                },
            },
        )
        call.azure.search.create_indexer(
            endpoint, {"name": indexer, "dataSourceName": indexer, "targetIndexName": index}
        )
        return call.waiting_for(None, f"{service.name}: indexing what changed since {manifest['taken_at']}")
    if run.status == "failed":
        call.azure.search.run_indexer(endpoint, indexer)
        raise CheckFailed(
            f"{service.name}: the delta failed and was begun again: {run.detail}", retryable=True
        )
    if run.status in {"running", "never"}:
        return call.waiting_for(None, f"{service.name}: indexing what changed since {manifest['taken_at']}")
    count = call.azure.search.document_count(endpoint, index)
    if count < int(manifest["documents"]):
        raise CheckFailed(
            f"{service.name}: {count} documents, fewer than the snapshot's {manifest['documents']}",
            retryable=True,
        )
    call.azure.search.set_alias(endpoint, service.alias, index)
    return call.waiting_for(None, f"{service.name}: alias {service.alias} moves to {index}")
