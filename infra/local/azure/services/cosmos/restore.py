"""Continuous backup of Cosmos DB: what can be restored, into a new account or, when it was deleted, in place."""

from datetime import datetime

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError, OperationFailed
from infra.local.azure.core.http import Answer, Later, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services import generic
from infra.local.azure.services.cosmos import accounts, containers, history, regions
from infra.local.azure.services.cosmos.accounts import ACCOUNT, DAY, bad_request, refuse_while_busy
from infra.local.azure.services.cosmos.containers import CONTAINER
from infra.local.azure.services.generic import SUBSCRIPTION, group_of

RESTORABLE = (
    SUBSCRIPTION
    + "/providers/Microsoft.DocumentDB/locations/{location}/restorableDatabaseAccounts/{instance}"
)
service = Service("cosmos_restore")


def _source(world: World, instance: str) -> Json:
    for account in world.of_type(regions.ACCOUNT):
        if account["properties"].get("instanceId") == instance:
            return account
    raise ArmError(404, "NotFound", f"The restorable account {instance} was not found.")


def oldest(world: World, account: Json) -> float:
    """Return since when an account can be restored, in seconds since 1970."""
    backup = account["properties"].get("backupPolicy") or {}
    days = 7 if (backup.get("continuousModeProperties") or {}).get("tier") == "Continuous7Days" else 30
    return max(world.now - days * DAY, moment(account["systemData"]["createdAt"]))


def moment(text: object) -> float:
    """Read a time of a request; 400 for what is none."""
    try:
        return datetime.fromisoformat(str(text).replace("0Z", "Z")).timestamp()
    except ValueError as error:
        raise bad_request(f"The restore timestamp '{text}' is not a valid time.") from error


def _valid_moment(world: World, account: Json, text: object) -> float:
    at = moment(text)
    if (account["properties"].get("backupPolicy") or {}).get("type") != "Continuous":
        raise bad_request("The account has no continuous backup, so it cannot be restored.")
    if not oldest(world, account) <= at <= world.now:
        raise bad_request(
            f"The restore timestamp {iso(at)} is not between the oldest restorable time "
            f"{iso(oldest(world, account))} and now."
        )
    return at


@service.arm("GET", RESTORABLE)
def restorable_account(world: World, request: Request) -> Answer:
    account = _source(world, request.params["instance"])
    return Answer(200, accounts.restorable_shown(world, account, request.params["subscription"]))


@service.arm("GET", RESTORABLE + "/restorableSqlResources")
def restorable_resources(world: World, request: Request) -> Answer:
    """List what a restore of the account to a moment would bring: databases with their containers."""
    account = _source(world, request.params["instance"])
    at = _valid_moment(world, account, request.query.get("restoretimestampinutc", iso(world.now)))
    found: dict[str, list[str]] = {}
    for database, container in history.there_at(world, account, at):
        found.setdefault(database, []).append(container)
    rows = [
        {
            "id": f"{request.path}/{name}",
            "name": name,
            "type": "Microsoft.DocumentDB/locations/restorableDatabaseAccounts/restorableSqlResources",
            "databaseName": name,
            "collectionNames": sorted(names),
        }
        for name, names in found.items()
    ]
    return Answer(200, {"value": rows})


@service.arm("GET", RESTORABLE + "/restorableSqlDatabases")
def restorable_databases(world: World, request: Request) -> Answer:
    account = _source(world, request.params["instance"])
    rows = [
        _event(
            request,
            f"{account['name']}-{row['name']}",
            "Create",
            row["name"],
            account["systemData"]["createdAt"],
        )
        for row in world.of_type(f"{regions.ACCOUNT}/sqlDatabases", account["id"] + "/")
    ]
    return Answer(200, {"value": rows})


@service.arm("GET", RESTORABLE + "/restorableSqlContainers")
def restorable_containers(world: World, request: Request) -> Answer:
    """List how containers came and went: one event each."""
    account = _source(world, request.params["instance"])
    rows: list[Json] = []
    for _, name in history.there_at(world, account, world.now):
        rows.append(
            _event(request, f"{account['name']}-{name}", "Create", name, account["systemData"]["createdAt"])
        )
    rows += [
        _event(request, f"{account['name']}-{gone['name']}", "Delete", gone["name"], iso(gone["at"]))
        for gone in history.deleted(world, account)
    ]
    return Answer(200, {"value": rows})


def _event(request: Request, rid: str, what: str, name: str, at: str) -> Json:
    kind = "Microsoft.DocumentDB/locations/restorableDatabaseAccounts/" + request.path.rsplit("/", 1)[-1]
    resource = {
        "ownerResourceId": name,
        "ownerId": name,
        "operationType": what,
        "eventTimestamp": at,
        "_rid": rid,
    }
    return {
        "id": f"{request.path}/{rid}-{what}",
        "name": rid,
        "type": kind,
        "properties": {"resource": resource},
    }


