"""Azure Cache for Redis: the flush of Microsoft.Cache, and how well a cache serves while it fills again."""

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError, OperationFailed
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.generic import GROUP, group_of

REDIS = "Microsoft.Cache/redis"
WARM, FILLED_AFTER = 0.94, 300.0
"""Share of the reads that a full cache answers, and simulated seconds until an empty one is full again."""
service = Service("redis")


@service.arm("GET", GROUP + "/providers/" + REDIS + "/{cache}")
def get(world: World, request: Request) -> Answer:
    return Answer(200, _cache(world, request))


@service.arm("POST", GROUP + "/providers/" + REDIS + "/{cache}/flush")
def flush(world: World, request: Request) -> Answer:
    """Begin to delete every key of the cache."""
    cache = _cache(world, request)
    if world.operations.running(cache["id"]) is not None:
        message = f"The resource '{cache['name']}' is busy processing a previous update request."
        raise ArmError(409, "Conflict", message)
    arguments: Json = {"cache": cache["id"]}
    operation = world.operations.begin(cache["id"], "redis.flush", arguments, seconds=durations.REDIS_FLUSH)
    return accepted(request, operation)


@service.effect("redis.flush")
def flushed(world: World, args: Json) -> Json:
    """Empty the cache, and with it what was wrong in it (`telemetry.troubles` looks at when that was)."""
    cache = world.resource(args["cache"])
    if not world.region_up(region_name(cache["location"])):
        raise OperationFailed("ServiceUnavailable", "The cache cannot be reached.")
    kept = world.table("redis").get(cache["name"]) or {"flushes": []}
    world.table("redis").put(cache["name"], {"flushes": [*kept["flushes"], world.now][-50:]})
    return {"status": "Succeeded"}


def hit_rate(world: World, name: str, at: float) -> float:
    """Return the share of reads that a cache answers itself: none just after a flush, then ever more."""
    flushes = [one for one in (world.table("redis").peek(name) or {"flushes": []})["flushes"] if one <= at]
    return WARM * min(1.0, (at - flushes[-1]) / FILLED_AFTER) if flushes else WARM


def _cache(world: World, request: Request) -> Json:
    group = group_of(world, request)
    return world.resource(f"{group['id']}/providers/{REDIS}/{request.params['cache']}")


@service.truth("redis")
def truth(world: World) -> Json:
    """Tell how well each cache serves, and how much more its stores are asked for than by a full one."""
    told: Json = {}
    for cache in world.of_type(REDIS):
        flushes = (world.table("redis").peek(cache["name"]) or {"flushes": []})["flushes"]
        rate = hit_rate(world, cache["name"], world.now)
        told[cache["name"]] = {
            "hit_rate": round(rate, 3),
            "stampede": round((1 - rate) / (1 - WARM), 1),
            "flushes": [iso(one) for one in flushes],
        }
    return told
