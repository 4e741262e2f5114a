"""The quotas of Microsoft.App: environments by region, cores by environment."""

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.generic import GROUP, SUBSCRIPTION, group_of

ENVIRONMENT = "Microsoft.App/managedEnvironments"
CORE_LIMIT = 100
ENVIRONMENT_LIMIT = 50
service = Service("container_apps_usages")


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
