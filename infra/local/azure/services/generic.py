"""Azure Resource Manager itself: resource groups, and resources whose type has no service of its own."""

import re

from infra.local.azure.core.errors import ArmError, not_found
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = SUBSCRIPTION + "/resourceGroups/{group}"
service = Service("arm")


def group_of(world: World, request: Request) -> Json:
    """Return the resource group of a request, or raise ARM's 404."""
    path = f"/subscriptions/{request.params['subscription']}/resourceGroups/{request.params['group']}"
    found = world.resources.peek(path)
    if found is None:
        message = f"Resource group '{request.params['group']}' could not be found."
        raise ArmError(404, "ResourceGroupNotFound", message)
    return found


def type_and_name(resource_id: str) -> tuple[str, str]:
    """Split `.../providers/Ns/as/x/bs/y` into type `Ns/as/bs` and name `y`."""
    after = resource_id.rsplit("/providers/", maxsplit=1)[-1].split("/")
    return "/".join([after[0], *after[1::2]]), after[-1]


def canonical(path: str) -> str:
    """Write the id of a resource as ARM does, whatever the case of `resourceGroups` in the request."""
    return re.sub("/resourcegroups/", "/resourceGroups/", path, flags=re.IGNORECASE)


def merged(target: Json, patch: Json) -> Json:
    """JSON merge patch: null removes, objects merge, all else replaces."""
    result = dict(target)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def listed(rows: list[Json]) -> Answer:
    return Answer(200, {"value": rows})


@service.arm("GET", SUBSCRIPTION)
def subscription(world: World, request: Request) -> Answer:
    path = request.path.lower() + "/"
    if not any(True for _ in world.resources.rows(path)):
        name = request.params["subscription"]
        raise ArmError(404, "SubscriptionNotFound", f"The subscription '{name}' could not be found.")
    name = request.params["subscription"]
    return Answer(
        200, {"id": request.path, "subscriptionId": name, "displayName": "contoso", "state": "Enabled"}
    )


@service.arm("GET", SUBSCRIPTION + "/resourceGroups")
def groups(world: World, request: Request) -> Answer:
    return listed(world.of_type("Microsoft.Resources/resourceGroups", request.path))


@service.arm("GET", GROUP)
@service.arm("HEAD", GROUP)
def group(world: World, request: Request) -> Answer:
    found = group_of(world, request)
    return Answer(204) if request.method == "HEAD" else Answer(200, found)


@service.arm("PUT", GROUP)
def put_group(world: World, request: Request) -> Answer:
    if not request.json.get("location"):
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    new = world.resources.peek(request.path) is None
    resource: Json = {
        **request.json,
        "id": canonical(request.path),
        "name": request.params["group"],
        "type": "Microsoft.Resources/resourceGroups",
        "properties": {"provisioningState": "Succeeded"},
    }
    return Answer(201 if new else 200, world.put_resource(resource))


@service.arm("GET", SUBSCRIPTION + "/resources")
@service.arm("GET", GROUP + "/resources")
def resources(world: World, request: Request) -> Answer:
    """List; `$filter=resourceType eq 'x'` is understood, as the portal and the SDK send it."""
    scope = request.path.rsplit("/", 1)[0] + "/"
    rows = [row for _, row in world.resources.rows(scope) if "/providers/" in row["id"] and "location" in row]
    wanted = request.query.get("$filter", "").split("'")
    if len(wanted) == 3 and wanted[0].strip().lower() == "resourcetype eq":
        rows = [row for row in rows if row["type"].lower() == wanted[1].lower()]
    shown = ("id", "name", "type", "location", "tags", "kind", "sku")
    return listed([{key: row[key] for key in shown if key in row} for row in rows])


@service.arm("GET", SUBSCRIPTION + "/providers/{rest*}")
def list_in_subscription(world: World, request: Request) -> Answer:
    kind = request.params["rest"]
    if kind.count("/") != 1:
        raise not_found(request.path)
    return listed(world.of_type(kind, f"/subscriptions/{request.params['subscription']}/"))


@service.arm("GET", GROUP + "/providers/{rest*}")
def get(world: World, request: Request) -> Answer:
    group_of(world, request)
    if request.params["rest"].count("/") % 2 == 0:
        return Answer(200, world.resource(request.path))
    parent, _, _ = request.path.rpartition("/")
    if parent.lower().split("/")[-2] != "providers" and world.resources.peek(parent) is None:
        raise not_found(parent)
    kind, _ = type_and_name(request.path + "/x")
    return listed(world.of_type(kind, parent + "/"))


@service.arm("PUT", GROUP + "/providers/{rest*}")
def put(world: World, request: Request) -> Answer:
    group_of(world, request)
    if request.params["rest"].count("/") % 2:
        raise ArmError(400, "InvalidResourceType", f"'{request.path}' is not the id of a resource.")
    new = world.resources.peek(request.path) is None
    return Answer(201 if new else 200, put_generic(world, request.path, request.json))


def put_generic(world: World, resource_id: str, body: Json) -> Json:
    """Create or replace a resource; child resources need their parent, top-level ones a location."""
    resource_id = canonical(resource_id)
    kind, name = type_and_name(resource_id)
    if kind.count("/") > 1 and world.resources.peek(resource_id.rsplit("/", 2)[0]) is None:
        message = (
            f"Can not perform requested operation on nested resource. Parent resource of '{name}' not found."
        )
        raise ArmError(404, "ParentResourceNotFound", message)
    if kind.count("/") == 1 and not body.get("location"):
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    properties: Json = {**(body.get("properties") or {}), "provisioningState": "Succeeded"}
    resource = {**body, "id": resource_id, "name": name, "type": kind, "properties": properties}
    return world.put_resource(resource)


@service.arm("PATCH", GROUP + "/providers/{rest*}")
def patch(world: World, request: Request) -> Answer:
    kept = world.resource(request.path)
    changed = {**merged(kept, request.json), **({"location": kept["location"]} if "location" in kept else {})}
    return Answer(
        200, world.put_resource({**changed, "id": kept["id"], "name": kept["name"], "type": kept["type"]})
    )


@service.arm("DELETE", GROUP + "/providers/{rest*}")
def delete(world: World, request: Request) -> Answer:
    group_of(world, request)
    if world.resources.peek(request.path) is None:
        return Answer(204)
    for key in [key for key, _ in world.resources.rows(request.path + "/")]:
        world.resources.delete(key)
    world.resources.delete(request.path)
    return Answer(200)
