"""Runs of indexers: begun, settled when they are due, shown as the service shows them."""

import re

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import OperationFailed
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.search import documents, sources
from infra.local.azure.services.search.indexes import key_field
from infra.local.azure.services.search.service import INDEXERS, INDEXES, SOURCES, find, service

HISTORY = 50
_EVERY = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


def _read(world: World, key: str) -> sources.Reading:
    """Read an indexer's source now; raises `SourceLostError` or `SourceRefusedError`."""
    search = key.partition("/")[0]
    indexer = world.table(INDEXERS).peek(key) or {}
    source = world.table(SOURCES).peek(f"{search}/{indexer.get('dataSourceName')}")
    index = world.table(INDEXES).peek(f"{search}/{indexer.get('targetIndexName')}")
    if source is None or index is None:
        raise sources.SourceLostError(
            "The data source or the target index of the indexer does not exist any more."
        )
    return sources.read(world, source, indexer, key_field(index))


def running(world: World, key: str) -> bool:
    entry = ((world.table(INDEXERS).peek(key) or {}).get("runs") or [{}])[0]
    operation = world.operations.find(entry.get("operation", ""))
    return operation is not None and operation["status"] == "InProgress"


def begin(world: World, key: str) -> None:
    """Start a run; what it cannot read at once it reports after a short while."""
    search, name = key.split("/", 1)
    resource = find(world, search)
    indexer = world.table(INDEXERS).get(key)
    assert resource is not None
    assert indexer is not None
    args: Json = {"indexer": key, "items": 0}
    try:
        reading = _read(world, key)
        args["items"], seconds = reading.items, reading.seconds
    except (sources.SourceLostError, sources.SourceRefusedError) as error:
        args["lost"], seconds = str(error), durations.SEARCH_SOURCE_LOST
    operation = world.operations.begin(
        f"{resource['id']}/indexers/{name}", "search.index", args, seconds=seconds
    )
    entry: Json = {"operation": operation["id"], "from": indexer.get("mark")}
    world.table(INDEXERS).put(key, {**indexer, "runs": [entry, *indexer["runs"]][:HISTORY]})


@service.effect("search.index")
def indexed(world: World, args: Json) -> Json:
    """Move the documents; a source or service that is out at the end of the run has stopped it."""
    key = args["indexer"]
    resource = find(world, key.partition("/")[0])
    if "lost" in args:
        raise OperationFailed("SourceLost", args["lost"])
    if resource is None or not world.region_up(region_name(resource["location"])):
        raise OperationFailed("ServiceUnavailable", "The search service was interrupted.")
    try:
        reading = _read(world, key)
    except (sources.SourceLostError, sources.SourceRefusedError) as error:
        raise OperationFailed("SourceLost", str(error)) from error
    return _move(world, key, reading)


def _move(world: World, key: str, reading: sources.Reading) -> Json:
    """Put into the index what was read, unless more of it failed than the indexer allows."""
    indexer = world.table(INDEXERS).get(key)
    assert indexer is not None
    allowed = int((indexer.get("parameters") or {}).get("maxFailedItems") or 0)
    if allowed != -1 and len(reading.failures) > allowed:
        message = "The number of items that failed exceeds maxFailedItems. See the errors of this run."
        raise OperationFailed("TooManyFailedItems", message, reading.failures)
    index = f"{key.partition('/')[0]}/{indexer['targetIndexName']}"
    documents.add(world, index, reading.ranges, reading.documents, reading.origin)
    world.table(INDEXERS).put(key, {**indexer, "mark": reading.mark})
    return {"items": reading.items, "failures": reading.failures, "mark": reading.mark}


def shown(world: World, entry: Json) -> Json:
    """Return a run as `lastResult` and `executionHistory` hold it."""
    if "reset" in entry:
        return _result("reset", None, entry["reset"], entry["reset"], 0, [])
    operation = entry.get("settled") or world.operations.find(entry["operation"])
    assert operation is not None
    ended = operation.get("ended")
    match operation["status"]:
        case "InProgress":
            share = (world.now - operation["started"]) / max(operation["due"] - operation["started"], 1)
            items = int(operation["args"]["items"] * min(max(share, 0), 1))
            result = _result("inProgress", None, operation["started"], None, items, [])
        case "Succeeded":
            done = operation["result"]
            result = _result("success", None, operation["started"], ended, done["items"], done["failures"])
            result["finalTrackingState"] = None if done["mark"] is None else str(done["mark"])
        case _:
            error = operation["error"]
            failures = error.get("details", [])
            message = error["message"]
            result = _result(
                "transientFailure", message, operation["started"], ended, len(failures), failures
            )
    result["initialTrackingState"] = None if entry["from"] is None else str(entry["from"])
    return result


def _result(
    status: str, message: str | None, started: float, ended: float | None, items: int, failures: list[Json]
) -> Json:
    return {
        "status": status,
        "statusDetail": None,
        "errorMessage": message,
        "startTime": iso(started),
        "endTime": None if ended is None else iso(ended),
        "itemsProcessed": items + (len(failures) if status == "success" else 0),
        "itemsFailed": len(failures),
        "initialTrackingState": None,
        "finalTrackingState": None,
        "errors": [{"statusCode": 400, **one} for one in failures],
        "warnings": [],
    }


def interval(indexer: Json) -> float | None:
    """Return the seconds between scheduled runs; None without a schedule, ValueError for one that is none."""
    given = (indexer.get("schedule") or {}).get("interval")
    if given is None:
        return None
    found = _EVERY.fullmatch(str(given))
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    seconds = days * 86_400 + hours * 3600 + minutes * 60
    if not 300 <= seconds <= 86_400:
        raise ValueError(given)
    return float(seconds)


@service.every(60)
def scheduled(world: World) -> None:
    """Run what is due; a service whose region is out runs nothing."""
    for key, indexer in list(world.table(INDEXERS).rows()):
        pause = interval(indexer)
        resource = find(world, key.partition("/")[0])
        if pause is None or indexer.get("disabled") or resource is None or running(world, key):
            continue
        started = max((_started(world, one) for one in indexer["runs"][:1]), default=0.0)
        if world.region_up(region_name(resource["location"])) and world.now - started >= pause:
            _run_by_schedule(world, key)


def _started(world: World, entry: Json) -> float:
    operation = entry.get("settled") or world.operations.find(entry.get("operation", ""))
    return operation["started"] if operation else entry.get("reset", 0.0)


def _run_by_schedule(world: World, key: str) -> None:
    """Take what is new at once; only a run over many documents takes its time.

    So the background makes no operations, at which a fault that is meant for somebody's next one would strike.
    """
    indexer = world.table(INDEXERS).get(key)
    assert indexer is not None
    before = indexer.get("mark")
    run: Json = {"started": world.now, "ended": world.now, "status": "Succeeded"}
    try:
        reading = _read(world, key)
        if reading.seconds > durations.SEARCH_DELTA:
            begin(world, key)
            return
        run["result"] = _move(world, key, reading)
        indexer["mark"] = reading.mark
    except (sources.SourceLostError, sources.SourceRefusedError, OperationFailed) as error:
        details = error.details if isinstance(error, OperationFailed) else []
        run |= {"status": "Failed", "error": {"message": str(error), "details": details}}
    entry: Json = {"settled": run, "from": before}
    world.table(INDEXERS).put(key, {**indexer, "runs": [entry, *indexer["runs"]][:HISTORY]})
