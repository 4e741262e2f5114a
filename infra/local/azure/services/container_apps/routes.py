"""The calls of Microsoft.App on container apps: create, update, delete, start, stop."""

from infra.local.azure import contoso, durations
from infra.local.azure.core.envelope import shaped
from infra.local.azure.core.errors import ArmError, OperationFailed
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.generic import GROUP, canonical, group_of, merged

APP = GROUP + "/providers/Microsoft.App/containerApps/{app}"
SHAPE = {
    "managedEnvironmentId": str,
    "environmentId": str,
    "configuration": {
        "activeRevisionsMode": str,
        "ingress": {
            "external": bool,
            "traffic": [{"revisionName": str, "weight": int, "latestRevision": bool}],
            "customDomains": [{"name": str, "bindingType": str, "certificateId": str}],
        },
    },
    "template": {
        "revisionSuffix": str,
        "containers": [
            {
                "name": str,
                "image": str,
                "env": [{"name": str, "value": str}],
                "resources": {"cpu": (int, float)},
            }
        ],
        "scale": {"minReplicas": int, "maxReplicas": int},
    },
}
service = Service("container_apps")


@service.seed
def plant(world: World) -> None:
    """Know the image, and let the apps of the estate run already."""
    server, _, rest = contoso.IMAGE.partition("/")
    repository, _, digest = rest.partition("@")
    world.table("repository").put(f"{server}/{repository}", {"digests": [digest]})
    for app in world.of_type(model.APP):
        model.provision(world, app["id"], starting=0)


def app_of(world: World, request: Request) -> Json:
    """Return the app that a request names, or raise ARM's 404."""
    group_of(world, request)
    return world.resource(_app_id(request))


def _app_id(request: Request) -> str:
    path = canonical(request.path)
    below = path.lower().find("/", path.lower().index("/containerapps/") + len("/containerapps/"))
    return path if below < 0 else path[:below]


def _refuse_while_busy(world: World, app_id: str) -> None:
    if world.operations.running(app_id) is not None:
        raise ArmError(
            409,
            "ContainerAppOperationInProgress",
            f"Cannot modify a container app '{app_id.rsplit('/', 1)[-1]}' because there is an operation in "
            "progress.",
        )


def check(world: World, app_id: str, body: Json) -> None:
    """Refuse a container app that could not be: no environment, wrong place, no container, no capacity."""
    shaped(body.get("properties"), SHAPE)
    properties = body.get("properties") or {}
    environment_id = properties.get("managedEnvironmentId") or properties.get("environmentId") or ""
    environment = world.resources.peek(environment_id)
    name = app_id.rsplit("/", 1)[-1]
    if environment is None:
        message = f"The environment '{environment_id}' of container app '{name}' does not exist."
        raise ArmError(400, "ManagedEnvironmentNotFound", message)
    region = region_name(environment["location"])
    if region_name(body.get("location") or "") != region:
        message = (
            f"Container app '{name}' must be in the location of its environment, '{environment['location']}'."
        )
        raise ArmError(400, "InvalidLocation", message)
    template = properties.get("template") or {}
    if not all(one.get("image") and one.get("name") for one in template.get("containers") or [{}]):
        raise ArmError(
            400,
            "ContainerAppContainerRequired",
            f"Container app '{name}' needs containers with name and image.",
        )
    scale = template.get("scale") or {}
    least, most = int(scale.get("minReplicas") or 0), int(scale.get("maxReplicas") or 10)
    if not 0 <= least <= most <= 1000 or most < 1:
        message = (
            f"minReplicas {least} and maxReplicas {most} must satisfy 0 <= min <= max, 1 <= max <= 1000."
        )
        raise ArmError(400, "ContainerAppInvalidScaleSpec", message)
    _check_domains(world, environment, properties)
    _check_traffic(world, app_id, properties)
    try:
        model.require_capacity(world, region)
    except OperationFailed as error:
        raise ArmError(
            503 if error.code == "ServiceUnavailable" else 409, error.code, error.message
        ) from error


def _check_traffic(world: World, app_id: str, properties: Json) -> None:
    """Refuse traffic that does not add up to 100, or goes to a revision that is not there."""
    traffic = ((properties.get("configuration") or {}).get("ingress") or {}).get("traffic") or []
    total = sum(int(one.get("weight") or 0) for one in traffic)
    if traffic and total != 100:
        message = f"The traffic weights of a container app must add up to 100, not {total}."
        raise ArmError(400, "ContainerAppInvalidTrafficWeight", message)
    for one in traffic:
        named = one.get("revisionName")
        if named and world.resources.peek(f"{app_id}/revisions/{named}") is None:
            raise ArmError(400, "RevisionNotFound", f"The revision '{named}' of the traffic was not found.")


