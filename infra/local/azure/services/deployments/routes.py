"""The calls of Microsoft.Resources/deployments."""

import hashlib
import json

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError, OperationFailed
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import RUNNING, accepted
from infra.local.azure.core.service import ARM_HOST, Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.deployments import template, what_if
from infra.local.azure.services.deployments.preflight import plan, shown
from infra.local.azure.services.generic import GROUP, group_of, type_and_name

DEPLOYMENTS = GROUP + "/providers/Microsoft.Resources/deployments"
DEPLOYMENT = DEPLOYMENTS + "/{deployment}"
WEEK = 7 * 86_400
service = Service("deployments")


def _id(world: World, request: Request) -> str:
    return f"{group_of(world, request)['id']}/providers/{template.NESTED}/{request.params['deployment']}"


def _found(world: World, request: Request) -> Json:
    found = world.resources.get(_id(world, request))
    if found is None:
        message = f"Deployment '{request.params['deployment']}' could not be found."
        raise ArmError(404, "DeploymentNotFound", message)
    return found


@service.arm("POST", DEPLOYMENT + "/validate", reads=True)
def validate(world: World, request: Request) -> Answer:
    wanted = plan(world, request)
    properties = shown(world, request.json["properties"])
    properties["provisioningState"] = "Succeeded"
    properties["validatedResources"] = [{"id": one.resource_id} for one in wanted.resources]
    deployment_id = _id(world, request)
    return Answer(
        200,
        {
            "id": deployment_id,
            "name": request.params["deployment"],
            "type": template.NESTED,
            "properties": properties,
        },
    )


@service.arm("POST", DEPLOYMENT + "/whatIf", reads=True)
def compare(world: World, request: Request) -> Answer:
    """Begin to find out what would change; a region that cannot take it gives a result with status Failed."""
    plan(world, request, preflight=False)
    arguments: Json = {"body": request.json, "path": request.path, "params": dict(request.params)}
    operation = world.operations.begin(
        f"{_id(world, request)}/whatIf", "deployments.what_if", arguments, seconds=durations.WHAT_IF
    )
    return accepted(request, operation, location_only=True)


@service.effect("deployments.what_if")
def compared(world: World, args: Json) -> Json:
    request = Request(
        "POST", ARM_HOST, args["path"], body=json.dumps(args["body"]).encode(), params=args["params"]
    )
    try:
        wanted = plan(world, request)
    except ArmError as error:
        return {"status": "Failed", "error": error.body()["error"]}
    found = what_if.changes(world, wanted, group_of(world, request)["id"])
    return {"status": "Succeeded", "properties": {"correlationId": world.new_id(), "changes": found}}


@service.arm("GET", DEPLOYMENTS)
def list_deployments(world: World, request: Request) -> Answer:
    return Answer(200, {"value": world.of_type(template.NESTED, group_of(world, request)["id"] + "/")})


@service.arm("GET", DEPLOYMENT)
def get(world: World, request: Request) -> Answer:
    return Answer(200, _found(world, request))


@service.arm("HEAD", DEPLOYMENT)
def exists(world: World, request: Request) -> Answer:
    return Answer(404 if world.resources.peek(_id(world, request)) is None else 204)


@service.arm("DELETE", DEPLOYMENT)
def delete(world: World, request: Request) -> Answer:
    deployment_id = _id(world, request)
    _refuse_while_active(world, deployment_id)
    world.resources.delete(deployment_id)
    world.table("deployment").delete(deployment_id)
    return Answer(204)


def _refuse_while_active(world: World, deployment_id: str) -> None:
    active = world.operations.running(deployment_id)
    if active is not None:
        raise ArmError(
            409,
            "DeploymentActive",
            f"Unable to edit or replace deployment '{deployment_id.rsplit('/', 1)[-1]}': previous "
            "deployment from "
            f"'{iso(active['started'])}' is still active (expiration time is "
            f"'{iso(active['started'] + WEEK)}'). "
            "Please see https://aka.ms/arm-deploy-resources for usage details.",
        )


@service.arm("PUT", DEPLOYMENT)
def put(world: World, request: Request) -> Answer:
    """Begin a deployment; the same name while one runs is refused even with the same template."""
    deployment_id = _id(world, request)
    _refuse_while_active(world, deployment_id)
    wanted = plan(world, request)
    properties: Json = {**shown(world, request.json["properties"]), "provisioningState": "Accepted"}
    new = world.resources.peek(deployment_id) is None
    resource = world.put_resource(
        {
            "id": deployment_id,
            "name": request.params["deployment"],
            "type": template.NESTED,
            "properties": properties,
        }
    )
    steps = [_begin(world, one) for one in wanted.resources]
    world.table("deployment").put(deployment_id, {"steps": steps})
    pending = [world.operations.find(step["operation"]) for step in steps if step["operation"]]
    due = max((one["due"] for one in pending if one is not None), default=world.now + durations.DEPLOYMENT)
    arguments: Json = {"deployment": deployment_id, "outputs": wanted.outputs, "started": world.now}
    operation = world.operations.begin(
        deployment_id, "deployments.finish", arguments, seconds=due - world.now, busy="Running"
    )
    return accepted(request, operation, status=201 if new else 200, body=resource)


