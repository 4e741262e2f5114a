"""The calls of Microsoft.Storage on accounts, geo-replication and its failover."""

from collections.abc import Mapping

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.envelope import shaped
from infra.local.azure.core.errors import ArmError, OperationFailed, Unreachable
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.blobs.store import lose_unsynced
from infra.local.azure.services.dependencies import dependency, host_of
from infra.local.azure.services.generic import GROUP, SUBSCRIPTION, group_of, merged

PROVIDER = "/providers/Microsoft.Storage/storageAccounts"
ACCOUNT = GROUP + PROVIDER + "/{account}"
KIND = "Microsoft.Storage/storageAccounts"
service = Service("storage")


def account_of(world: World, request: Request) -> Json:
    group = group_of(world, request)
    return world.resource(f"{group['id']}{PROVIDER}/{request.params['account']}")


def _geo(account: Json) -> bool:
    name = str((account.get("sku") or {}).get("name"))
    return "GRS" in name or "GZRS" in name


def region_at(world: World, host: str) -> tuple[Json, str]:
    """Return account and region behind a host such as `name.blob.core.windows.net` or `name-secondary...`."""
    label = host.split(".", maxsplit=1)[0].lower()
    for account in world.of_type(KIND):
        properties = account["properties"]
        if label == account["name"].lower():
            return account, properties["primaryLocation"]
        if label == f"{account['name']}-secondary".lower() and account["sku"]["name"].startswith(
            "Standard_RA"
        ):
            return account, properties["secondaryLocation"]
    raise Unreachable(host)


@service.every(10)
def replicate(world: World) -> None:
    """Move `lastSyncTime` on while both regions are there."""
    for account in world.of_type(KIND):
        properties = account["properties"]
        if _geo(account) and all(
            world.region_up(properties[f"{role}Location"]) for role in ("primary", "secondary")
        ):
            kept = world.table("storage").peek(account["name"]) or {}
            if world.now >= kept.get("bootstrap_until", 0.0):
                synced = world.now - durations.STORAGE_REPLICATION_LAG
                world.table("storage").put(account["name"], {"synced": synced})


def _bootstrapping(world: World, account: Json) -> bool:
    """Whether the first copy of everything to the other region is still being made."""
    return world.now < (world.table("storage").peek(account["name"]) or {}).get("bootstrap_until", 0.0)


def _shown(world: World, account: Json, *, geo: bool) -> Json:
    properties = dict(account["properties"])
    name = account["name"]
    up = {role: world.region_up(properties.get(f"{role}Location", "")) for role in ("primary", "secondary")}
    properties["statusOfPrimary"] = "available" if up["primary"] else "unavailable"
    properties["primaryEndpoints"] = {
        kind: f"https://{name}.{kind}.core.windows.net/" for kind in ("blob", "dfs")
    }
    if _geo(account):
        properties["statusOfSecondary"] = "available" if up["secondary"] else "unavailable"
        properties["secondaryEndpoints"] = {
            kind: f"https://{name}-secondary.{kind}.core.windows.net/" for kind in ("blob", "dfs")
        }
    if geo and _geo(account):
        kept = world.table("storage").peek(name) or {"synced": world.now - durations.STORAGE_REPLICATION_LAG}
        busy = world.operations.running(account["id"]) is not None
        first = _bootstrapping(world, account)
        properties["failoverInProgress"] = True if busy else None
        properties["geoReplicationStats"] = {
            "status": "Bootstrap" if first else "Live" if all(up.values()) else "Unavailable",
            "lastSyncTime": None if first else iso(kept["synced"]),
            "canFailover": up["secondary"] and not busy and not first,
            "canPlannedFailover": all(up.values()) and not busy and not first,
        }
    return {**account, "properties": properties}


@service.arm("GET", SUBSCRIPTION + PROVIDER)
@service.arm("GET", GROUP + PROVIDER)
def list_accounts(world: World, request: Request) -> Answer:
    scope = request.path.lower().split("/providers/")[0] + "/"
    return Answer(200, {"value": [_shown(world, one, geo=False) for one in world.of_type(KIND, scope)]})


@service.arm("GET", ACCOUNT)
def get(world: World, request: Request) -> Answer:
    expand = request.query.get("$expand", "").lower()
    account = account_of(world, request)
    shown = _shown(world, account, geo="georeplicationstats" in expand)
    restore = world.table("storage restore").peek(account["name"])
    if "blobrestorestatus" in expand and restore is not None:
        shown["properties"]["blobRestoreStatus"] = restore
    return Answer(200, shown)