@service.arm("PUT", ACCOUNT, survives_outage=True)
def put_account(world: World, request: Request) -> Answer | Later:
    """Change an account that is there; begin the restore of one that is not."""
    group = group_of(world, request)
    account_id = f"{group['id']}{accounts.PROVIDER}/{request.params['account']}"
    properties: Json = request.json.get("properties") or {}
    if world.resources.peek(account_id) is not None:
        return accounts.update(world, request)
    if properties.get("createMode") != "Restore":
        raise bad_request("Only accounts that are restored (createMode Restore) are made here.")
    wanted: Json = properties.get("restoreParameters") or {}
    source = _source(world, str(wanted.get("restoreSource", "")).rsplit("/", 1)[-1])
    at = _valid_moment(world, source, wanted.get("restoreTimestampInUtc"))
    places: list[Json] = properties.get("locations") or []
    location = str(request.json.get("location") or "")
    if len(places) != 1 or region_name(places[0]["locationName"]) != region_name(location):
        raise bad_request("A restore takes one region, the location of the account; add others afterwards.")
    if region_name(location) not in regions.order(source):
        raise bad_request(f"The backup of '{source['name']}' is not in the region '{location}'.")
    if not world.region_up(region_name(location)):
        raise ArmError(503, "ServiceUnavailable", f"The region {location} is not available.")
    name = request.params["account"]
    kept = ("consistencyPolicy", "databaseAccountOfferType", "disableLocalAuth", "publicNetworkAccess")
    account: Json = {
        "id": account_id,
        "name": name,
        "type": regions.ACCOUNT,
        "location": location,
        "kind": "GlobalDocumentDB",
        "tags": request.json.get("tags") or {},
        "systemData": {"createdAt": iso(world.now)},
        "properties": {
            **{key: source["properties"][key] for key in kept if key in source["properties"]},
            "provisioningState": "Creating",
            "documentEndpoint": f"https://{name}.documents.azure.com:443/",
            "enableAutomaticFailover": False,
            "enableMultipleWriteLocations": False,
            "instanceId": world.new_id(),
            "backupPolicy": source["properties"]["backupPolicy"],
            "createMode": "Restore",
            "restoreParameters": wanted,
            "failoverPolicies": [
                {"id": f"{name}-{region_name(location)}", "locationName": location, "failoverPriority": 0}
            ],
        },
    }
    world.put_resource(account)
    only = wanted.get("databasesToRestore") or []
    chosen = {one["databaseName"]: one.get("collectionNames") or [] for one in only}
    arguments: Json = {"account": account_id, "source": source["id"], "at": at, "only": chosen}
    operation = world.operations.begin(
        account_id, "cosmos.restore", arguments, seconds=durations.COSMOS_RESTORE, busy="Creating"
    )
    return accepted(request, operation, status=200, body=regions.shown(world, world.resource(account_id)))


@service.effect("cosmos.restore")
def restored(world: World, args: Json) -> None:
    account, source = world.resource(args["account"]), world.resource(args["source"])
    if not world.region_up(regions.write_region(account)):
        raise OperationFailed("ServiceUnavailable", "The region of the restore became unavailable.")
    history.copy(world, source, account, args["at"], args["only"])


@service.failure("cosmos.restore")
def not_restored(world: World, args: Json) -> None:
    """Leave nothing of an account whose restore failed, so that it can be begun again under its name."""
    world.resources.delete(args["account"])


@service.arm("DELETE", CONTAINER)
def delete_container(world: World, request: Request) -> Answer:
    account = accounts.account_of(world, request)
    where = containers.below(request, account)
    if world.resources.peek(where) is None:
        return Answer(204)
    refuse_while_busy(world, account)
    operation = world.operations.begin(
        where, "cosmos.container_gone", {"container": where}, seconds=durations.COSMOS_DELETE_CONTAINER
    )
    return accepted(request, operation)


@service.effect("cosmos.container_gone")
def container_gone(world: World, args: Json) -> None:
    history.delete_container(world, args["container"])


@service.arm("PUT", CONTAINER)
def put_container(world: World, request: Request) -> Answer | Later:
    """Create a container; or, in create mode Restore, bring back the one that was deleted from this account."""
    account = accounts.account_of(world, request)
    where = containers.below(request, account)
    wanted: Json = (request.json.get("properties") or {}).get("resource") or {}
    if str(wanted.get("createMode", "")).lower() != "restore":
        return generic.put(world, request)
    refuse_while_busy(world, account)
    if world.operations.running(where) is not None:
        message = "There is already an operation in progress which requires exclusive lock on this container."
        raise ArmError(412, "PreconditionFailed", message)
    if world.resources.peek(where) is not None:
        raise bad_request(
            f"The container '{wanted.get('id')}' exists: only a deleted one is restored in place."
        )
    parameters: Json = wanted.get("restoreParameters") or {}
    if str(parameters.get("restoreSource", "")).rsplit("/", 1)[-1] != account["properties"]["instanceId"]:
        raise bad_request("A container is restored in place only from the backup of its own account.")
    at = _valid_moment(world, account, parameters.get("restoreTimestampInUtc"))
    name = request.params["container"]
    if not any(gone["name"] == name and at < gone["at"] for gone in history.deleted(world, account)):
        raise bad_request(f"No container '{name}' that was deleted after {iso(at)} can be restored.")
    arguments: Json = {"account": account["id"], "container": where, "at": at}
    operation = world.operations.begin(
        where, "cosmos.restore_container", arguments, seconds=durations.COSMOS_RESTORE_CONTAINER
    )
    return accepted(request, operation)


@service.effect("cosmos.restore_container")
def container_restored(world: World, args: Json) -> None:
    history.bring_back(world, world.resource(args["account"]), args["container"], args["at"])
