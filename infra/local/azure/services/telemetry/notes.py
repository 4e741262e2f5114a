"""What changes now and then, noted each simulated minute: what was provisioned, and whether front doors served."""

from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.landing_zone import USER

KEPT = 60
"""Changes of one thing that are remembered, the newest; what was before the first is as the first."""
INFERENCE = "ml-inference"
THROUGHPUT = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/throughputSettings"
service = Service("telemetry_notes")


@service.every(60)
def provisioned(world: World) -> None:
    """Note the throughput of every container and the replicas of every app."""
    for row in world.of_type(THROUGHPUT):
        note(world, row["id"], throughput(row))
    for app in world.of_type(model.APP):
        note(world, app["id"], model.ready_replicas(world, app))


@service.every(5)
def served(world: World) -> None:
    """Note whether the landing zone's front door serves."""
    seen = world.table("landing zone user").peek(USER)
    if seen is not None:
        note(world, INFERENCE, 1 if seen["healthy"] else 0)


def throughput(settings: Json) -> int:
    """Return the most request units per second that a container may use."""
    offer: Json = settings["properties"]["resource"]
    return int((offer.get("autoscaleSettings") or {}).get("maxThroughput") or offer["throughput"])


def note(world: World, key: str, value: float) -> None:
    table = world.table("note")
    kept: list[list[float]] = (table.peek(key) or {"changes": []})["changes"]
    if not kept or kept[-1][1] != value:
        table.put(key, {"changes": [*kept, [world.now, value]][-KEPT:]})


def noted(world: World, key: str, at: float, otherwise: float) -> float:
    """Return what was noted last before a moment."""
    kept: list[list[float]] = (world.table("note").peek(key) or {"changes": []})["changes"]
    before = [value for since, value in kept if since <= at]
    return before[-1] if before else kept[0][1] if kept else otherwise
