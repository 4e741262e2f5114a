"""The managed environments of Microsoft.App and their quotas: environments by region, cores by environment."""

import hashlib

from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.generic import GROUP, SUBSCRIPTION, group_of, merged

ENVIRONMENT = "Microsoft.App/managedEnvironments"
CORE_LIMIT = 100
ENVIRONMENT_LIMIT = 50
service = Service("container_apps_environments")


@service.arm("PUT", GROUP + "/providers/" + ENVIRONMENT + "/{environment}")
@service.arm("PATCH", GROUP + "/providers/" + ENVIRONMENT + "/{environment}")
def put_environment(world: World, request: Request) -> Answer:
    """Create or change an environment; its domain and address are the service's to choose, once."""
    group = group_of(world, request)
    environment_id = f"{group['id']}/providers/{ENVIRONMENT}/{request.params['environment']}"
    kept = world.resources.get(environment_id)
    body = merged(world.resource(environment_id), request.json) if request.method == "PATCH" else request.json
    if kept is None and not body.get("location"):
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    location = kept["location"] if kept else body["location"]
    label = hashlib.sha256(environment_id.lower().encode()).hexdigest()
    made: Json = (
        kept["properties"]
        if kept
        else {
            "defaultDomain": f"sim-{label[:8]}.{region_name(location)}.azurecontainerapps.io",
            "staticIp": f"20.78.{int(label[8:10], 16)}.{int(label[10:12], 16)}",
        }
    )
    owned = {name: made[name] for name in ("defaultDomain", "staticIp")}
    properties: Json = {**(body.get("properties") or {}), **owned, "provisioningState": "Succeeded"}
    identity = {"id": environment_id, "name": request.params["environment"], "type": ENVIRONMENT}
    resource = world.put_resource({**body, **identity, "location": location, "properties": properties})
    return Answer(201 if kept is None else 200, resource)


def _usage(name: str, current: float, limit: float) -> Json:
    return {
        "unit": "Count",
        "currentValue": current,
        "limit": limit,
        "name": {"value": name, "localizedValue": name},
    }


@service.arm("GET", SUBSCRIPTION + "/providers/Microsoft.App/locations/{location}/usages")
def in_region(world: World, request: Request) -> Answer:
    """Return what Azure counts for a region: environments, not cores, which belong to each environment."""
    region = region_name(request.params["location"])
    count = sum(region_name(one["location"]) == region for one in world.of_type(ENVIRONMENT))
    rows = [_usage("ManagedEnvironmentCount", count, ENVIRONMENT_LIMIT), _usage("SessionPools", 0, 6)]
    return Answer(200, {"value": rows})


@service.arm("GET", GROUP + "/providers/" + ENVIRONMENT + "/{environment}/usages")
def in_environment(world: World, request: Request) -> Answer:
    """Return the cores that an environment uses; where its region has no capacity, no more can be had."""
    group = group_of(world, request)
    environment = world.resource(f"{group['id']}/providers/{ENVIRONMENT}/{request.params['environment']}")
    used = sum(
        _cores(revision) * len(model.replicas(world, revision["id"]))
        for app in world.of_type(model.APP)
        if app["properties"]["managedEnvironmentId"].lower() == environment["id"].lower()
        for revision in model.revisions(world, app["id"])
    )
    short = world.faults.hits(region_name(environment["location"]), "no_capacity")
    rows = [_usage("ManagedEnvironmentConsumptionCores", used, used if short else CORE_LIMIT)]
    return Answer(200, {"value": rows})


def _cores(revision: Json) -> float:
    containers = revision["properties"]["template"]["containers"]
    return sum(float((one.get("resources") or {}).get("cpu", 0.5)) for one in containers)
