"""The calls on documents: counting, searching, looking up, and pushing them."""

import re
from collections.abc import Callable
from itertools import islice
from typing import Any

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.search import documents
from infra.local.azure.services.search.indexes import key_field
from infra.local.azure.services.search.service import ALIASES, HOST, INDEXES, asked, named, refused, service

DOCS = "/indexes('{index}')/docs"
MOST = 1000
_TERM = re.compile(r"(\w+)\s+(eq|ne|gt|ge|lt|le)\s+('(?:[^']|'')*'|-?\d+(?:\.\d+)?|true|false|null)")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left is not None and left > right,
    "ge": lambda left, right: left is not None and left >= right,
    "lt": lambda left, right: left is not None and left < right,
    "le": lambda left, right: left is not None and left <= right,
}


def led_to(world: World, search: str, name: str) -> str:
    """Return the index that a name means: an alias leads to its own."""
    alias = world.table(ALIASES).peek(f"{search}/{name}")
    return alias["indexes"][0] if alias else name


def _index(world: World, request: Request) -> tuple[str, Json]:
    search = asked(world, request)
    name = led_to(world, search, request.params["index"])
    return f"{search}/{name}", named(world, INDEXES, request, name, "index")


def _shown(definition: Json, document: Json, select: str | None = None) -> Json:
    fields = [one["name"] for one in definition["fields"] if one.get("retrievable", True) is not False]
    if select and select != "*":
        wanted = [name.strip() for name in select.split(",")]
        unknown = [name for name in wanted if name not in fields]
        if unknown:
            message = f"Invalid expression: Could not find a property named '{unknown[0]}'."
            raise refused(400, f"{message}\nParameter name: $select", "InvalidRequestParameter")
        fields = wanted
    return {name: document.get(name) for name in fields}


@service.on("GET", HOST, DOCS + "/$count", token=False)
def count(world: World, request: Request) -> Answer:
    key, _ = _index(world, request)
    return Answer(200, f"\ufeff{documents.count(world, key)}")


@service.on("GET", HOST, DOCS + "('{key}')", token=False)
def look_up(world: World, request: Request) -> Answer:
    key, definition = _index(world, request)
    found = documents.look_up(world, key, request.params["key"])
    if found is None:
        return Answer(404)
    return Answer(200, _shown(definition, found, request.query.get("$select")))


@service.on("POST", HOST, DOCS + "/search.post.search", token=False, reads=True)
def search_post(world: World, request: Request) -> Answer:
    return _search(world, request, request.json)


@service.on("GET", HOST, DOCS, token=False)
def search_get(world: World, request: Request) -> Answer:
    body: Json = {
        name.removeprefix("$"): value for name, value in request.query.items() if name != "api-version"
    }
    body |= {name: int(body[name]) for name in ("top", "skip") if name in body}
    return _search(world, request, {**body, "count": body.get("count") == "true"})


def _search(world: World, request: Request, body: Json) -> Answer:
    """Find documents in which every term stands; filter terms may be joined by `and`."""
    known = {
        "search",
        "filter",
        "orderby",
        "select",
        "top",
        "skip",
        "count",
        "searchMode",
        "queryType",
        "searchFields",
    }
    if odd := [name for name, value in body.items() if name not in known and value not in (None, [], "")]:
        raise refused(400, f"The parameter '{odd[0]}' is not supported here.", "InvalidRequestParameter")
    key, definition = _index(world, request)
    top, skip = int(body.get("top", 50)), int(body.get("skip", 0))
    if top < 0 or not 0 <= skip <= 100_000:
        raise refused(
            400, "Value must be between 0 and 100000.\nParameter name: $skip", "InvalidRequestParameter"
        )
    text = str(body.get("search") or "*")
    if text == "*" and not body.get("filter") and not body.get("orderby"):
        hits, total = (
            list(islice(documents.every(world, key), skip, skip + min(top, MOST))),
            documents.count(world, key),
        )
    else:
        accepts = _filter(definition, body.get("filter") or "")
        matches = _words(definition, text)
        found = [one for one in documents.every(world, key) if accepts(one) and matches(one)]
        hits, total = (
            _ordered(definition, found, body.get("orderby") or "")[skip : skip + min(top, MOST)],
            len(found),
        )
    select = body.get("select")
    rows = [{"@search.score": 1.0, **_shown(definition, one, select)} for one in hits]
    counted: Json = {"@odata.count": total} if body.get("count") else {}
    return Answer(200, {**counted, "value": rows})


