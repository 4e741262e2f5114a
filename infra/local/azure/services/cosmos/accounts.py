"""The calls of Microsoft.DocumentDB on accounts: reading, changing, listing what can be restored."""

from collections.abc import Mapping

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError, Unreachable
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.cosmos import regions
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


@service.on("GET", "{account}.documents.azure.com", "/", token=False)
def metadata(world: World, request: Request) -> Answer:
    """Tell the account's regions, as its data plane does before any token is looked at for its documents."""
    account, region = at_host(world, request.params["account"])
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


def at_host(world: World, name: str) -> tuple[Json | None, str]:
    """Return the account of a host, and the region that answers there: a named one, else the write region."""
    for account in world.of_type(regions.ACCOUNT):
        if account["properties"].get("provisioningState") == "Creating":
            continue
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
    account, _ = at_host(world, endpoint.removesuffix(".documents.azure.com"))
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
        rows.append(restorable_shown(world, account, request.params["subscription"]))
    return Answer(200, {"value": rows})


def restorable_shown(world: World, account: Json, subscription: str) -> Json:
    """Return an account as the list of what can be restored shows it."""
    backup = account["properties"].get("backupPolicy") or {}
    home = region_name(account["location"])
    days = 7 if (backup.get("continuousModeProperties") or {}).get("tier") == "Continuous7Days" else 30
    instance, created = account["properties"]["instanceId"], account["systemData"]["createdAt"]
    place = f"/subscriptions/{subscription}/providers/Microsoft.DocumentDB/locations/{home}"
    return {
        "id": f"{place}/restorableDatabaseAccounts/{instance}",
        "name": instance,
        "type": "Microsoft.DocumentDB/locations/restorableDatabaseAccounts",
        "location": account["location"],
        "properties": {
            "accountName": account["name"],
            "apiType": "Sql",
            "creationTime": created,
            # Both are written alike, so that the later of them is the greater text.
            "oldestRestorableTime": max(iso(world.now - days * DAY), created),
            "restorableLocations": [
                {"locationName": policy["locationName"], "creationTime": created}
                for policy in regions.policies(account)
            ],
        },
    }
