"""The calls of Microsoft.App on the revisions and replicas of a container app."""

from infra.local.azure import durations
from infra.local.azure.core.errors import ArmError, not_found
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.container_apps.routes import APP, app_of

REVISION = APP + "/revisions/{revision}"
service = Service("container_apps_revisions")


def _revision(world: World, request: Request) -> tuple[Json, Json]:
    app = app_of(world, request)
    revision = world.resources.get(f"{app['id']}/revisions/{request.params['revision']}")
    if revision is None:
        message = f"Revision '{request.params['revision']}' was not found in container app '{app['name']}'."
        raise ArmError(404, "RevisionNotFound", message)
    return app, revision


@service.arm("GET", APP + "/revisions")
def list_revisions(world: World, request: Request) -> Answer:
    app = app_of(world, request)
    region = region_name(app["location"])
    rows = [model.shown_revision(world, row, region) for row in model.revisions(world, app["id"])]
    if request.query.get("$filter", "").replace(" ", "").lower() == "properties/activeeqtrue":
        rows = [row for row in rows if row["properties"]["active"]]
    return Answer(200, {"value": rows})


@service.arm("GET", REVISION)
def get_revision(world: World, request: Request) -> Answer:
    app, revision = _revision(world, request)
    return Answer(200, model.shown_revision(world, revision, region_name(app["location"])))


@service.arm("POST", REVISION + "/restart")
def restart(world: World, request: Request) -> Answer:
    """Start new replicas; each call does so, and the old ones serve until then."""
    app, revision = _revision(world, request)
    if not revision["properties"]["active"] or app["properties"].get("runningStatus") == "Stopped":
        raise ArmError(400, "RevisionNotActive", f"The revision '{revision['name']}' is not running.")
    model.start_replicas(world, revision, starting=durations.REPLICA_START)
    return Answer(200)


@service.arm("POST", REVISION + "/activate")
def activate(world: World, request: Request) -> Answer:
    _, revision = _revision(world, request)
    if not revision["properties"]["active"]:
        revision["properties"]["active"] = True
        world.put_resource(revision)
        model.start_replicas(world, revision, starting=durations.REPLICA_START)
    return Answer(200)


@service.arm("POST", REVISION + "/deactivate")
def deactivate(world: World, request: Request) -> Answer:
    _, revision = _revision(world, request)
    revision["properties"]["active"] = False
    world.put_resource(revision)
    model.stop_replicas(world, revision["id"])
    return Answer(200)


@service.arm("GET", REVISION + "/replicas")
def list_replicas(world: World, request: Request) -> Answer:
    app, revision = _revision(world, request)
    region = region_name(app["location"])
    running = model.replicas(world, revision["id"])
    return Answer(200, {"value": [model.shown_replica(world, revision, one, region) for one in running]})


@service.arm("GET", REVISION + "/replicas/{replica}")
def get_replica(world: World, request: Request) -> Answer:
    app, revision = _revision(world, request)
    for one in model.replicas(world, revision["id"]):
        if one["name"] == request.params["replica"]:
            return Answer(200, model.shown_replica(world, revision, one, region_name(app["location"])))
    raise not_found(request.path)
