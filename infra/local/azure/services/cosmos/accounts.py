"""The calls of Microsoft.DocumentDB on accounts: reading, failing over, taking regions off and on."""

from collections.abc import Mapping

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError, OperationFailed, Unreachable
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.cosmos import data, regions
from infra.local.azure.services.dependencies import dependency, host_of
from infra.local.azure.services.generic import GROUP, SUBSCRIPTION, group_of, merged

PROVIDER = "/providers/Microsoft.DocumentDB/databaseAccounts"
ACCOUNT = GROUP + PROVIDER + "/{account}"
DAY = 86_400
service = Service("cosmos")


def account_of(world: World, request: Request) -> Json:
    """Return the account that a request names, or raise ARM's 404."""
    group = group_of(world, request)
    return world.resource(f"{group['id']}{PROVIDER}/{request.params['account']}")


def refuse_while_busy(world: World, account: Json) -> None:
    """412, as the service answers while another operation holds the account."""
    busy = world.operations.running(account["id"])
    if busy is not None:
        raise ArmError(
            412,
            "PreconditionFailed",
            "There is already an operation in progress which requires exclusive lock on this service "
            f"{account['name']}. Please retry the operation after sometime.\r\nActivityId: {busy['id']}, "
            "Microsoft.Azure.Documents.Common/2.14.0",
        )


def bad_request(message: str) -> ArmError:
    return ArmError(400, "BadRequest", f"{message}\r\nMicrosoft.Azure.Documents.Common/2.14.0")


@service.arm("GET", SUBSCRIPTION + PROVIDER)
@service.arm("GET", GROUP + PROVIDER)
def list_accounts(world: World, request: Request) -> Answer:
    scope = request.path.lower().split("/providers/")[0] + "/"
    return Answer(
        200, {"value": [regions.shown(world, one) for one in world.of_type(regions.ACCOUNT, scope)]}
    )


@service.arm("GET", ACCOUNT)
def get(world: World, request: Request) -> Answer:
    return Answer(200, regions.shown(world, account_of(world, request)))


@service.arm("PATCH", ACCOUNT, survives_outage=True)
@service.arm("PUT", ACCOUNT, survives_outage=True)
def update(world: World, request: Request) -> Answer:
    """Change properties of an account; regions may come and go, but the write region stays what it is."""
    account = account_of(world, request)
    refuse_while_busy(world, account)
    change = request.json
    wanted: list[Json] = (change.get("properties") or {}).get("locations") or []
    named = [
        region_name(one["locationName"]) for one in sorted(wanted, key=lambda one: one["failoverPriority"])
    ]
    if named and named[0] != regions.write_region(account):
        raise bad_request("The write region cannot be changed by an update: use failoverPriorityChange.")
    if unknown := [region for region in named if region not in world.regions]:
        raise bad_request(f"The region '{unknown[0]}' is not known.")
    if (
        named
        and sorted(named) != sorted(regions.order(account))
        and set(change["properties"]) != {"locations"}
    ):
        raise bad_request("Regions cannot be added or removed together with other changes of the account.")
    properties = {key: value for key, value in (change.get("properties") or {}).items() if key != "locations"}
    body = merged(
        account, {**{key: change[key] for key in ("tags",) if key in change}, "properties": properties}
    )
    arguments: Json = {"account": account["id"], "body": body, "regions": named}
    seconds = durations.COSMOS_UPDATE if not named else durations.COSMOS_ONLINE_REGION
    operation = world.operations.begin(
        account["id"], "cosmos.update", arguments, seconds=seconds, failed="Succeeded"
    )
    answer = regions.shown(world, world.resource(account["id"]))
    return accepted(request, operation, status=200, body=answer)


@service.effect("cosmos.update")
def updated(world: World, args: Json) -> Json:
    account: Json = args["body"]
    if args["regions"]:
        account = regions.arrange(account, args["regions"], world)
    return world.put_resource(account)


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


@service.on("GET", "{account}.documents.azure.com", "/", token=False)
def metadata(world: World, request: Request) -> Answer:
    """Tell the account's regions, as its data plane does before any token is looked at for its documents."""
    account, region = _at(world, request.params["account"])
    if account is None:
        raise Unreachable(request.host)
    world.require_region(region)
    shown = regions.shown(world, account)["properties"]
    return Answer(
        200,
        {
            "id": account["name"],
            "writableLocations": [_location(one) for one in shown["writeLocations"]],
            "readableLocations": [_location(one) for one in shown["readLocations"]],
            "enableMultipleWriteLocations": False,
        },
    )


def _location(one: Json) -> Json:
    return {"name": one["locationName"], "databaseAccountEndpoint": one["documentEndpoint"]}


def _at(world: World, name: str) -> tuple[Json | None, str]:
    """Return the account of a host, and the region that answers there: a named one, else the write region."""
    for account in world.of_type(regions.ACCOUNT):
        if name.lower() == account["name"].lower():
            return account, regions.write_region(account)
        for region in regions.order(account):
            if name.lower() == f"{account['name']}-{region}".lower():
                away = regions.offline(world, account)
                return (None, region) if region in away else (account, region)
    return None, ""


@dependency("cosmos")
def writable(world: World, settings: Mapping[str, str]) -> str | None:
    """Whether an app with these settings can write documents now."""
    endpoint = host_of(settings.get("COSMOS_ENDPOINT", ""))
    account, _ = _at(world, endpoint.removesuffix(".documents.azure.com"))
    if account is None:
        return f"no account at '{endpoint}' (setting COSMOS_ENDPOINT)"
    if world.faults.host_down(endpoint):
        return f"{endpoint} is down"
    region = regions.write_region(account)
    return (
        None if world.region_up(region) else f"the write region {region} of {account['name']} is unreachable"
    )


@service.arm("GET", SUBSCRIPTION + "/providers/Microsoft.DocumentDB/restorableDatabaseAccounts")
@service.arm(
    "GET", SUBSCRIPTION + "/providers/Microsoft.DocumentDB/locations/{location}/restorableDatabaseAccounts"
)
def restorable(world: World, request: Request) -> Answer:
    """List the accounts with continuous backup, and since when they can be restored."""
    location = region_name(request.params.get("location", ""))
    rows: list[Json] = []
    for account in world.of_type(regions.ACCOUNT):
        backup = account["properties"].get("backupPolicy") or {}
        home = region_name(account["location"])
        if backup.get("type") != "Continuous" or (location and location != home):
            continue
        days = 7 if (backup.get("continuousModeProperties") or {}).get("tier") == "Continuous7Days" else 30
        instance = account["properties"]["instanceId"]
        name = (
            f"/subscriptions/{request.params['subscription']}/providers/Microsoft.DocumentDB/locations/{home}"
        )
        rows.append(
            {
                "id": f"{name}/restorableDatabaseAccounts/{instance}",
                "name": instance,
                "type": "Microsoft.DocumentDB/locations/restorableDatabaseAccounts",
                "location": account["location"],
                "properties": {
                    "accountName": account["name"],
                    "apiType": "Sql",
                    "creationTime": account["systemData"]["createdAt"],
                    "oldestRestorableTime": iso(world.now - days * DAY),
                    "restorableLocations": [
                        {
                            "locationName": policy["locationName"],
                            "creationTime": account["systemData"]["createdAt"],
                        }
                        for policy in regions.policies(account)
                    ],
                },
            }
        )
    return Answer(200, {"value": rows})
