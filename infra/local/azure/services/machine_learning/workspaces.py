"""Machine learning workspaces: made, changed and removed by operations; what they bind must be named."""

from infra.local.azure import durations
from infra.local.azure.core.envelope import shaped
from infra.local.azure.core.errors import ArmError, OperationFailed
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.generic import GROUP, group_of, merged

TYPE = "Microsoft.MachineLearningServices/workspaces"
WORKSPACE = GROUP + "/providers/" + TYPE + "/{workspace}"
BOUND = ("storageAccount", "keyVault", "applicationInsights")
OWNED = {"provisioningState", "discoveryUrl", "workspaceId"}
SHAPE = dict.fromkeys((*BOUND, "containerRegistry", "friendlyName", "publicNetworkAccess"), str)
service = Service("ml_workspaces")


def workspace_of(world: World, request: Request) -> Json:
    """Return the workspace of a request, or raise ARM's 404."""
    group = group_of(world, request)
    return world.resource(f"{group['id']}/providers/{TYPE}/{request.params['workspace']}")


def refuse_while_busy(world: World, resource_id: str) -> None:
    if world.operations.running(resource_id) is not None:
        message = (
            f"Cannot modify resource with id '{resource_id}' because the resource entity provisioning state is "
            "not terminal. Please wait for the provisioning state to become terminal and then retry the request."
        )
        raise ArmError(409, "RequestConflict", message)


@service.arm("PUT", WORKSPACE)
def put(world: World, request: Request) -> Answer:
    """Begin to create a workspace, or to change one; what it is bound to cannot be changed afterwards."""
    group, body = group_of(world, request), request.json
    workspace_id = f"{group['id']}/providers/{TYPE}/{request.params['workspace']}"
    shaped(body.get("properties"), SHAPE)
    properties: Json = {
        name: value for name, value in (body.get("properties") or {}).items() if name not in OWNED
    }
    if not body.get("location"):
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    if missing := [name for name in BOUND if not properties.get(name)]:
        raise ArmError(400, "BadArgumentError", f"Missing dependent resources in workspace json: {missing}")
    refuse_while_busy(world, workspace_id)
    kept = world.resources.get(workspace_id)
    if kept is not None:
        for name in ("storageAccount", "keyVault"):
            if str(properties[name]).lower() != str(kept["properties"][name]).lower():
                message = f"Workspace {name} cannot be changed after the workspace was created."
                raise ArmError(400, "BadArgumentError", message)
        return _change(world, request, {**kept, **_given(body)}, properties)
    made: Json = {
        **_given(body),
        "id": workspace_id,
        "name": request.params["workspace"],
        "type": TYPE,
        "properties": {
            "publicNetworkAccess": "Enabled",
            **properties,
            "workspaceId": world.new_id(),
            "discoveryUrl": f"https://{region_name(body['location'])}.api.azureml.ms/discovery",
            "provisioningState": "Creating",
        },
    }
    world.put_resource(made)
    operation = world.operations.begin(
        workspace_id,
        "ml.workspace",
        {"workspace": workspace_id, "properties": {}},
        seconds=durations.ML_WORKSPACE,
        busy="Creating",
    )
    return accepted(request, operation, status=201, body=world.resource(workspace_id))


def _given(body: Json) -> Json:
    return {name: body[name] for name in ("location", "tags", "sku", "identity", "kind") if name in body}


@service.arm("PATCH", WORKSPACE)
def patch(world: World, request: Request) -> Answer:
    workspace, body = workspace_of(world, request), request.json
    shaped(body.get("properties"), SHAPE)
    refuse_while_busy(world, workspace["id"])
    change = {name: value for name, value in (body.get("properties") or {}).items() if name not in OWNED}
    if fixed := {"storageAccount", "keyVault"} & set(change):
        raise ArmError(400, "BadArgumentError", f"Workspace {', '.join(sorted(fixed))} cannot be changed.")
    return _change(
        world, request, {**workspace, **_given({**body, "location": workspace["location"]})}, change
    )


def _change(world: World, request: Request, workspace: Json, change: Json) -> Answer:
    world.put_resource(workspace)
    operation = world.operations.begin(
        workspace["id"],
        "ml.workspace",
        {"workspace": workspace["id"], "properties": change},
        seconds=durations.ML_WORKSPACE / 2,
    )
    return accepted(request, operation)


@service.effect("ml.workspace")
def changed(world: World, args: Json) -> None:
    workspace = world.resource(args["workspace"])
    if not world.region_up(region_name(workspace["location"])):
        raise OperationFailed("ServiceUnavailable", f"The region {workspace['location']} is not available.")
    workspace["properties"] = merged(workspace["properties"], args["properties"])
    world.put_resource(workspace)


def remove(world: World, workspace_id: str) -> None:
    """Take a workspace away with all that it holds."""
    for key in [key for key, _ in world.resources.rows(workspace_id + "/")]:
        world.resources.delete(key)
    world.resources.delete(workspace_id)


@service.fault("workspace_deleted")
def deleted_by_mistake(world: World, fault: Json) -> Json | None:
    """Somebody deletes the workspace of that name, for good."""
    for workspace in world.of_type(TYPE):
        if workspace["name"].lower() == fault["target"].lower():
            remove(world, workspace["id"])
            return None
    raise ArmError(400, "InvalidFault", f"no workspace is called '{fault['target']}'")