def _check_domains(world: World, environment: Json, properties: Json) -> None:
    """Refuse a host name bound to a certificate that the app's own environment does not have."""
    ingress = (properties.get("configuration") or {}).get("ingress") or {}
    for domain in ingress.get("customDomains") or []:
        certificate = str(domain.get("certificateId") or "")
        own = certificate.lower().startswith(environment["id"].lower() + "/")
        if domain.get("bindingType") == "SniEnabled" and (
            not own or world.resources.peek(certificate) is None
        ):
            message = (
                f"The certificate '{certificate}' of custom domain '{domain.get('name')}' was not found "
                f"in environment '{environment['name']}'."
            )
            raise ArmError(400, "CertificateNotFound", message)


def create_or_update(world: World, app_id: str, body: Json) -> tuple[bool, Json, Json]:
    """Begin the deployment of an app; returns whether it is new, the resource, the operation."""
    app_id = canonical(app_id)
    check(world, app_id, body)
    _refuse_while_busy(world, app_id)
    kept = world.resources.peek(app_id)
    properties = body["properties"]
    properties["managedEnvironmentId"] = properties.get("managedEnvironmentId") or properties["environmentId"]
    resource = world.put_resource(
        {
            **body,
            "id": app_id,
            "name": app_id.rsplit("/", 1)[-1],
            "type": model.APP,
            "properties": {**_server_side(kept), **properties, "provisioningState": "InProgress"},
        }
    )
    new = kept is None
    seconds = model.deploying_seconds(new=new)
    arguments: Json = {"app": app_id, "new": new}
    operation = world.operations.begin(
        app_id, "container_apps.provision", arguments, seconds=seconds, busy="InProgress"
    )
    return new, resource, operation


def _server_side(kept: Json | None) -> Json:
    """Return what only the service writes, so that a PUT does not lose it."""
    owned = ("latestRevisionName", "latestReadyRevisionName", "latestRevisionFqdn", "runningStatus")
    return (
        {} if kept is None else {key: kept["properties"][key] for key in owned if key in kept["properties"]}
    )


@service.arm("PUT", APP + "/revisions/{revision}")
@service.arm("PATCH", APP + "/revisions/{revision}")
@service.arm("DELETE", APP + "/revisions/{revision}")
def read_only(_world: World, request: Request) -> Answer:
    raise ArmError(405, "MethodNotAllowed", f"A revision cannot be written: {request.path}")


@service.effect("container_apps.provision")
def provision(world: World, args: Json) -> None:
    app = world.resource(args["app"])
    model.require_capacity(world, region_name(app["location"]))
    model.provision(world, args["app"], starting=0 if args["new"] else durations.REPLICA_START)


@service.effect("container_apps.promote")
def promote(world: World, args: Json) -> None:
    if world.resources.peek(args["app"]) is not None:
        model.promote(world, args["app"])


@service.arm("GET", APP)
def get(world: World, request: Request) -> Answer:
    return Answer(200, app_of(world, request))


@service.arm("PUT", APP)
def put(world: World, request: Request) -> Answer:
    group_of(world, request)
    new, resource, operation = create_or_update(world, _app_id(request), request.json)
    return accepted(request, operation, status=201 if new else 200, body=resource)


@service.arm("PATCH", APP)
def patch(world: World, request: Request) -> Answer:
    app = app_of(world, request)
    _, _, operation = create_or_update(world, app["id"], merged(app, request.json))
    return accepted(request, operation)


@service.arm("DELETE", APP)
def delete(world: World, request: Request) -> Answer:
    group_of(world, request)
    app_id = _app_id(request)
    if world.resources.peek(app_id) is None:
        return Answer(204)
    _refuse_while_busy(world, app_id)
    for revision in model.revisions(world, app_id):
        model.stop_replicas(world, revision["id"])
        world.resources.delete(revision["id"])
    world.resources.delete(app_id)
    operation = world.operations.begin(
        app_id, "container_apps.deleted", {}, seconds=durations.CONTAINER_APP_STOP
    )
    return accepted(request, operation)


@service.effect("container_apps.deleted")
def deleted(_world: World, _args: Json) -> None:
    """Nothing is left to do: the app was gone when the delete was accepted."""


@service.arm("POST", APP + "/stop")
def stop(world: World, request: Request) -> Answer:
    return _switch(world, request, "Stopped")


@service.arm("POST", APP + "/start")
def start(world: World, request: Request) -> Answer:
    return _switch(world, request, "Running")


def _switch(world: World, request: Request, status: str) -> Answer:
    app = app_of(world, request)
    _refuse_while_busy(world, app["id"])
    arguments: Json = {"app": app["id"], "status": status}
    operation = world.operations.begin(
        app["id"], "container_apps.switch", arguments, seconds=durations.CONTAINER_APP_STOP, busy="InProgress"
    )
    return accepted(request, operation)


@service.effect("container_apps.switch")
def switched(world: World, args: Json) -> Json:
    app = world.resource(args["app"])
    if app["properties"].get("runningStatus") != args["status"]:
        for revision in model.revisions(world, app["id"]):
            if args["status"] == "Stopped":
                model.stop_replicas(world, revision["id"])
            elif revision["properties"]["active"]:
                model.start_replicas(world, revision, starting=durations.REPLICA_START)
    app["properties"]["runningStatus"] = args["status"]
    return world.put_resource(app)
