"""How a container app becomes revisions and replicas, and which of them serve."""

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import OperationFailed
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.security import network_groups

APP = "Microsoft.App/containerApps"
REVISION = "Microsoft.App/containerApps/revisions"


def revisions(world: World, app_id: str) -> list[Json]:
    """Return the revisions of an app (read only), oldest first."""
    rows = world.of_type(REVISION, f"{app_id}/revisions/")
    return sorted(rows, key=lambda row: (row["properties"]["createdTime"], row["name"]))


def replicas(world: World, revision_id: str) -> list[Json]:
    """Return the replicas that exist now, starting ones too."""
    row = world.table("replica").peek(revision_id) or {"replicas": []}
    return [one for one in row["replicas"] if one["until"] is None or one["until"] > world.now]


def is_ready(world: World, replica: Json, region: str) -> bool:
    return replica["ready"] is not None and replica["ready"] <= world.now and world.region_up(region)


def ready_replicas(world: World, app: Json) -> int:
    """Count the replicas that can answer a request."""
    region = region_name(app["location"])
    return sum(
        is_ready(world, replica, region)
        for revision in revisions(world, app["id"])
        if revision["properties"]["active"] and revision["properties"]["trafficWeight"] > 0
        for replica in replicas(world, revision["id"])
    )


def settings(app: Json) -> dict[str, str]:
    """Return the environment variables of the app's first container; the app puts its region for `{region}`."""
    containers = app["properties"].get("template", {}).get("containers") or [{}]
    region = region_name(app["location"])
    return {
        one["name"]: str(one.get("value", "")).replace("{region}", region)
        for one in containers[0].get("env") or []
        if one.get("name")
    }


def image_known(world: World, image: str) -> bool:
    """Whether the estate's registry has that image; other registries are taken at their word."""
    server, _, rest = image.partition("/")
    repository, at, digest = rest.partition("@")
    row = world.table("repository").peek(f"{server}/{repository}")
    if server.endswith(".azurecr.io") and not any(
        registry["properties"].get("loginServer") == server
        for registry in world.of_type("Microsoft.ContainerRegistry/registries")
    ):
        return False
    return row is None or not at or digest in row["digests"]


def provision(world: World, app_id: str, *, starting: float) -> None:
    """Make the app what its resource says: address, and a new revision when the template changed.

    `starting`: simulated seconds until the new revision's replicas are ready.
    """
    app = world.resource(app_id)
    properties = app["properties"]
    environment = world.resource(properties["managedEnvironmentId"])
    domain = environment["properties"]["defaultDomain"]
    ingress = (properties.get("configuration") or {}).get("ingress")
    if ingress is not None:
        ingress["fqdn"] = (
            f"{app['name']}.{domain}" if ingress.get("external") else f"{app['name']}.internal.{domain}"
        )
    known = revisions(world, app_id)
    if not known or known[-1]["properties"]["template"] != properties["template"]:
        revision = _create_revision(world, app, domain, number=len(known) + 1, starting=starting)
        properties["latestRevisionName"] = revision["name"]
        properties["latestRevisionFqdn"] = revision["properties"]["fqdn"]
    properties.setdefault("runningStatus", "Running")
    world.put_resource(app)
    if starting == 0:
        promote(world, app_id)
    else:
        world.operations.begin(
            f"{app_id}/latest", "container_apps.promote", {"app": app_id}, seconds=starting
        )


def _create_revision(world: World, app: Json, domain: str, *, number: int, starting: float) -> Json:
    template = app["properties"]["template"]
    name = f"{app['name']}--{template.get('revisionSuffix') or f'{number:07d}'}"
    environment = world.resource(app["properties"]["managedEnvironmentId"])
    reached = network_groups.allows(world, environment, "Outbound", "AzureContainerRegistry")
    pulled = reached and all(image_known(world, container["image"]) for container in template["containers"])
    revision: Json = {
        "id": f"{app['id']}/revisions/{name}",
        "name": name,
        "type": REVISION,
        "properties": {
            "createdTime": iso(world.now),
            "fqdn": f"{name}.{domain}",
            "template": template,
            "active": True,
            "trafficWeight": 0,
            "provisioningState": "Provisioned" if pulled else "Failed",
        },
    }
    if not pulled:
        images = ", ".join(container["image"] for container in template["containers"])
        revision["properties"]["provisioningError"] = f"Failed to pull image {images}: manifest unknown"
    world.put_resource(revision)
    if app["properties"].get("runningStatus") != "Stopped":
        start_replicas(world, revision, starting=starting)
    return revision


