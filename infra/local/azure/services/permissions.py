"""What the caller may do: Microsoft.Authorization/permissions of a resource group."""

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.generic import GROUP, group_of

EVERYTHING: Json = {"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}
service = Service("permissions")


@service.arm("GET", GROUP + "/providers/Microsoft.Authorization/permissions")
def permissions(world: World, request: Request) -> Answer:
    """List the caller's own; whoever calls is an owner, unless the table `permission` says otherwise of a group."""
    group_of(world, request)
    kept = world.table("permission").peek(request.params["group"]) or {"value": [EVERYTHING]}
    return Answer(200, {"value": kept["value"]})
