"""Loads the last snapshot of a search index into the recovery region's service."""

import hashlib
import re
from typing import Any

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from shared.actions.action import Call, action
from shared.errors import AzureCallFailed, CheckFailed
from shared.gateways.search import IndexerRun
from shared.model.estate import AiSearch, Storage
from shared.model.outcome import Outcome, Pending
from shared.model.plan import PlanKind
from shared.model.wire import Frozen


class Params(Frozen):
    """The search service, and the account that holds its snapshots."""

    service: AiSearch
    storage: Storage


class Manifest(Frozen):
    """What the job that took a snapshot says of it; `max_ts` is the newest `_ts` in it, in seconds."""

    documents: int = Field(ge=0)
    taken_at: AwareDatetime
    max_ts: int = Field(ge=0)


AGAIN_AFTER = 60.0
"""Seconds between a failed run of an indexer and the next: its source may be failing over just now."""


@action(changes=True)
def load_search_snapshot(params: Params, call: Call) -> Outcome | Pending:
    """Fills a new index in the recovery region from the snapshot in blob storage, while other steps go on.

    The snapshot is read from the account's secondary, which answers while the primary region is out.
    """
    service, storage, search = params.service, params.storage, call.azure.search
    endpoint, index = search_url(service.recovery_resource_id), recovery_index(service, call)
    manifest, definition = snapshot(service, storage, call)
    indexer = f"{index}-snapshot"
    run = search.last_run(endpoint, indexer)
    if run is None:
        if index not in search.index_names(endpoint):
            search.create_index(endpoint, {**definition, "name": index})
        if indexer not in search.data_source_names(endpoint):
            search.create_data_source(
                endpoint,
                {
                    "name": indexer,
                    "type": "azureblob",
                    "credentials": {"connectionString": f"ResourceId={storage.resource_id};"},
                    "container": {"name": service.snapshot_container, "query": f"{service.index}/"},
                },
            )
        search.create_indexer(
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
    if run is None or run.status != "succeeded":
        return still_indexing(
            run, endpoint, indexer, call, f"{service.name}: loading the snapshot of {manifest.taken_at}"
        )
    count = search.document_count(endpoint, index)
    if count < manifest.documents:
        raise CheckFailed(f"{service.name}: {count} of {manifest.documents} documents loaded", retryable=True)
    return Outcome(
        summary=f"{service.name}: {count} documents from the snapshot of {manifest.taken_at}",
        changed=call.begun,
        evidence={"index": index, "documents": count, "max_ts": manifest.max_ts},
    )


def still_indexing(run: IndexerRun | None, endpoint: str, indexer: str, call: Call, what: str) -> Pending:
    """Wait for a run of an indexer; one that failed is begun again a while later, a few times."""
    if run is None or run.status != "failed":
        return call.waiting_for(None, what, failed=None)
    if call.progress.get("failed") is None:
        call.count_failure(run.detail)
        return call.waiting_for(
            None,
            f"{what}: it failed and is begun again: {run.detail}"[:1000],
            retry_after=AGAIN_AFTER,
            failed=run.detail,
        )
    call.azure.search.run_indexer(endpoint, indexer)
    return call.waiting_for(None, what, failed=None)


def search_url(resource_id: str) -> str:
    """The data plane address of a search service."""
    return f"https://{resource_id.rsplit('/', 1)[-1]}.search.windows.net"


def recovery_index(service: AiSearch, call: Call) -> str:
    """A new index for every run, so that nothing half-filled is ever reused (lower case, digits, dashes)."""
    unique = re.sub(r"[^a-z0-9]+", "-", call.run_id.lower()).strip("-")
    name = f"{service.index}-{unique}"
    if len(name) <= 110:
        return name
    return f"{name[:93]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def is_recovery_index(service: AiSearch, name: str) -> bool:
    """Whether a recovery of this index made that index, indexer or data source: run ids begin with the kind."""
    kinds = "|".join(PlanKind)
    return re.match(rf"{re.escape(service.index)}-({kinds})-", name) is not None


def snapshot(service: AiSearch, storage: Storage, call: Call) -> tuple[Manifest, dict[str, Any]]:
    """The snapshot's manifest and the index definition in it; CheckFailed when there is no usable one."""
    account = storage.resource_id.rsplit("/", 1)[-1]
    contents: list[bytes] = []
    for name in ("manifest.json", "index.json"):
        path = f"{service.index}/{name}"
        content = _read(account, service.snapshot_container, path, call)
        if content is None:
            raise CheckFailed(
                f"{service.name}: no {path} in {service.snapshot_container}: there is no snapshot; take one, "
                "or build the index from its source"
            )
        contents.append(content)
    try:
        manifest = Manifest.model_validate_json(contents[0])
        definition = TypeAdapter(dict[str, Any]).validate_json(contents[1])
    except ValidationError as error:
        raise _damaged(
            service, "; ".join(f"{one['loc']}: {one['msg']}" for one in error.errors()[:3])
        ) from error
    if not definition.get("fields"):
        raise _damaged(service, "the index definition has no fields")
    return manifest, definition


def _damaged(service: AiSearch, why: str) -> CheckFailed:
    where = f"{service.snapshot_container}/{service.index}"
    return CheckFailed(f"{service.name}: the snapshot in {where} is damaged ({why}): take another one")


def _read(account: str, container: str, path: str, call: Call) -> bytes | None:
    """From the account's secondary, or from the primary: after a failover there is no secondary any more."""
    try:
        content = call.azure.blobs.read(f"https://{account}-secondary.blob.core.windows.net", container, path)
    except AzureCallFailed:
        content = None
    if content is not None:
        return content
    return call.azure.blobs.read(f"https://{account}.blob.core.windows.net", container, path)
