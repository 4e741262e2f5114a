"""The calls of Microsoft.DocumentDB that move an account between its regions."""

from infra.local.azure import durations
from infra.local.azure.core.errors import ArmError, OperationFailed
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.cosmos import data, regions
from infra.local.azure.services.cosmos.accounts import ACCOUNT, account_of, bad_request, refuse_while_busy

service = Service("cosmos_failover")


@service.arm("POST", ACCOUNT + "/failoverPriorityChange", survives_outage=True)
def change_priorities(world: World, request: Request) -> Answer:
    """Begin a manual failover: every region listed, priorities distinct, and all of them connected."""
    account = account_of(world, request)
    refuse_while_busy(world, account)
    wanted: list[Json] = request.json.get("failoverPolicies") or []
    named = [region_name(str(one.get("locationName", ""))) for one in wanted]
    places = [one.get("failoverPriority") for one in wanted]
    current = regions.order(account)
    if sorted(named) != sorted(current):
        shown = ", ".join(policy["locationName"] for policy in regions.policies(account))
        raise bad_request(f"Failover policies must list every region of the account exactly once: {shown}.")
    if (
        len(set(places)) != len(places)
        or 0 not in places
        or not all(isinstance(place, int) for place in places)
    ):
        raise bad_request("Failover priorities must be distinct, and one region must have priority 0.")
    target = [region for _, region in sorted(zip(places, named, strict=True))]
    if target[0] != current[0]:
        _require_connected(world, account, [current[0], target[0]])
    arguments: Json = {"account": account["id"], "regions": target}
    operation = world.operations.begin(
        account["id"], "cosmos.failover", arguments, seconds=durations.COSMOS_FAILOVER, failed="Succeeded"
    )
    return accepted(request, operation)


def _require_connected(world: World, account: Json, needed: list[str]) -> None:
    away = regions.offline(world, account)
    for region in needed:
        if region in away or not world.region_up(region):
            raise ArmError(
                503,
                "ServiceUnavailable",
                f"A manual failover needs the regions {' and '.join(needed)} connected, but {region} is "
                "not available. "
                "It must not be triggered during an outage of the region: take the region offline instead.",
            )


@service.effect("cosmos.failover")
def failed_over(world: World, args: Json) -> None:
    account = world.resource(args["account"])
    source, target = regions.write_region(account), args["regions"][0]
    if target != source:
        for region in (source, target):
            if not world.region_up(region):
                raise OperationFailed("ServiceUnavailable", f"The region {region} became unavailable.")
        data.fail_over(world, account, target, planned=True)
    world.put_resource(regions.arrange(account, args["regions"], world))


@service.arm("POST", ACCOUNT + "/offlineRegion", survives_outage=True)
def offline_region(world: World, request: Request) -> Answer:
    """Begin a forced failover away from a region, which may lose what had not been replicated."""
    account = account_of(world, request)
    refuse_while_busy(world, account)
    region, current = _named_region(request, account), regions.order(account)
    away = regions.offline(world, account)
    if region in away:
        raise bad_request(f"The region {region} is offline already.")
    if all(other == region or other in away or not world.region_up(other) for other in current):
        raise bad_request(
            f"The region {region} is the only one that is available: it cannot be taken offline."
        )
    arguments: Json = {"account": account["id"], "region": region}
    operation = world.operations.begin(
        account["id"],
        "cosmos.offline",
        arguments,
        seconds=durations.COSMOS_OFFLINE_REGION,
        failed="Succeeded",
    )
    return accepted(request, operation)


def _named_region(request: Request, account: Json) -> str:
    region = region_name(str(request.json.get("region", "")))
    if region not in regions.order(account):
        raise bad_request(f"The region '{request.json.get('region')}' does not belong to the account.")
    return region


@service.effect("cosmos.offline")
def taken_offline(world: World, args: Json) -> None:
    account = world.resource(args["account"])
    region, current = args["region"], regions.order(account)
    away = regions.offline(world, account) | {region}
    left = [other for other in current if other not in away and world.region_up(other)]
    if not left:
        raise OperationFailed("ServiceUnavailable", "No region is available that could take over.")
    if current[0] == region:
        data.fail_over(world, account, left[0], planned=False)
        current = [left[0], *(other for other in current if other not in {left[0], region}), region]
    world.put_resource(regions.arrange(account, current, world))
    kept = data.state(world, account)
    world.table("cosmos").put(account["name"], {**kept, "offline": sorted(away)})


@service.arm("POST", ACCOUNT + "/onlineRegion", survives_outage=True)
def online_region(world: World, request: Request) -> Answer:
    account = account_of(world, request)
    refuse_while_busy(world, account)
    region = _named_region(request, account)
    if region not in regions.offline(world, account):
        raise bad_request(f"The region {region} is online already.")
    if not world.region_up(region):
        raise ArmError(503, "ServiceUnavailable", f"The region {region} is not available.")
    arguments: Json = {"account": account["id"], "region": region}
    operation = world.operations.begin(
        account["id"], "cosmos.online", arguments, seconds=durations.COSMOS_ONLINE_REGION, failed="Succeeded"
    )
    return accepted(request, operation)


@service.effect("cosmos.online")
def taken_online(world: World, args: Json) -> None:
    if not world.region_up(args["region"]):
        raise OperationFailed("ServiceUnavailable", f"The region {args['region']} is not available.")
    account = world.resource(args["account"])
    kept = data.state(world, account)
    kept["offline"] = [region for region in kept["offline"] if region != args["region"]]
    kept["replicas"][args["region"]] = {"sequence": kept["sequence"], "at": world.now}
    world.table("cosmos").put(account["name"], kept)
