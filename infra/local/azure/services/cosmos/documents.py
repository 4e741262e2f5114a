"""Cosmos DB's data plane: documents are read, written and queried with tokens whose principal has a role for it."""

import json
from urllib.parse import unquote

from infra.local.azure.core.errors import ArmError, Unreachable
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.cosmos import content, query, regions, roles
from infra.local.azure.services.cosmos.accounts import at_host
from infra.local.azure.services.cosmos.content import Container
from infra.local.azure.services.search import corpus

HOST = "{account}.documents.azure.com"
DOCS = "/dbs/{database}/colls/{container}/docs"
MOST = 1000
BATCH = 100
PACE = "cosmos pace"
service = Service("cosmos_documents")


class DataError(ArmError):
    """An error as the data plane words it: code and message at the top, details in headers."""

    def __init__(self, status: int, code: str, message: str, sub: int = 0, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(status, code, message, headers={"x-ms-substatus": str(sub), **named})

    def body(self) -> dict[str, object]:
        return {"code": self.code, "message": f"{self.message}\r\nMicrosoft.Azure.Documents.Common/2.14.0"}


def _opened(world: World, request: Request, action: str, *, write: bool) -> tuple[Container, str]:
    """Return the container of a request and who asks, or raise what the account would answer."""
    account, region = at_host(world, request.params["account"])
    if account is None:
        raise Unreachable(request.host)
    world.require_region(region)
    principal = _principal(request)
    if write and region != regions.write_region(account):
        raise DataError(
            403, "Forbidden", f"The requested operation cannot be performed at the region {region}.", 3
        )
    path = f"/dbs/{request.params['database']}/colls/{request.params['container']}"
    if not roles.allowed(world, account, principal, action, path):
        message = (
            f"Request blocked by Auth {account['name']} : Request is blocked because principal [{principal}] does "
            f"not have required RBAC permissions to perform action [{action}] on resource [{path[1:]}]. Learn more: "
            "https://aka.ms/cosmos-native-rbac."
        )
        raise DataError(403, "Forbidden", message, 5301)
    below = (
        f"{account['id']}/sqlDatabases/{request.params['database']}/containers/{request.params['container']}"
    )
    found = world.resources.peek(below)
    if found is None:
        raise DataError(404, "NotFound", 'Message: {"Errors":["Owner resource does not exist"]}', 1003)
    return Container(world, account, found["name"]), principal


def _principal(request: Request) -> str:
    given = unquote(request.headers.get("authorization", ""))
    if not given:
        message = "Required Header authorization is missing. Ensure a valid Authorization token is passed."
        raise DataError(401, "Unauthorized", message)
    parts = dict(part.split("=", 1) for part in given.split("&") if "=" in part)
    if parts.get("type") != "aad" or not parts.get("sig"):
        message = "Local Authorization is disabled. Use an AAD token to authorize all requests."
        raise DataError(401, "Unauthorized", message, 5202)
    return roles.principal_of(parts["sig"])


def _partition(request: Request) -> str:
    given = request.headers.get("x-ms-documentdb-partitionkey")
    try:
        keys = json.loads(given) if given else None
    except ValueError:
        keys = None
    if not isinstance(keys, list) or len(keys) != 1 or not isinstance(keys[0], str):
        message = "PartitionKey value must be supplied for this operation."
        raise DataError(400, "BadRequest", message, 1001)
    return keys[0]


def _charged(status: int, body: object, charge: float, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, {"x-ms-request-charge": f"{charge:.2f}", **named})


@service.on("GET", HOST, DOCS + "/{id}", token=False)
def read(world: World, request: Request) -> Answer:
    container, _ = _opened(world, request, roles.READ, write=False)
    found = container.read(_partition(request), unquote(request.params["id"]))
    if found is None:
        raise DataError(
            404, "NotFound", "Resource Not Found. Learn more: https://aka.ms/cosmosdb-tsg-not-found"
        )
    return _charged(200, found, 1, etag=found["_etag"])


@service.on("DELETE", HOST, DOCS + "/{id}", token=False)
def delete(world: World, request: Request) -> Answer:
    container, _ = _opened(world, request, roles.DELETE, write=True)
    tenant, key = _partition(request), unquote(request.params["id"])
    found = container.read(tenant, key)
    if found is None:
        raise DataError(404, "NotFound", "Entity with the specified id does not exist in the system.")
    _require_match(request, found)
    content.write(world, container.account, container.name, tenant, None, key)
    return _charged(204, None, 6)


@service.on("PUT", HOST, DOCS + "/{id}", token=False)
def replace(world: World, request: Request) -> Answer:
    container, _ = _opened(world, request, roles.REPLACE, write=True)
    tenant, key = _partition(request), unquote(request.params["id"])
    found = container.read(tenant, key)
    if found is None:
        raise DataError(404, "NotFound", "Entity with the specified id does not exist in the system.")
    _require_match(request, found)
    return _charged(200, _put(world, container, tenant, request.json), 10)


@service.on("POST", HOST, DOCS, token=False)
def post(world: World, request: Request) -> Answer:
    """Query, batch, upsert or create, as the headers say."""
    headers = request.headers
    if headers.get("x-ms-documentdb-isquery", headers.get("x-ms-documentdb-query", "")).lower() == "true":
        return _queried(world, request)
    if headers.get("x-ms-cosmos-is-batch-request", "").lower() == "true":
        return _batch(world, request)
    upsert = headers.get("x-ms-documentdb-is-upsert", "").lower() == "true"
    container, _ = _opened(world, request, roles.UPSERT if upsert else roles.CREATE, write=True)
    tenant, document = _partition(request), request.json
    found = container.read(tenant, str(document.get("id", "")))
    if found is not None and not upsert:
        raise DataError(409, "Conflict", "Entity with the specified id already exists in the system.")
    if found is not None:
        _require_match(request, found)
    return _charged(200 if found else 201, _put(world, container, tenant, document), 6)


def _require_match(request: Request, found: Json) -> None:
    wanted = request.headers.get("if-match")
    if wanted not in {None, "*", found["_etag"]}:
        raise DataError(412, "PreconditionFailed", "One of the specified pre-condition is not met.")


def _put(world: World, container: Container, tenant: str, document: Json) -> Json:
    key = document.get("id")
    if not isinstance(key, str) or not key or any(char in key for char in "/\\?#"):
        message = "The input content is invalid because the required properties - 'id; ' - are missing."
        raise DataError(400, "BadRequest", message)
    if document.get("tenantId") != tenant:
        message = "PartitionKey extracted from document doesn't match the one specified in the header."
        raise DataError(400, "BadRequest", message, 1001)
    written = content.write(world, container.account, container.name, tenant, document, key)
    assert written is not None
    return written


def _batch(world: World, request: Request) -> Answer:
    """A transactional batch of one partition: all of its operations or none; upserts only are known here."""
    container, _ = _opened(world, request, roles.UPSERT, write=True)
    tenant, operations = _partition(request), request.any_json()
    if not isinstance(operations, list) or not 0 < len(operations) <= BATCH:
        raise DataError(
            400, "BadRequest", f"Batch request has more operations than what is supported ({BATCH})."
        )
    results: list[Json] = []
    for operation in operations:
        if operation.get("operationType") != "Upsert":
            raise DataError(501, "NotImplemented", "Only upserts are implemented in a batch here.")
        _put(world, container, tenant, operation["resourceBody"])
        container = Container(world, container.account, container.name)
        results.append({"statusCode": 200, "requestCharge": 6})
    return _charged(200, results, 6 * len(results))


def _queried(world: World, request: Request) -> Answer:
    if "json" not in request.headers.get("content-type", ""):
        raise DataError(400, "BadRequest", "The content type of a query must be application/query+json.")
    container, _ = _opened(world, request, roles.QUERY, write=False)
    crossing = request.headers.get("x-ms-documentdb-query-enablecrosspartition", "").lower() == "true"
    tenant = "" if crossing else _partition(request)
    body = request.json
    found = query.find(str(body.get("query", "")))
    if found is None:
        raise DataError(501, "NotImplemented", f"This query is not implemented here: {body.get('query')}")
    answer, numbers = found
    given = {str(one["name"]).lstrip("@"): one["value"] for one in body.get("parameters") or []}
    try:
        size = int(request.headers.get("x-ms-max-item-count", "100"))
        start = int(request.headers.get("x-ms-continuation", "0"))
    except ValueError as error:
        raise DataError(400, "BadRequest", "Invalid continuation token or page size.") from error
    size = MOST if size < 1 else min(size, MOST)
    page: list[object] = []
    more = False
    for place, row in enumerate(answer(container, tenant, {**given, **numbers})):
        if place >= start + size:
            more = True
            break
        if place >= start:
            page.append(row)
    headers = {"x_ms_continuation": str(start + size)} if more else {}
    body = {"_rid": "", "Documents": page, "_count": len(page)}
    return _charged(200, body, 2.3 + len(page) * 0.3, **headers)


@service.every(1)
def note_pace(world: World) -> None:
    """Note when writing became faster or slower, so that every document has the moment of its writing."""
    for account in world.of_type(regions.ACCOUNT):
        kept = world.table(PACE).peek(account["name"]) or {"counts": {}, "steps": {}}
        counts = (world.table("cosmos").peek(account["name"]) or {"documents": {}})["documents"]
        if counts == kept["counts"] and not any(kept["steps"].values()):
            continue
        steps = {name: count - kept["counts"].get(name, count) for name, count in counts.items()}
        for name, step in steps.items():
            if step != kept["steps"].get(name, 0) and name in kept["counts"]:
                corpus.note(world, f"{account['name']}/{name}", world.now - 1, kept["counts"][name])
        world.table(PACE).put(account["name"], {"counts": counts, "steps": steps})
