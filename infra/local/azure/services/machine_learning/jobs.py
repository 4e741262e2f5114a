"""Training jobs: they wait for nodes, run for a while, and fail where their workspace's data cannot be reached."""

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.blobs import account as storage
from infra.local.azure.services.machine_learning.workspaces import TYPE, WORKSPACE, workspace_of

JOB = WORKSPACE + "/jobs/{job}"
DONE = {"Completed", "Failed", "Canceled"}
service = Service("ml_jobs")


def trouble(world: World, workspace: Json) -> str | None:
    """Return why a job of the workspace could not run to its end now, or None."""
    region = region_name(workspace["location"])
    if not world.region_up(region):
        return f"the region {region} is not available"
    if workspace["properties"]["provisioningState"] not in {"Succeeded", "Updating"}:
        return f"the workspace is {workspace['properties']['provisioningState']}"
    name = workspace["properties"]["storageAccount"].rsplit("/", 1)[-1]
    account = storage.find(world, name)
    if account is None or not world.region_up(storage.primary_region(account)):
        return f"the storage account {name} cannot be reached"
    return None


def nodes(world: World, workspace: Json, compute: str) -> int:
    """Return how many nodes a cluster may have; none when it is missing or not ready."""
    found = world.resources.peek(f"{workspace['id']}/computes/{compute}")
    if found is None or found["properties"]["provisioningState"] not in {"Succeeded", "Updating"}:
        return 0
    return int(found["properties"]["properties"]["scaleSettings"].get("maxNodeCount", 0))


@service.arm("PUT", JOB)
def put(world: World, request: Request) -> Answer:
    """Submit a command job. A job cannot be changed: the same again is 409, as its name is taken."""
    workspace, body = workspace_of(world, request), request.json
    job_id = f"{workspace['id']}/jobs/{request.params['job']}"
    properties: Json = body.get("properties") or {}
    if world.resources.peek(job_id) is not None:
        raise ArmError(
            409, "JobAlreadyExists", f"A job with the name '{request.params['job']}' exists already."
        )
    if workspace["properties"].get("publicNetworkAccess") == "Disabled":
        message = (
            "Public network access is disabled for this workspace: jobs are taken from its network only."
        )
        raise ArmError(403, "Forbidden", message)
    if properties.get("jobType") != "Command" or not all(
        isinstance(properties.get(name), str) and properties[name]
        for name in ("command", "environmentId", "computeId")
    ):
        raise ArmError(400, "UserError", "A command job needs command, environmentId and computeId.")
    compute = str(properties["computeId"])
    if world.resources.peek(compute) is None or not compute.lower().startswith(workspace["id"].lower() + "/"):
        raise ArmError(400, "UserError", f"The specified compute target '{compute}' was not found.")
    row: Json = {
        "id": job_id,
        "name": request.params["job"],
        "type": f"{TYPE}/jobs",
        "systemData": {"createdAt": iso(world.now)},
        "properties": {**properties, "status": "Queued", "since": world.now},
    }
    return Answer(201, _shown(world.put_resource(row)))


def _shown(job: Json) -> Json:
    hidden = {"since", "error"}
    properties = {name: value for name, value in job["properties"].items() if name not in hidden}
    if error := job["properties"].get("error"):
        properties["properties"] = {"mlflow.error": error}
    return {**job, "properties": properties}


@service.arm("GET", JOB)
def get(world: World, request: Request) -> Answer:
    workspace = workspace_of(world, request)
    return Answer(200, _shown(world.resource(f"{workspace['id']}/jobs/{request.params['job']}")))


@service.arm("POST", JOB + "/cancel")
def cancel(world: World, request: Request) -> Answer:
    workspace = workspace_of(world, request)
    job = world.resource(f"{workspace['id']}/jobs/{request.params['job']}")
    if job["properties"]["status"] not in DONE:
        _move(world, job, "Canceled")
    return Answer(200)


@service.every(5)
def run(world: World) -> None:
    """Let every job go on: queued until there are nodes, then prepared, run, and over."""
    for job in world.of_type(f"{TYPE}/jobs"):
        properties = job["properties"]
        status, since = properties["status"], properties["since"]
        if status in DONE:
            continue
        workspace = world.resources.peek(job["id"].rsplit("/", 2)[0])
        if workspace is None:
            continue
        if status == "Queued":
            if nodes(world, workspace, properties["computeId"].rsplit("/", 1)[-1]):
                _move(world, job, "Preparing")
        elif reason := trouble(world, workspace):
            _move(world, job, "Failed", error=f"UserError: {reason}")
        elif status == "Preparing" and world.now - since >= durations.ML_JOB_PREPARING:
            _move(world, job, "Running")
        elif status == "Running" and world.now - since >= durations.ML_JOB_RUNNING:
            _move(world, job, "Completed")


def _move(world: World, job: Json, status: str, **more: str) -> None:
    world.put_resource(
        {**job, "properties": {**job["properties"], "status": status, "since": world.now, **more}}
    )


def runs_jobs(world: World, workspace: Json, compute: str) -> str | None:
    """Return why the workspace would not run a job on that cluster now, or None."""
    if reason := trouble(world, workspace):
        return reason
    if workspace["properties"].get("publicNetworkAccess") == "Disabled":
        return "its network takes no jobs"
    return None if nodes(world, workspace, compute) else f"{compute} has no nodes"