def _field(definition: Json, name: str, parameter: str) -> None:
    if name not in {one["name"] for one in definition["fields"]}:
        message = f"Invalid expression: Could not find a property named '{name}'."
        raise refused(400, f"{message}\nParameter name: {parameter}", "InvalidRequestParameter")


def _filter(definition: Json, text: str) -> Callable[[Json], bool]:
    terms: list[tuple[str, Callable[[Any, Any], bool], object]] = []
    for part in re.split(r"\s+and\s+(?=\w+\s+(?:eq|ne|gt|ge|lt|le)\s)", text.strip()) if text.strip() else []:
        found = _TERM.fullmatch(part.strip())
        if found is None:
            message = f"Invalid expression: '{part}' is not understood."
            raise refused(400, f"{message}\nParameter name: $filter", "InvalidRequestParameter")
        _field(definition, found[1], "$filter")
        terms.append((found[1], _OPERATORS[found[2]], _literal(found[3])))
    return lambda one: all(operator(one.get(name), value) for name, operator, value in terms)


def _literal(text: str) -> object:
    words: dict[str, object] = {"true": True, "false": False, "null": None}
    if text in words:
        return words[text]
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return float(text) if "." in text else int(text)


def _words(definition: Json, text: str) -> Callable[[Json], bool]:
    fields = [
        one["name"]
        for one in definition["fields"]
        if one.get("searchable", True) and one["type"] == "Edm.String"
    ]
    wanted = set(re.findall(r"\w+", text.lower())) if text != "*" else set[str]()

    def matches(one: Json) -> bool:
        return wanted <= set(
            re.findall(r"\w+", " ".join(str(one.get(name) or "") for name in fields).lower())
        )

    return matches if wanted else lambda _: True


def _ordered(definition: Json, rows: list[Json], orderby: str) -> list[Json]:
    for part in reversed([one.split() for one in orderby.split(",") if one.strip()]):
        _field(definition, part[0], "$orderby")
        rows = sorted(
            rows, key=lambda one, name=part[0]: one.get(name) or 0, reverse=part[-1].lower() == "desc"
        )
    return rows


@service.on("POST", HOST, DOCS + "/search.index", token=False)
def push(world: World, request: Request) -> Answer:
    """Upload, merge or delete documents one by one; what cannot be is told for each (207)."""
    key, definition = _index(world, request)
    field = key_field(definition)
    names = {one["name"] for one in definition["fields"]}
    results: list[Json] = []
    for entry in request.json.get("value") or []:
        action = str(entry.get("@search.action", "upload")).lower()
        document: Json = {name: value for name, value in entry.items() if not name.startswith("@")}
        if unknown := set(document) - names:
            raise refused(
                400, f"The property '{min(unknown)}' does not exist on type 'search.documentFields'."
            )
        name = document.get(field)
        if not isinstance(name, str) or not name:
            raise refused(
                400, "The request is invalid. Details: actions : 0: Document key cannot be null or empty."
            )
        before = documents.look_up(world, key, name)
        if action == "merge" and before is None:
            results.append(
                {"key": name, "status": False, "errorMessage": "Document not found.", "statusCode": 404}
            )
            continue
        if action == "delete":
            documents.remove(world, key, name)
        else:
            merging = action in {"merge", "mergeorupload"} and before is not None
            documents.add(world, key, [], {name: {**(before or {}), **document} if merging else document})
        created = before is None and action != "delete"
        results.append(
            {"key": name, "status": True, "errorMessage": None, "statusCode": 201 if created else 200}
        )
    return Answer(200 if all(one["status"] for one in results) else 207, {"value": results})
