"""Which search service a host means, and what all of its calls have in common."""

import re

from infra.local.azure.core.errors import ArmError, Unreachable
from infra.local.azure.core.http import Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.security import keys

TYPE = "Microsoft.Search/searchServices"
TENANT = "11111111-1111-4111-8111-111111111111"
HOST = "{search}.search.windows.net"
INDEXES, CONTENT, ALIASES = "search index", "search content", "search alias"
SOURCES, INDEXERS = "search source", "search indexer"

service = Service("search")


def refused(status: int, message: str, code: str = "") -> ArmError:
    """Most errors of the search service leave the code empty."""
    return ArmError(status, code, message)


def find(world: World, name: str) -> Json | None:
    """Return the ARM resource of a search service (read only)."""
    return next((row for row in world.of_type(TYPE) if row["name"].lower() == name.lower()), None)


def asked(world: World, request: Request) -> str:
    """Return the name of the search service that a request is for, if that can be reached."""
    found = find(world, request.params["search"])
    if found is None:
        raise Unreachable(request.host)
    world.require_region(region_name(found["location"]))
    if "api-key" in request.headers:
        if not keys.works(world, keys.SEARCH, found["name"], request.headers["api-key"]):
            raise ArmError(403, "Forbidden", "The api-key is not one of this service.")
    elif not re.fullmatch(r"Bearer \S+", request.headers.get("authorization", ""), re.IGNORECASE):
        where = f"https://login.microsoftonline.com/{TENANT}/oauth2/authorize"
        challenge = f'Bearer authorization_uri="{where}", resource_id="https://search.azure.com"'
        raise ArmError(
            401, "", "Access denied: keys are switched off.", headers={"WWW-Authenticate": challenge}
        )
    if not request.query.get("api-version"):
        raise refused(400, "The request is invalid. Details: The 'api-version' query parameter is required.")
    return found["name"].lower()


def named(world: World, kind: str, request: Request, name: str, called: str) -> Json:
    """Return a definition by name, or raise the service's 404."""
    search = asked(world, request)
    found = world.table(kind).peek(f"{search}/{name}")
    if found is None:
        raise refused(404, f"No {called} with the name '{name}' was found in the service '{search}'.")
    return found


def refuse_existing(world: World, kind: str, request: Request, called: str) -> None:
    """Raise the 409 of a POST whose name is taken."""
    name = request.json.get("name")
    if world.table(kind).peek(f"{asked(world, request)}/{name}") is not None:
        raise refused(409, f"{called} '{name}' already exists.", "ResourceNameAlreadyInUse")


def listed(world: World, kind: str, request: Request) -> list[Json]:
    return [row for _, row in world.table(kind).rows(f"{asked(world, request)}/")]


def checked_name(request: Request, name: str) -> Json:
    """Return the body of a PUT, whose name must be that of the path."""
    body = request.json
    if str(body.get("name", name)).lower() != name.lower():
        raise refused(400, f"The name '{body.get('name')}' in the body does not match '{name}' in the URL.")
    return {**body, "name": body.get("name", name)}


def selected(row: Json, request: Request) -> Json:
    wanted = request.query.get("$select", "")
    return {name: row.get(name) for name in wanted.split(",")} if wanted and wanted != "*" else row


def check_conditions(request: Request, kept: Json | None) -> None:
    """Raise 412 unless `If-Match` and `If-None-Match` hold."""
    wanted, unwanted = request.headers.get("if-match"), request.headers.get("if-none-match")
    etag = kept["@odata.etag"] if kept else None
    if (wanted and (etag is None or wanted not in {"*", etag})) or (
        unwanted and etag is not None and unwanted in {"*", etag}
    ):
        raise refused(412, "The precondition given in one of the request headers evaluated to false.")


def new_etag(world: World) -> str:
    return f'"0x8D{world.new_id().replace("-", "")[:13].upper()}"'
