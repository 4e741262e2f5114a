"""The calls on data sources and indexers."""

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.search import runs, sources
from infra.local.azure.services.search.service import (
    HOST,
    INDEXERS,
    INDEXES,
    SOURCES,
    asked,
    check_conditions,
    checked_name,
    listed,
    named,
    new_etag,
    refuse_existing,
    refused,
    selected,
    service,
)

KEPT = {"runs", "mark"}


def _source(row: Json) -> Json:
    """Hide the connection string, as the service does, even one without a secret."""
    return {**row, "credentials": {"connectionString": None}}


@service.on("PUT", HOST, "/datasources('{source}')", token=False)
def put_source(world: World, request: Request) -> Answer:
    return _put_source(world, request, checked_name(request, request.params["source"]))


@service.on("POST", HOST, "/datasources", token=False)
def post_source(world: World, request: Request) -> Answer:
    refuse_existing(world, SOURCES, request, "Data source")
    return _put_source(world, request, request.json)


def _put_source(world: World, request: Request, body: Json) -> Answer:
    search = asked(world, request)
    key = f"{search}/{body['name']}"
    kept = world.table(SOURCES).peek(key)
    check_conditions(request, kept)
    given = (body.get("credentials") or {}).get("connectionString")
    if kept is not None and given in {None, "<unchanged>"}:
        body = {**body, "credentials": kept["credentials"]}
    try:
        sources.check(world, body)
    except sources.SourceRefusedError as error:
        raise refused(400, str(error)) from error
    row = {**body, "@odata.etag": new_etag(world)}
    world.table(SOURCES).put(key, row)
    return Answer(201 if kept is None else 200, _source(row))


@service.on("GET", HOST, "/datasources", token=False)
def list_sources(world: World, request: Request) -> Answer:
    return Answer(
        200, {"value": [selected(_source(row), request) for row in listed(world, SOURCES, request)]}
    )


@service.on("GET", HOST, "/datasources('{source}')", token=False)
def get_source(world: World, request: Request) -> Answer:
    return Answer(200, _source(named(world, SOURCES, request, request.params["source"], "data source")))


@service.on("DELETE", HOST, "/datasources('{source}')", token=False)
def delete_source(world: World, request: Request) -> Answer:
    kept = named(world, SOURCES, request, request.params["source"], "data source")
    check_conditions(request, kept)
    world.table(SOURCES).delete(f"{asked(world, request)}/{kept['name']}")
    return Answer(204)


@service.on("PUT", HOST, "/indexers('{indexer}')", token=False)
def put_indexer(world: World, request: Request) -> Answer:
    return _put_indexer(world, request, checked_name(request, request.params["indexer"]))


@service.on("POST", HOST, "/indexers", token=False)
def post_indexer(world: World, request: Request) -> Answer:
    refuse_existing(world, INDEXERS, request, "Indexer")
    return _put_indexer(world, request, request.json)


def _put_indexer(world: World, request: Request, body: Json) -> Answer:
    """Create or update; a new indexer runs at once unless it is disabled."""
    search = asked(world, request)
    key = f"{search}/{body['name']}"
    kept = world.table(INDEXERS).peek(key)
    check_conditions(request, kept)
    for field, kind, called in (
        ("dataSourceName", SOURCES, "data source"),
        ("targetIndexName", INDEXES, "index"),
    ):
        if world.table(kind).peek(f"{search}/{body.get(field)}") is None:
            message = f"This indexer refers to {called} '{body.get(field)}' that doesn't exist."
            raise refused(400, message)
    try:
        runs.interval(body)
    except ValueError as error:
        raise refused(400, f"Invalid schedule interval '{error}': from PT5M to P1D.") from error
    before: Json = {name: kept[name] for name in KEPT} if kept else {"runs": [], "mark": None}
    row = {**body, **before, "@odata.etag": new_etag(world)}
    world.table(INDEXERS).put(key, row)
    if kept is None and not body.get("disabled"):
        runs.begin(world, key)
    return Answer(201 if kept is None else 200, _indexer(row))


def _indexer(row: Json) -> Json:
    return {name: value for name, value in row.items() if name not in KEPT}


def _named(world: World, request: Request) -> tuple[str, Json]:
    found = named(world, INDEXERS, request, request.params["indexer"], "indexer")
    return f"{asked(world, request)}/{found['name']}", found


@service.on("GET", HOST, "/indexers", token=False)
def list_indexers(world: World, request: Request) -> Answer:
    rows = [selected(_indexer(row), request) for row in listed(world, INDEXERS, request)]
    return Answer(200, {"value": rows})


@service.on("GET", HOST, "/indexers('{indexer}')", token=False)
def get_indexer(world: World, request: Request) -> Answer:
    return Answer(200, _indexer(_named(world, request)[1]))


@service.on("DELETE", HOST, "/indexers('{indexer}')", token=False)
def delete_indexer(world: World, request: Request) -> Answer:
    key, found = _named(world, request)
    check_conditions(request, found)
    world.table(INDEXERS).delete(key)
    return Answer(204)


@service.on("POST", HOST, "/indexers('{indexer}')/search.run", token=False)
def run(world: World, request: Request) -> Answer:
    key, _ = _named(world, request)
    if runs.running(world, key):
        message = (
            "Another indexer invocation is currently in progress; concurrent invocations are not allowed."
        )
        raise refused(409, message)
    runs.begin(world, key)
    return Answer(202)


@service.on("POST", HOST, "/indexers('{indexer}')/search.reset", token=False)
def reset(world: World, request: Request) -> Answer:
    """Forget how far the indexer had come: its next run reads everything."""
    key, found = _named(world, request)
    if runs.running(world, key):
        raise refused(409, "The indexer cannot be reset while it is running.")
    history = [{"reset": world.now}, *found["runs"]][: runs.HISTORY]
    world.table(INDEXERS).put(key, {**found, "mark": None, "runs": history})
    return Answer(204)


@service.on("GET", HOST, "/indexers('{indexer}')/search.status", token=False)
def status(world: World, request: Request) -> Answer:
    _, found = _named(world, request)
    history = [runs.shown(world, entry) for entry in found["runs"]]
    limits: Json = {
        "maxRunTime": "PT24H",
        "maxDocumentExtractionSize": 268_435_456,
        "maxDocumentContentCharactersToExtract": 4_000_000,
    }
    return Answer(
        200,
        {
            "name": found["name"],
            "status": "running",
            "lastResult": history[0] if history else None,
            "executionHistory": [one for one in history if one["status"] != "inProgress"],
            "limits": limits,
        },
    )
