"""What the search services hold at the beginning, and the snapshot of the index in blob storage."""

import json

from infra.local.azure import contoso
from infra.local.azure.core.clock import iso
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import account as storage
from infra.local.azure.services.blobs import store as blobs
from infra.local.azure.services.blobs.reading import digest
from infra.local.azure.services.search import corpus, documents
from infra.local.azure.services.search.service import (
    ALIASES,
    INDEXERS,
    INDEXES,
    SOURCES,
    find,
    new_etag,
    service,
)

PRIMARY, INDEX, ALIAS, INDEXER, SOURCE = (
    "srch-fas-japaneast",
    "agents-v1",
    "agents",
    "agents-live",
    "agents-db",
)
ORIGIN = f"{contoso.COSMOS}/messages"
SNAPSHOTS, NEWER, PARTS = "search-snapshots", 2000, 4
DEFINITION: Json = {
    "name": INDEX,
    "fields": [
        {"name": "id", "type": "Edm.String", "key": True, "searchable": False, "filterable": True},
        {"name": "tenant", "type": "Edm.String", "searchable": False, "filterable": True, "facetable": True},
        {"name": "title", "type": "Edm.String", "searchable": True},
        {"name": "content", "type": "Edm.String", "searchable": True},
        {"name": "_ts", "type": "Edm.Int64", "filterable": True, "sortable": True},
    ],
}


@service.seed
def plant(world: World) -> None:
    corpus.mark(world)
    database = contoso.resource_id(contoso.EAST, "Microsoft.DocumentDB/databaseAccounts", contoso.COSMOS)
    account = world.resources.peek(database)
    if account is None or find(world, PRIMARY) is None:
        return
    count = corpus.count(world, account, "messages") or 0
    policy = {
        "@odata.type": "#Microsoft.Azure.Search.HighWaterMarkChangeDetectionPolicy",
        "highWaterMarkColumnName": "_ts",
    }
    source: Json = {
        "name": SOURCE,
        "type": "cosmosdb",
        "credentials": {
            "connectionString": f"ResourceId={database};Database=agents;IdentityAuthType=AccessToken"
        },
        "container": {
            "name": "messages",
            "query": "SELECT * FROM c WHERE c._ts >= @HighWaterMark ORDER BY c._ts",
        },
        "dataChangeDetectionPolicy": policy,
    }
    indexer: Json = {
        "name": INDEXER,
        "dataSourceName": SOURCE,
        "targetIndexName": INDEX,
        "schedule": {"interval": "PT5M"},
        "runs": [],
        "mark": corpus.written(world, ORIGIN, count),
    }
    for kind, row in (
        (INDEXES, DEFINITION),
        (ALIASES, {"name": ALIAS, "indexes": [INDEX]}),
        (SOURCES, source),
        (INDEXERS, indexer),
    ):
        world.table(kind).put(f"{PRIMARY}/{row['name']}", {**row, "@odata.etag": new_etag(world)})
    documents.add(world, f"{PRIMARY}/{INDEX}", [[1, count]], {}, ORIGIN)
    _snapshot(world, count)


def _snapshot(world: World, count: int) -> None:
    """Put yesterday's snapshot; a line of its parts stands for many documents, so that it stays small."""
    if storage.find(world, "stfasprod") is None:
        return
    kept = count - NEWER
    newest = corpus.written(world, ORIGIN, kept)
    taken = float(newest)
    manifest: Json = {"index": INDEX, "documents": kept, "taken_at": iso(taken), "max_ts": newest}
    blobs.put_container(world, "stfasprod", SNAPSHOTS, {}, at=taken - 86_400)
    _put(world, "index.json", json.dumps(DEFINITION, indent=2), "application/json", taken)
    bounds = [kept * place // PARTS for place in range(PARTS + 1)]
    for place in range(PARTS):
        line = {"represents": [bounds[place] + 1, bounds[place + 1]], "origin": ORIGIN}
        _put(world, f"part-{place:05d}.jsonl", json.dumps(line) + "\n", "application/jsonl", taken)
    _put(world, "manifest.json", json.dumps(manifest), "application/json", taken)


def _put(world: World, name: str, text: str, kind: str, at: float) -> None:
    content = text.encode()
    entry: Json = {
        "at": at,
        "content": blobs.keep(world, content),
        "length": len(content),
        "md5": digest(content),
        "type": kind,
        "settings": {},
        "metadata": {},
        "created": at,
        "blocks": [],
    }
    blobs.put_version(world, "stfasprod", SNAPSHOTS, f"{INDEX}/{name}", entry)
