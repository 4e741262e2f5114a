"""What an indexer finds when it reads its source: a Cosmos DB container, or blobs with a snapshot."""

import json
import re
from dataclasses import dataclass, field

from infra.local.azure import durations
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import account as storage
from infra.local.azure.services.blobs import store as blobs
from infra.local.azure.services.blobs.errors import BlobError
from infra.local.azure.services.cosmos import regions as cosmos
from infra.local.azure.services.search import corpus

MANY = 0.1  # of the documents: more than that takes as long as all of them
_QUERY = re.compile(
    r"\s*select\s+.+?\s+from\s+(?P<alias>\w+)"
    r"(\s+where\s+(?P=alias)\._ts\s*(?P<sign>>=?)\s*(?P<since>\d+|@highwatermark))?"
    r"(\s+order\s+by\s+(?P=alias)\._ts)?\s*",
    re.IGNORECASE | re.DOTALL,
)


class SourceLostError(Exception):
    """The source cannot be read now."""


class SourceRefusedError(Exception):
    """The source's definition is wrong, or more than is simulated."""


@dataclass(frozen=True)
class Reading:
    """What a run would index, how long that takes, and what it cannot index."""

    seconds: float
    ranges: list[list[int]] = field(default_factory=list[list[int]])
    documents: dict[str, Json] = field(default_factory=dict[str, Json])
    failures: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    origin: str = ""
    mark: int | None = None

    @property
    def items(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges) + len(self.documents)


def check(world: World, source: Json) -> None:
    """Raise `SourceRefusedError` for a data source that could never be read."""
    _resource(world, source)
    if source.get("type") == "cosmosdb":
        _query(source)


def read(world: World, source: Json, indexer: Json, key_field: str) -> Reading:
    resource = _resource(world, source)
    container = source["container"]["name"]
    if source["type"] == "cosmosdb":
        return _documents(world, source, resource, container, indexer.get("mark"))
    return _blobs(world, source, resource, indexer, key_field)


def _resource(world: World, source: Json) -> Json:
    """Return the account that a managed identity's connection string names."""
    kinds = {"azureblob": storage.TYPE, "adlsgen2": storage.TYPE, "cosmosdb": cosmos.ACCOUNT}
    kind = kinds.get(str(source.get("type")))
    if kind is None:
        raise SourceRefusedError(f"Data source type '{source.get('type')}' is not supported.")
    if not (source.get("container") or {}).get("name"):
        raise SourceRefusedError("The request is invalid. Details: A container with a name is required.")
    text = str((source.get("credentials") or {}).get("connectionString") or "")
    parts = dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part)
    resource_id = parts.get("ResourceId", "")
    if not resource_id:
        # Keys are switched off at the accounts of this estate, so a connection string with one leads nowhere.
        raise SourceRefusedError("Credentials provided in the connection string are invalid or have expired.")
    if kind == cosmos.ACCOUNT and not parts.get("Database"):
        raise SourceRefusedError("The connection string of a Cosmos DB data source must name its Database.")
    found = world.resources.peek(resource_id.rstrip("/"))
    if found is None or found.get("type", "").lower() != kind.lower():
        raise SourceRefusedError(f"The resource '{resource_id}' of the connection string was not found.")
    database = parts.get("Database")
    if database and world.resources.peek(f"{found['id']}/sqlDatabases/{database}") is None:
        raise SourceRefusedError(f"Database '{database}' of account '{found['name']}' was not found.")
    return found


def _query(source: Json) -> tuple[str, bool]:
    """Return the moment that a query begins with, or `@highwatermark`, and whether that one is included."""
    query = source["container"].get("query")
    if not query:
        return ("@highwatermark" if source.get("dataChangeDetectionPolicy") else "0"), True
    found = _QUERY.fullmatch(query)
    if found is None:
        raise SourceRefusedError(
            f"The query '{query}' is not one that can be run here: only conditions on _ts are."
        )
    return (found["since"] or "0").lower(), found["sign"] != ">"


def _documents(world: World, source: Json, account: Json, container: str, mark: int | None) -> Reading:
    origin = f"{account['name']}/{container}"
    number = corpus.count(world, account, container)
    if number is None:
        raise SourceLostError(
            f"Unable to connect to Cosmos DB account '{account['name']}': no region answers."
        )
    since, included = _query(source)
    moment = (mark or 0) if since == "@highwatermark" else int(since)
    # An indexer that tracks changes goes on where it stopped, whatever its query begins with.
    if source.get("dataChangeDetectionPolicy") and mark is not None:
        moment = max(moment, mark)
    first = corpus.first_since(world, origin, moment if included else moment + 1, number)
    found = number - first + 1
    full = found > number * MANY
    return Reading(
        durations.SEARCH_FULL if full else durations.SEARCH_DELTA,
        ranges=[[first, number]] if found > 0 else [],
        origin=origin,
        mark=corpus.written(world, origin, number) if number else mark,
    )


def _blobs(world: World, source: Json, account: Json, indexer: Json, key_field: str) -> Reading:
    view = storage.reachable(world, account)
    if view is None:
        raise SourceLostError(f"Unable to reach storage account '{account['name']}': no endpoint answers.")
    settings: Json = (indexer.get("parameters") or {}).get("configuration") or {}
    try:
        rows = blobs.blobs(world, view, source["container"]["name"], source["container"].get("query") or "")
    except BlobError as error:
        raise SourceLostError(f"{error.code}: {error.message}") from error
    ranges: list[list[int]] = []
    documents: dict[str, Json] = {}
    failures: list[dict[str, str]] = []
    origin = ""
    for name, entry in rows:
        if not _wanted(name, settings):
            continue
        for text in _texts(blobs.content(world, entry["content"]), settings):
            line = _parsed(text)
            if line is None:
                failures.append(_failure(name, "Could not parse document: it is not valid JSON."))
            elif "represents" in line:
                origin = line["origin"]
                ranges.append([int(number) for number in line["represents"]])
            elif line.get(key_field):
                documents[str(line[key_field])] = line
            else:
                failures.append(_failure(name, f"Document key '{key_field}' cannot be missing or empty."))
    return Reading(durations.SEARCH_SNAPSHOT, ranges, documents, failures, origin)


def _wanted(name: str, settings: Json) -> bool:
    def extensions(setting: str) -> tuple[str, ...]:
        given = str(settings.get(setting) or "").lower().split(",")
        return tuple(one.strip() for one in given if one.strip())

    only, never = extensions("indexedFileNameExtensions"), extensions("excludedFileNameExtensions")
    return (not only or name.lower().endswith(only)) and not (never and name.lower().endswith(never))


def _texts(content: bytes, settings: Json) -> list[bytes]:
    mode = str(settings.get("parsingMode") or "default").lower()
    if mode == "jsonlines":
        return [line for line in content.splitlines() if line.strip()]
    if mode == "jsonarray":
        try:
            return [json.dumps(one).encode() for one in json.loads(content)]
        except (ValueError, TypeError):
            return [content]
    # As plain text a blob is one document without the index's own key.
    return [content] if mode == "json" else [b"{}"]


def _parsed(text: bytes) -> Json | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _failure(name: str, message: str) -> dict[str, str]:
    return {"key": name, "errorMessage": message}
