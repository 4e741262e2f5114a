"""Compute clusters of a workspace: size fixed, scale changed by operations; none of them can be started."""

from infra.local.azure import durations
from infra.local.azure.core.envelope import shaped
from infra.local.azure.core.errors import ArmError, OperationFailed
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.generic import merged
from infra.local.azure.services.machine_learning.workspaces import (
    TYPE,
    WORKSPACE,
    refuse_while_busy,
    workspace_of,
)

COMPUTE = WORKSPACE + "/computes/{compute}"
SCALE = {"minNodeCount": int, "maxNodeCount": int, "nodeIdleTimeBeforeScaleDown": str}
SHAPE = {"computeType": str, "properties": {"vmSize": str, "scaleSettings": SCALE}}
service = Service("ml_computes")


def _checked(properties: Json) -> None:
    shaped(properties, SHAPE)
    scale = (properties.get("properties") or {}).get("scaleSettings") or {}
    least, most = scale.get("minNodeCount", 0), scale.get("maxNodeCount", 0)
    if least < 0 or least > most:
        message = "minNodeCount must not be negative, and not above maxNodeCount."
        raise ArmError(400, "BadArgumentError", message)


@service.arm("PUT", COMPUTE)
def put(world: World, request: Request) -> Answer:
    """Begin to create a cluster, or to change its scale."""
    workspace, body = workspace_of(world, request), request.json
    if workspace["properties"]["provisioningState"] == "Creating":
        raise ArmError(409, "RequestConflict", f"The workspace '{workspace['name']}' is not ready yet.")
    compute_id = f"{workspace['id']}/computes/{request.params['compute']}"
    properties: Json = body.get("properties") or {}
    _checked(properties)
    if properties.get("computeType") != "AmlCompute":
        message = f"The compute type '{properties.get('computeType')}' is not supported."
        raise ArmError(400, "BadArgumentError", message)
    inner: Json = properties.get("properties") or {}
    if not inner.get("vmSize") or "maxNodeCount" not in (inner.get("scaleSettings") or {}):
        raise ArmError(400, "BadArgumentError", "A cluster needs a vmSize and scaleSettings.maxNodeCount.")
    refuse_while_busy(world, compute_id)
    kept = world.resources.get(compute_id)
    if kept is not None and kept["properties"]["properties"]["vmSize"] != inner["vmSize"]:
        raise ArmError(
            400, "BadArgumentError", "The vmSize of a cluster cannot be changed: make another one."
        )
    if kept is None:
        standing = {"allocationState": "Resizing", "currentNodeCount": 0, "vmPriority": "Dedicated"}
        row: Json = {
            "id": compute_id,
            "name": request.params["compute"],
            "type": f"{TYPE}/computes",
            "location": body.get("location", workspace["location"]),
            "tags": body.get("tags") or {},
            "properties": {
                **properties,
                "isAttachedCompute": False,
                "provisioningState": "Creating",
                "properties": {**standing, **inner},
            },
        }
        world.put_resource(row)
    operation = _begin(world, compute_id, inner, new=kept is None)
    return accepted(request, operation, status=201 if kept is None else 200, body=world.resource(compute_id))


@service.arm("PATCH", COMPUTE)
def patch(world: World, request: Request) -> Answer:
    workspace = workspace_of(world, request)
    compute = world.resource(f"{workspace['id']}/computes/{request.params['compute']}")
    change: Json = (request.json.get("properties") or {}).get("properties") or {}
    _checked({"properties": merged(compute["properties"]["properties"], change)})
    refuse_while_busy(world, compute["id"])
    tags = request.json.get("tags") or {}
    return accepted(request, _begin(world, compute["id"], change, new=False, tags=tags))


def _begin(world: World, compute_id: str, change: Json, *, new: bool, tags: Json | None = None) -> Json:
    return world.operations.begin(
        compute_id,
        "ml.compute",
        {
            "compute": compute_id,
            "change": {"scaleSettings": change.get("scaleSettings") or {}},
            "tags": tags or {},
        },
        seconds=durations.ML_COMPUTE if new else durations.ML_COMPUTE / 3,
        busy="Creating" if new else "Updating",
    )


@service.effect("ml.compute")
def changed(world: World, args: Json) -> None:
    compute = world.resource(args["compute"])
    if not world.region_up(region_name(compute["location"])):
        raise OperationFailed("ServiceUnavailable", f"The region {compute['location']} is not available.")
    inner = merged(compute["properties"]["properties"], args["change"])
    inner["allocationState"] = "Steady"
    inner["currentNodeCount"] = inner["scaleSettings"].get("minNodeCount", 0)
    compute["properties"]["properties"] = inner
    compute["tags"] = merged(compute.get("tags") or {}, args["tags"])
    world.put_resource(compute)


@service.arm("POST", COMPUTE + "/start")
@service.arm("POST", COMPUTE + "/stop")
def start_or_stop(world: World, request: Request) -> Answer:
    """Refuse: only compute instances start and stop, a cluster scales."""
    workspace = workspace_of(world, request)
    compute = world.resource(f"{workspace['id']}/computes/{request.params['compute']}")
    kind = compute["properties"]["computeType"]
    verb = request.path.rsplit("/", 1)[-1]
    raise ArmError(400, "BadArgumentError", f"The operation '{verb}' is not supported for compute '{kind}'.")


@service.arm("DELETE", COMPUTE)
def delete(world: World, request: Request) -> Answer:
    workspace = workspace_of(world, request)
    compute_id = f"{workspace['id']}/computes/{request.params['compute']}"
    if request.query.get("underlyingresourceaction") not in {"Delete", "Detach"}:
        message = "The query parameter underlyingResourceAction must be Delete or Detach."
        raise ArmError(400, "BadArgumentError", message)
    if world.resources.peek(compute_id) is None:
        return Answer(204)
    refuse_while_busy(world, compute_id)
    operation = world.operations.begin(
        compute_id,
        "ml.compute_removed",
        {"compute": compute_id},
        seconds=durations.ML_COMPUTE,
        busy="Deleting",
    )
    return accepted(request, operation)


@service.effect("ml.compute_removed")
def removed(world: World, args: Json) -> None:
    world.resources.delete(args["compute"])
