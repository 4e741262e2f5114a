"""Whether vaults, search services and blobs are reachable in their region: what needs no data plane."""

from collections.abc import Mapping

from infra.local.azure.core.errors import Unreachable
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services import storage
from infra.local.azure.services.dependencies import dependency, host_of

service = Service("regional")


@dependency("search")
def search(world: World, settings: Mapping[str, str]) -> str | None:
    return unreachable(world, "Microsoft.Search/searchServices", settings, "SEARCH_ENDPOINT")


@dependency("key_vault")
def key_vault(world: World, settings: Mapping[str, str]) -> str | None:
    return unreachable(world, "Microsoft.KeyVault/vaults", settings, "KEY_VAULT_URI")


def unreachable(world: World, kind: str, settings: Mapping[str, str], setting: str) -> str | None:
    """Return why the resource whose host a setting names cannot be reached, or None."""
    host = host_of(settings.get(setting, ""))
    found = next((row for row in world.of_type(kind) if row["name"].lower() == host.split(".")[0]), None)
    if found is None:
        return f"no {kind} at '{host}' (setting {setting})"
    if world.faults.host_down(host):
        return f"{host} is down"
    region = region_name(found["location"])
    return None if world.region_up(region) else f"the region {region} of {found['name']} is unreachable"


def require(world: World, kind: str, name: str) -> None:
    """Raise `Unreachable` unless a resource of that type and name stands in a region that is up."""
    found = next((row for row in world.of_type(kind) if row["name"].lower() == name.lower()), None)
    if found is None:
        raise Unreachable(name)
    world.require_region(region_name(found["location"]))


@service.on("GET", "{vault}.vault.azure.net", "/healthstatus", token=False)
def vault_health(world: World, request: Request) -> Answer:
    require(world, "Microsoft.KeyVault/vaults", request.params["vault"])
    return Answer(200)


@service.on("GET", "{vault}.vault.azure.net", "/", token=False)
def vault_root(world: World, request: Request) -> Answer:
    require(world, "Microsoft.KeyVault/vaults", request.params["vault"])
    return Answer(404)


@service.on("GET", "{search}.search.windows.net", "/", token=False)
def search_root(world: World, request: Request) -> Answer:
    require(world, "Microsoft.Search/searchServices", request.params["search"])
    return Answer(404)


@service.on("GET", "{account}.blob.core.windows.net", "/", token=False)
def blob_root(world: World, request: Request) -> Answer:
    """Answer as Azure does without a query: any answer shows that the endpoint is there."""
    world.require_region(storage.region_at(world, request.host)[1])
    return Answer(400, "The requested URI does not represent any resource on the server.")