def _begin(world: World, wanted: template.Wanted) -> Json:
    """Send the PUT of one resource to the service that it belongs to, as ARM does."""
    step: Json = {"id": wanted.resource_id, "operation": None, "error": None, "at": world.now}
    query = {"api-version": "2025-01-01"}
    request = Request("PUT", ARM_HOST, wanted.resource_id, query, body=json.dumps(wanted.body).encode())
    mark = world.mark()
    region = region_name(str(wanted.body.get("location", "")))
    if region and not world.region_up(region):
        message = f"The service in region '{region}' is temporarily unavailable."
        return {**step, "error": {"code": "ServiceUnavailable", "message": message}}
    try:
        for route in (route for one in world.services for route in one.routes):
            found = route.path.fullmatch(wanted.resource_id)
            if route.arm and route.method == "PUT" and found:
                route.handler(world, request.with_params(found.groupdict()))
                break
    except ArmError as error:
        world.rollback(mark)
        step["error"] = {"code": error.code, "message": error.message}
        return step
    running = world.operations.running(wanted.resource_id)
    step["operation"] = running["id"] if running is not None else None
    return step


def _step_state(world: World, step: Json) -> tuple[str, Json | None]:
    """Return the provisioning state of one resource of a deployment, and its error."""
    if step["error"] is not None:
        return "Failed", step["error"]
    operation = world.operations.find(step["operation"]) if step["operation"] else None
    if operation is None or operation["status"] == "Succeeded":
        return "Succeeded", None
    return ("Running", None) if operation["status"] == RUNNING else ("Failed", operation["error"])


@service.effect("deployments.finish")
def finish(world: World, args: Json) -> None:
    """End Succeeded with outputs, or Failed with the error of each resource that failed."""
    deployment = world.resource(args["deployment"])
    steps: list[Json] = (world.table("deployment").peek(args["deployment"]) or {"steps": []})["steps"]
    ended = [(step["id"], *_step_state(world, step)) for step in steps]
    details = [{**error, "target": resource_id} for resource_id, _, error in ended if error is not None]
    if details:
        raise OperationFailed(
            "DeploymentFailed",
            "At least one resource deployment operation failed. Please list deployment operations for "
            "details. "
            "Please see https://aka.ms/arm-deployment-operations for usage details.",
            details,
        )
    deployment["properties"] |= {
        "outputs": args["outputs"],
        "outputResources": [{"id": resource_id} for resource_id, _, _ in ended],
        "timestamp": iso(world.now),
        "duration": f"PT{world.now - args['started']:.1f}S",
    }
    world.put_resource(deployment)


@service.failure("deployments.finish")
def failed(world: World, args: Json) -> None:
    deployment = world.resource(args["deployment"])
    deployment["properties"] |= {"error": args["error"], "timestamp": iso(world.now)}
    world.put_resource(deployment)


@service.arm("GET", DEPLOYMENT + "/operations")
@service.arm("GET", GROUP + "/deployments/{deployment}/operations")
def operations(world: World, request: Request) -> Answer:
    deployment = _found(world, request)
    steps: list[Json] = (world.table("deployment").peek(deployment["id"]) or {"steps": []})["steps"]
    rows: list[Json] = []
    for step in steps:
        state, error = _step_state(world, step)
        kind, name = type_and_name(step["id"])
        operation_id = hashlib.sha256(f"{deployment['id']}{step['id']}".encode()).hexdigest()[:16].upper()
        properties: Json = {
            "provisioningOperation": "Create",
            "provisioningState": state,
            "timestamp": iso(step["at"]),
            "statusCode": {"Running": "Accepted", "Succeeded": "OK"}.get(state, "Conflict"),
            "targetResource": {"id": step["id"], "resourceType": kind, "resourceName": name},
        }
        if error is not None:
            properties["statusMessage"] = {"status": "Failed", "error": error}
        rows.append(
            {
                "id": f"{deployment['id']}/operations/{operation_id}",
                "operationId": operation_id,
                "properties": properties,
            }
        )
    return Answer(200, {"value": rows})
