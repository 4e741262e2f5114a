"""Loads the last snapshot of a search index into the recovery region's service."""

import json
import re
from typing import Any

from shared.actions.action import Call, action
from shared.errors import AzureCallFailed, CheckFailed
from shared.model.estate import AiSearch, Storage
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The search service, and the account that holds its snapshots."""

    service: AiSearch
    storage: Storage


@action(changes=True)
def load_search_snapshot(params: Params, call: Call) -> Outcome | Pending:
    """Fills a new index in the recovery region from the snapshot in blob storage, while other steps go on.

    The snapshot is read from the account's secondary, which answers while the primary region is out.
    """
    service, storage = params.service, params.storage
    endpoint, index = search_url(service.recovery_resource_id), recovery_index(service, call)
    manifest, definition = snapshot(service, storage, call)
    indexer = f"{index}-snapshot"
    run = call.azure.search.last_run(endpoint, indexer)
    if run is None:
        if index not in call.azure.search.index_names(endpoint):
            call.azure.search.create_index(endpoint, {**definition, "name": index})
        call.azure.search.create_data_source(
            endpoint,
            {
                "name": indexer,
                "type": "azureblob",
                "credentials": {"connectionString": f"ResourceId={storage.resource_id};"},
                "container": {"name": service.snapshot_container, "query": f"{service.index}/"},
            },
        )
        call.azure.search.create_indexer(
            endpoint,
            {
                "name": indexer,
                "dataSourceName": indexer,
                "targetIndexName": index,
                "parameters": {
                    "configuration": {"parsingMode": "jsonLines", "indexedFileNameExtensions": ".jsonl"}
                },
            },
        )
        return call.waiting_for(None, f"{service.name}: loading the snapshot of {manifest['taken_at']}")
    if run.status == "failed":
        call.azure.search.run_indexer(endpoint, indexer)
        raise CheckFailed(
            f"{service.name}: loading the snapshot failed and was begun again: {run.detail}", retryable=True
        )
    if run.status in {"running", "never"}:
        return call.waiting_for(None, f"{service.name}: loading the snapshot of {manifest['taken_at']}")
    count = call.azure.search.document_count(endpoint, index)
    if count < int(manifest["documents"]):
        raise CheckFailed(
            f"{service.name}: {count} of {manifest['documents']} documents loaded", retryable=True
        )
    return Outcome(
        summary=f"{service.name}: {count} documents from the snapshot of {manifest['taken_at']}",
        changed=call.begun,
        evidence={"index": index, "documents": count, "max_ts": manifest["max_ts"]},
    )


def search_url(resource_id: str) -> str:
    """The data plane address of a search service."""
    return f"https://{resource_id.rsplit('/', 1)[-1]}.search.windows.net"


def recovery_index(service: AiSearch, call: Call) -> str:
    """A new index for every run, so that nothing half-filled is ever reused (lower case, digits, dashes)."""
    unique = re.sub(r"[^a-z0-9]+", "-", call.run_id.lower()).strip("-")
    return f"{service.index}-{unique}"[:110].rstrip("-")


def snapshot(service: AiSearch, storage: Storage, call: Call) -> tuple[dict[str, Any], dict[str, Any]]:
    """The snapshot's manifest and the index definition in it."""
    account = storage.resource_id.rsplit("/", 1)[-1]
    documents: list[dict[str, Any]] = []
    for name in ("manifest.json", "index.json"):
        path = f"{service.index}/{name}"
        content = _read(account, service.snapshot_container, path, call)
        if content is None:
            raise CheckFailed(
                f"{service.name}: no {path} in {service.snapshot_container}: there is no snapshot"
            )
        documents.append(json.loads(content))
    return documents[0], documents[1]


def _read(account: str, container: str, path: str, call: Call) -> bytes | None:
    """From the account's secondary, or from the primary: after a failover there is no secondary any more."""
    try:
        content = call.azure.blobs.read(f"https://{account}-secondary.blob.core.windows.net", container, path)
    except AzureCallFailed:
        content = None
    if content is not None:
        return content
    return call.azure.blobs.read(f"https://{account}.blob.core.windows.net", container, path)
