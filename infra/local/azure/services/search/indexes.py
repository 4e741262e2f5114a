"""The calls on indexes and on the aliases that lead to them."""

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.search import documents
from infra.local.azure.services.search.service import (
    ALIASES,
    CONTENT,
    HOST,
    INDEXES,
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

# Bytes of index that a document takes, for the statistics.
SIZE = 1200
TYPES = {"String", "Int32", "Int64", "Double", "Boolean", "DateTimeOffset", "GeographyPoint", "ComplexType"}


def key_field(definition: Json) -> str:
    return next(one["name"] for one in definition["fields"] if one.get("key"))


def _check_fields(definition: Json) -> None:
    fields = definition.get("fields")
    if not isinstance(fields, list) or not fields:
        raise refused(400, "The request is invalid. Details: definition : An index needs at least one field.")
    keys = [one for one in fields if one.get("key")]
    if len(keys) != 1 or keys[0].get("type") != "Edm.String":
        raise refused(
            400,
            "The request is invalid. Details: definition : The index must have exactly one key field "
            "of type Edm.String.",
        )
    names = [str(one.get("name")).lower() for one in fields]
    if len(set(names)) != len(names):
        raise refused(400, "The request is invalid. Details: definition : Field names must be unique.")
    for one in fields:
        kind = str(one.get("type")).removeprefix("Collection(").removesuffix(")").removeprefix("Edm.")
        if kind not in TYPES and kind != "Single":
            raise refused(
                400, f"The request is invalid. Details: definition : Unknown type '{one.get('type')}'."
            )


@service.on("PUT", HOST, "/indexes('{index}')", token=False)
def put_index(world: World, request: Request) -> Answer:
    name = request.params["index"]
    search = asked(world, request)
    return _put_index(world, request, search, checked_name(request, name))


@service.on("POST", HOST, "/indexes", token=False)
def post_index(world: World, request: Request) -> Answer:
    search, body = asked(world, request), request.json
    if world.table(INDEXES).peek(f"{search}/{body.get('name')}") is not None:
        code = "ResourceNameAlreadyInUse"
        raise refused(409, f"Cannot create index '{body.get('name')}' because it already exists.", code)
    return _put_index(world, request, search, body)


def _put_index(world: World, request: Request, search: str, body: Json) -> Answer:
    name = str(body.get("name", ""))
    if not name or name != name.lower() or name.strip("-") != name or len(name) > 128:
        raise refused(400, f"Invalid index name '{name}': lower-case letters, digits and inner dashes only.")
    if world.table(ALIASES).peek(f"{search}/{name}") is not None:
        raise refused(400, f"The name '{name}' is already taken by an alias.")
    kept = world.table(INDEXES).peek(f"{search}/{name}")
    check_conditions(request, kept)
    _check_fields(body)
    if kept is not None:
        before = {one["name"]: one.get("type") for one in kept["fields"]}
        after = {one["name"]: one.get("type") for one in body["fields"]}
        if any(after.get(field) != kind for field, kind in before.items()):
            code = "CannotChangeExistingField"
            raise refused(400, "Existing field(s) cannot be deleted or changed: rebuild the index.", code)
    row = {**body, "@odata.etag": new_etag(world)}
    world.table(INDEXES).put(f"{search}/{name}", row)
    return Answer(201 if kept is None else 200, row)


@service.on("GET", HOST, "/indexes", token=False)
def list_indexes(world: World, request: Request) -> Answer:
    return Answer(200, {"value": [selected(row, request) for row in listed(world, INDEXES, request)]})


@service.on("GET", HOST, "/indexes('{index}')", token=False)
def get_index(world: World, request: Request) -> Answer:
    return Answer(200, named(world, INDEXES, request, request.params["index"], "index"))


@service.on("DELETE", HOST, "/indexes('{index}')", token=False)
def delete_index(world: World, request: Request) -> Answer:
    search = asked(world, request)
    kept = named(world, INDEXES, request, request.params["index"], "index")
    check_conditions(request, kept)
    name = kept["name"]
    users = [row["name"] for _, row in world.table(ALIASES).rows(f"{search}/") if name in row["indexes"]]
    if users:
        message = f"Index '{name}' cannot be deleted because it is used by alias '{users[0]}'."
        raise refused(400, message, "CannotDeleteIndexWithAlias")
    world.table(INDEXES).delete(f"{search}/{name}")
    world.table(CONTENT).delete(f"{search}/{name}")
    return Answer(204)


@service.on("GET", HOST, "/indexes('{index}')/search.stats", token=False)
def statistics(world: World, request: Request) -> Answer:
    kept = named(world, INDEXES, request, request.params["index"], "index")
    count = documents.count(world, f"{asked(world, request)}/{kept['name']}")
    return Answer(200, {"documentCount": count, "storageSize": count * SIZE, "vectorIndexSize": 0})


@service.on("PUT", HOST, "/aliases('{alias}')", token=False)
def put_alias(world: World, request: Request) -> Answer:
    return _put_alias(world, request, checked_name(request, request.params["alias"]))


@service.on("POST", HOST, "/aliases", token=False)
def post_alias(world: World, request: Request) -> Answer:
    refuse_existing(world, ALIASES, request, "Alias")
    return _put_alias(world, request, request.json)


def _put_alias(world: World, request: Request, body: Json) -> Answer:
    search = asked(world, request)
    name, indexes = body.get("name"), body.get("indexes")
    if not name or not isinstance(indexes, list) or len(indexes) != 1:
        raise refused(400, "The request is invalid. Details: An alias must lead to exactly one index.")
    if world.table(INDEXES).peek(f"{search}/{name}") is not None:
        raise refused(400, f"The name '{name}' is already taken by an index.")
    if world.table(INDEXES).peek(f"{search}/{indexes[0]}") is None:
        message = f"Alias '{name}' cannot be mapped to index '{indexes[0]}': no such index was found."
        raise refused(400, message, "AliasIndexNotFound")
    kept = world.table(ALIASES).peek(f"{search}/{name}")
    check_conditions(request, kept)
    row: Json = {"name": name, "indexes": indexes, "@odata.etag": new_etag(world)}
    world.table(ALIASES).put(f"{search}/{name}", row)
    return Answer(201 if kept is None else 200, row)


@service.on("GET", HOST, "/aliases", token=False)
def list_aliases(world: World, request: Request) -> Answer:
    return Answer(200, {"value": listed(world, ALIASES, request)})


@service.on("GET", HOST, "/aliases('{alias}')", token=False)
def get_alias(world: World, request: Request) -> Answer:
    return Answer(200, named(world, ALIASES, request, request.params["alias"], "alias"))


@service.on("DELETE", HOST, "/aliases('{alias}')", token=False)
def delete_alias(world: World, request: Request) -> Answer:
    kept = named(world, ALIASES, request, request.params["alias"], "alias")
    check_conditions(request, kept)
    world.table(ALIASES).delete(f"{asked(world, request)}/{kept['name']}")
    return Answer(204)