@service.arm("PUT", ACCOUNT)
def put(world: World, request: Request) -> Answer:
    """Create an account, or change one that is there as a PATCH does."""
    group = group_of(world, request)
    account_id = f"{group['id']}{PROVIDER}/{request.params['account']}"
    if world.resources.peek(account_id) is not None:
        return _changed(world, request)
    body = request.json
    shaped(body.get("sku"), {"name": str}, "sku")
    if not body.get("location") or not (body.get("sku") or {}).get("name"):
        raise ArmError(400, "InvalidRequestContent", "A storage account needs a location and a sku.")
    properties: Json = {
        **(body.get("properties") or {}),
        "provisioningState": "Succeeded",
        "creationTime": iso(world.now),
        "primaryLocation": region_name(body["location"]),
    }
    identity = {"id": account_id, "name": request.params["account"], "type": KIND}
    account = _paired(world, {**body, **identity, "properties": properties})
    return Answer(200, _shown(world, world.put_resource(account), geo=False))


@service.arm("PATCH", ACCOUNT)
def patch(world: World, request: Request) -> Answer:
    return _changed(world, request)


def _changed(world: World, request: Request) -> Answer:
    """Change sku, tags and properties at once; a new geo-redundant sku finds its paired region again."""
    account = account_of(world, request)
    _refuse_while_busy(world, account)
    owned = {"primaryLocation", "secondaryLocation", "provisioningState", "creationTime"}
    change = request.json
    change["properties"] = {
        key: value for key, value in (change.get("properties") or {}).items() if key not in owned
    }
    shaped(change.get("sku"), {"name": str}, "sku")
    changed = _paired(world, merged(account, change))
    if _geo(changed) and not _geo(account):
        kept = world.table("storage").peek(account["name"]) or {"synced": world.now}
        until = world.now + durations.STORAGE_BOOTSTRAP
        world.table("storage").put(account["name"], {**kept, "bootstrap_until": until})
    return Answer(200, _shown(world, world.put_resource(changed), geo=False))


def _paired(world: World, changed: Json) -> Json:
    """Return the account with the paired region that its sku asks for, or none."""
    properties = changed["properties"]
    if _geo(changed):
        pair = world.table("region").peek(properties["primaryLocation"]) or {"paired": "japanwest"}
        properties.setdefault("secondaryLocation", pair["paired"])
    else:
        properties.pop("secondaryLocation", None)
    return changed


def _refuse_while_busy(world: World, account: Json) -> None:
    if world.operations.running(account["id"]) is not None:
        message = (
            "An operation is currently performing on this storage account that requires exclusive access."
        )
        raise ArmError(409, "StorageAccountOperationInProgress", message)


@service.arm("POST", ACCOUNT + "/failover", survives_outage=True)
def fail_over(world: World, request: Request) -> Answer:
    """Begin a failover to the pair: unplanned it loses what was not synced, planned it needs both."""
    account = account_of(world, request)
    _refuse_while_busy(world, account)
    planned = request.query.get("failovertype", "").lower() == "planned"
    if not _geo(account):
        message = "Account failover is only supported for geo-redundant storage accounts."
        raise ArmError(400, "FailoverNotSupported", message)
    if _bootstrapping(world, account):
        message = f"'{account['name']}' is not yet copied to its secondary region: its status is Bootstrap."
        raise ArmError(409, "FailoverNotPossible", message)
    needed = ("primary", "secondary") if planned else ("secondary",)
    for role in needed:
        region = account["properties"][f"{role}Location"]
        if not world.region_up(region):
            message = (
                f"The {role} region {region} of '{account['name']}' is not available for this failover type."
            )
            raise ArmError(409, "FailoverNotPossible", message)
    arguments: Json = {"account": account["id"], "planned": planned}
    operation = world.operations.begin(
        account["id"], "storage.failover", arguments, seconds=durations.STORAGE_FAILOVER, failed="Succeeded"
    )
    return accepted(request, operation, location_only=True)


@service.effect("storage.failover")
def failed_over(world: World, args: Json) -> None:
    account = world.resource(args["account"])
    properties = account["properties"]
    source, target = properties["primaryLocation"], properties["secondaryLocation"]
    if not world.region_up(target) or (args["planned"] and not world.region_up(source)):
        raise OperationFailed("FailoverFailed", "A region that the failover needs became unavailable.")
    properties["primaryLocation"] = target
    if args["planned"]:
        properties["secondaryLocation"] = source
    else:
        synced = (world.table("storage").peek(account["name"]) or {"synced": world.now})["synced"]
        lose_unsynced(world, account["name"], synced)
        properties["lastGeoFailoverTime"] = iso(world.now)
        properties.pop("secondaryLocation")
        account["sku"]["name"] = "Standard_LRS"
        world.table("storage").put(account["name"], {"synced": synced})
    world.put_resource(account)


@dependency("blob")
def reachable(world: World, settings: Mapping[str, str]) -> str | None:
    """Whether an app with these settings can read its blobs now."""
    host = host_of(settings.get("BLOB_ENDPOINT", ""))
    try:
        account, region = region_at(world, host)
    except Unreachable:
        return f"no account at '{host}' (setting BLOB_ENDPOINT)"
    if world.faults.host_down(host):
        return f"{host} is down"
    return None if world.region_up(region) else f"the region {region} of {account['name']} is unreachable"
