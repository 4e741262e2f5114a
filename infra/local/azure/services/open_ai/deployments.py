"""Model deployments of Azure OpenAI accounts: made and removed by operations, within the region's quota."""

from infra.local.azure import durations
from infra.local.azure.core.envelope import shaped
from infra.local.azure.core.errors import ArmError, OperationFailed
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.open_ai import quota
from infra.local.azure.services.open_ai.accounts import ACCOUNT, account_of

DEPLOYMENT = ACCOUNT + "/deployments/{deployment}"
SHAPE = {"model": {"format": str, "name": str, "version": str}, "versionUpgradeOption": str}
service = Service("open_ai_deployments")


def _busy(world: World, account: Json) -> None:
    """Refuse while another deployment of the account is being made: they go one after another."""
    prefix = account["id"].lower() + "/"
    if any(one["resource"].lower().startswith(prefix) for one in world.operations.pending()):
        message = (
            f"Another operation is being performed on the parent resource '{account['id']}'. "
            "Please try again later."
        )
        raise ArmError(409, "RequestConflict", message)


@service.arm("PUT", DEPLOYMENT)
def put(world: World, request: Request) -> Answer:
    """Begin to create or change a deployment."""
    account, body = account_of(world, request), request.json
    deployment_id = f"{account['id']}/deployments/{request.params['deployment']}"
    shaped(body.get("properties"), SHAPE)
    shaped(body.get("sku"), {"name": str, "capacity": int}, "sku")
    model = (body.get("properties") or {}).get("model") or {}
    if not all(model.get(name) for name in ("format", "name", "version")):
        raise ArmError(400, "InvalidRequestContent", "A deployment needs model format, name and version.")
    sku = body.get("sku") or {}
    if not sku.get("name") or not isinstance(sku.get("capacity"), int) or sku["capacity"] < 1:
        raise ArmError(400, "InvalidCapacity", "The capacity should be at least 1.")
    _busy(world, account)
    region = region_name(account["location"])
    quota.require(world, region, {"properties": {"model": model}, "sku": sku}, deployment_id)
    kept = world.resources.get(deployment_id)
    properties: Json = {
        "versionUpgradeOption": "OnceNewDefaultVersionAvailable",
        **(body.get("properties") or {}),
        "currentCapacity": sku["capacity"],
        "capabilities": {"chatCompletion": "true"},
        "provisioningState": "Creating" if kept is None else "Updating",
    }
    row: Json = {
        "id": deployment_id,
        "name": request.params["deployment"],
        "type": quota.DEPLOYMENT,
        "sku": sku,
        "tags": body.get("tags") or {},
        "properties": properties,
    }
    world.put_resource(row)
    operation = world.operations.begin(
        deployment_id,
        "open_ai.deploy",
        {"region": region},
        seconds=durations.OPENAI_DEPLOYMENT,
        busy="Creating" if kept is None else "Updating",
    )
    shown = world.resource(deployment_id)
    return accepted(request, operation, status=201 if kept is None else 200, body=shown)


@service.effect("open_ai.deploy")
def deployed(world: World, args: Json) -> None:
    if not world.region_up(args["region"]):
        raise OperationFailed("ServiceUnavailable", f"The region {args['region']} became unavailable.")


@service.arm("DELETE", DEPLOYMENT)
def delete(world: World, request: Request) -> Answer:
    account = account_of(world, request)
    deployment_id = f"{account['id']}/deployments/{request.params['deployment']}"
    if world.resources.peek(deployment_id) is None:
        return Answer(204)
    _busy(world, account)
    operation = world.operations.begin(
        deployment_id,
        "open_ai.remove",
        {"deployment": deployment_id},
        seconds=durations.OPENAI_DEPLOYMENT / 3,
        busy="Deleting",
    )
    return accepted(request, operation)


@service.effect("open_ai.remove")
def removed(world: World, args: Json) -> None:
    world.resources.delete(args["deployment"])
