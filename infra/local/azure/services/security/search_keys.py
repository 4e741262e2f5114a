"""The admin keys of search services: listing and regenerating them."""

from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.generic import GROUP, group_of
from infra.local.azure.services.security import keys

SERVICE = GROUP + "/providers/" + keys.SEARCH + "/{search}"
service = Service("search_keys")


def _found(world: World, request: Request) -> Json:
    group = group_of(world, request)
    return world.resource(f"{group['id']}/providers/{keys.SEARCH}/{request.params['search']}")


def _listed(world: World, found: Json) -> Answer:
    rows = keys.of(world, keys.SEARCH, found["name"])
    return Answer(200, {"primaryKey": rows["primary"], "secondaryKey": rows["secondary"]})


@service.arm("POST", SERVICE + "/listAdminKeys", reads=True)
def list_keys(world: World, request: Request) -> Answer:
    return _listed(world, _found(world, request))


@service.arm("POST", SERVICE + "/regenerateAdminKey/{which}")
def regenerate(world: World, request: Request) -> Answer:
    found, which = _found(world, request), request.params["which"].lower()
    if which not in keys.NAMES[keys.SEARCH]:
        raise ArmError(400, "BadRequest", f"The key kind '{which}' is not known.")
    keys.regenerate(world, keys.SEARCH, found["name"], which)
    return _listed(world, found)