def start_replicas(world: World, revision: Json, *, starting: float) -> None:
    """Start as many as the template's minimum; those that run go on until the new ones are ready."""
    scale = revision["properties"]["template"].get("scale") or {}
    count = max(1, int(scale.get("minReplicas") or 0))
    broken = revision["properties"]["provisioningState"] == "Failed"
    ready = None if broken else world.now + starting
    old = [
        {**replica, "until": ready if replica["until"] is None else replica["until"]}
        for replica in replicas(world, revision["id"])
    ]
    new = [
        {
            "name": f"{revision['name']}-{world.new_id()[:8]}",
            "created": world.now,
            "ready": ready,
            "until": None,
        }
        for _ in range(count)
    ]
    world.table("replica").put(revision["id"], {"replicas": [*old, *new]})


def stop_replicas(world: World, revision_id: str) -> None:
    world.table("replica").put(revision_id, {"replicas": []})


def promote(world: World, app_id: str) -> None:
    """Give the traffic to who shall have it, now that the latest is ready; in Single mode the older ones go."""
    app = world.resource(app_id)
    known = revisions(world, app_id)
    latest = known[-1]
    if latest["properties"]["provisioningState"] == "Failed":
        return
    single = (app["properties"].get("configuration") or {}).get("activeRevisionsMode", "Single") == "Single"
    weights = {latest["name"]: 100} if single else _weights(app, latest["name"])
    for revision in known:
        newest = revision["name"] == latest["name"]
        properties = {**revision["properties"], "trafficWeight": weights.get(revision["name"], 0)}
        if single and not newest and properties["active"]:
            properties["active"] = False
            stop_replicas(world, revision["id"])
        world.put_resource({**revision, "properties": properties})
    app["properties"]["latestReadyRevisionName"] = latest["name"]
    world.put_resource(app)


def _weights(app: Json, latest: str) -> dict[str, int]:
    """Return the share of the traffic of each revision, in percent."""
    weights: dict[str, int] = {}
    ingress = (app["properties"].get("configuration") or {}).get("ingress") or {}
    for one in ingress.get("traffic") or [{"latestRevision": True, "weight": 100}]:
        name = latest if one.get("latestRevision") else str(one.get("revisionName"))
        weights[name] = weights.get(name, 0) + int(one.get("weight") or 0)
    return weights


def shown_revision(world: World, revision: Json, region: str) -> Json:
    """Return a revision as Azure shows it, with the health of its replicas now."""
    running = replicas(world, revision["id"]) if revision["properties"]["active"] else []
    ready = sum(is_ready(world, replica, region) for replica in running)
    properties = {**revision["properties"], "replicas": len(running)}
    if not world.region_up(region):
        health, state = "None", "Unknown"
    elif properties["provisioningState"] == "Failed":
        health, state = "Unhealthy", "Failed"
    elif not properties["active"] or not running:
        health, state = "None", "Stopped"
    elif ready == 0:
        health, state = "None", "Processing"
    else:
        health, state = "Healthy", "Running" if ready == len(running) else "Degraded"
    return {**revision, "properties": {**properties, "healthState": health, "runningState": state}}


def shown_replica(world: World, revision: Json, replica: Json, region: str) -> Json:
    ready = is_ready(world, replica, region)
    state = "Running" if ready else "NotRunning" if world.region_up(region) else "Unknown"
    return {
        "id": f"{revision['id']}/replicas/{replica['name']}",
        "name": replica["name"],
        "type": "Microsoft.App/containerApps/revisions/replicas",
        "properties": {
            "createdTime": iso(replica["created"]),
            "runningState": state,
            "containers": [
                {
                    "name": container.get("name", "main"),
                    "ready": ready,
                    "started": ready,
                    "restartCount": 0,
                    "runningState": "Running" if ready else "Waiting",
                }
                for container in revision["properties"]["template"]["containers"]
            ],
        },
    }


def require_capacity(world: World, region: str) -> None:
    """Raise `OperationFailed` where no capacity is left for new replicas, or the region is out."""
    if world.faults.hits(region, "no_capacity"):
        raise OperationFailed(
            "SkuNotAvailable",
            f"The requested workload profile is currently not available in location '{region}'. "
            "Please try another location. See https://aka.ms/azureskunotavailable for details.",
        )
    if not world.region_up(region):
        raise OperationFailed(
            "ServiceUnavailable", f"The service in region '{region}' is temporarily unavailable."
        )


def deploying_seconds(*, new: bool) -> float:
    return durations.CONTAINER_APP_DEPLOYMENT if new else durations.CONTAINER_APP_UPDATE
