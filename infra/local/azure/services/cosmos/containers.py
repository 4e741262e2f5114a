"""The calls of Microsoft.DocumentDB on SQL databases and containers: throughput and backup information."""

from datetime import UTC, datetime

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.cosmos import data, regions
from infra.local.azure.services.cosmos.accounts import ACCOUNT, account_of, bad_request, refuse_while_busy

DATABASES = ACCOUNT + "/sqlDatabases"
DATABASE = DATABASES + "/{database}"
CONTAINERS = DATABASE + "/containers"
CONTAINER = CONTAINERS + "/{container}"
MANUAL_STEP, MANUAL_LEAST = 100, 400
AUTOSCALE_STEP = 1000
LARGEST = 1_000_000
service = Service("cosmos_containers")


def below(request: Request, account: Json) -> str:
    """Return the id of what stands below the account, without an action at its end."""
    parts = [account["id"], "sqlDatabases", request.params["database"]]
    if "container" in request.params:
        parts += ["containers", request.params["container"]]
    return "/".join(parts)


@service.arm("GET", DATABASES)
def list_databases(world: World, request: Request) -> Answer:
    account = account_of(world, request)
    kind = f"{regions.ACCOUNT}/sqlDatabases"
    return Answer(200, {"value": world.of_type(kind, account["id"] + "/")})


@service.arm("GET", DATABASE)
@service.arm("GET", CONTAINER)
def get(world: World, request: Request) -> Answer:
    return Answer(200, world.resource(below(request, account_of(world, request))))


@service.arm("GET", CONTAINERS)
def list_containers(world: World, request: Request) -> Answer:
    database = world.resource(below(request, account_of(world, request)))
    kind = f"{regions.ACCOUNT}/sqlDatabases/containers"
    return Answer(200, {"value": world.of_type(kind, database["id"] + "/")})


def _settings(world: World, request: Request) -> tuple[Json, Json]:
    account = account_of(world, request)
    owner = world.resource(below(request, account))
    found = world.resources.get(f"{owner['id']}/throughputSettings/default")
    if found is None:
        message = f"The throughput of '{owner['name']}' is not set: it shares that of its database."
        raise ArmError(404, "NotFound", message)
    return account, found


def shown(settings: Json) -> Json:
    """Return throughput as Azure shows it: with what is least, and what comes at once."""
    offer = dict(settings["properties"]["resource"])
    most = (offer.get("autoscaleSettings") or {}).get("maxThroughput")
    least = max(AUTOSCALE_STEP, int(most) // 10) if most else MANUAL_LEAST
    offer |= {"minimumThroughput": str(least), "instantMaximumThroughput": "10000"}
    return {**settings, "properties": {**settings["properties"], "resource": offer}}


@service.arm("GET", DATABASE + "/throughputSettings/default")
@service.arm("GET", CONTAINER + "/throughputSettings/default")
def get_throughput(world: World, request: Request) -> Answer:
    return Answer(200, shown(_settings(world, request)[1]))


@service.arm("PUT", DATABASE + "/throughputSettings/default", survives_outage=True)
@service.arm("PUT", CONTAINER + "/throughputSettings/default", survives_outage=True)
def put_throughput(world: World, request: Request) -> Answer:
    """Begin a change of throughput; from manual to autoscale and back there are calls of their own."""
    account, settings = _settings(world, request)
    wanted: Json = (request.json.get("properties") or {}).get("resource") or {}
    auto: Json | None = wanted.get("autoscaleSettings")
    manual = wanted.get("throughput")
    is_auto = "autoscaleSettings" in settings["properties"]["resource"]
    if (auto is None) == (manual is None):
        raise bad_request("Exactly one of throughput and autoscaleSettings must be given.")
    if (auto is not None) != is_auto:
        raise bad_request(
            f"The offer is {'autoscale' if is_auto else 'manual'}: migrate it by migrateToAutoscale or "
            "migrateToManualThroughput before."
        )
    if auto is not None:
        most = _valid(auto.get("maxThroughput"), AUTOSCALE_STEP, AUTOSCALE_STEP)
        return _begin(world, request, account, settings, _autoscale(most))
    return _begin(
        world, request, account, settings, {"throughput": _valid(manual, MANUAL_STEP, MANUAL_LEAST)}
    )


def _autoscale(most: int) -> Json:
    return {"autoscaleSettings": {"maxThroughput": most}, "throughput": most // 10}


def _valid(value: object, step: int, least: int) -> int:
    if not isinstance(value, int) or value % step or not least <= value <= LARGEST:
        raise ArmError(
            400,
            "InvalidInput",
            f"The offer throughput {value} is not valid: it must be a multiple of {step} between {least} "
            f"and {LARGEST}.",
        )
    return value


@service.arm("POST", DATABASE + "/throughputSettings/default/migrateToAutoscale", survives_outage=True)
@service.arm("POST", CONTAINER + "/throughputSettings/default/migrateToAutoscale", survives_outage=True)
def to_autoscale(world: World, request: Request) -> Answer:
    account, settings = _settings(world, request)
    offer = settings["properties"]["resource"]
    if "autoscaleSettings" in offer:
        raise bad_request("The offer is autoscale already.")
    most = max(4000, -(-int(offer["throughput"]) // AUTOSCALE_STEP) * AUTOSCALE_STEP)
    return _begin(world, request, account, settings, _autoscale(most))


@service.arm("POST", DATABASE + "/throughputSettings/default/migrateToManualThroughput", survives_outage=True)
@service.arm(
    "POST", CONTAINER + "/throughputSettings/default/migrateToManualThroughput", survives_outage=True
)
def to_manual(world: World, request: Request) -> Answer:
    account, settings = _settings(world, request)
    offer = settings["properties"]["resource"]
    if "autoscaleSettings" not in offer:
        raise bad_request("The offer is manual already.")
    return _begin(
        world, request, account, settings, {"throughput": offer["autoscaleSettings"]["maxThroughput"]}
    )


def _begin(world: World, request: Request, account: Json, settings: Json, offer: Json) -> Answer:
    refuse_while_busy(world, account)
    if world.operations.running(settings["id"]) is not None:
        raise ArmError(
            412,
            "PreconditionFailed",
            "There is another user operation in progress which requires an exclusive lock.",
        )
    arguments: Json = {"settings": settings["id"], "offer": offer}
    operation = world.operations.begin(
        settings["id"], "cosmos.throughput", arguments, seconds=durations.COSMOS_THROUGHPUT
    )
    return accepted(request, operation)


@service.effect("cosmos.throughput")
def changed(world: World, args: Json) -> Json:
    settings = world.resource(args["settings"])
    settings["properties"]["resource"] = args["offer"]
    return shown(world.put_resource(settings))


@service.arm("POST", CONTAINER + "/retrieveContinuousBackupInformation", reads=True)
def backup_information(world: World, request: Request) -> Answer:
    """Begin to find out until when a container can be restored in a region."""
    account = account_of(world, request)
    container = world.resource(below(request, account))
    region = str(request.json.get("location", "")).replace(" ", "").lower()
    if region not in regions.order(account):
        raise bad_request(f"The region '{request.json.get('location')}' does not belong to the account.")
    arguments: Json = {"account": account["id"], "region": region}
    operation = world.operations.begin(
        f"{container['id']}/backup", "cosmos.backup", arguments, seconds=durations.COSMOS_THROUGHPUT
    )
    return accepted(request, operation)


@service.effect("cosmos.backup")
def told_backup(world: World, args: Json) -> Json:
    kept = data.state(world, world.resource(args["account"]))
    latest = kept["replicas"].get(args["region"], {"at": world.now})["at"]
    stamp = datetime.fromtimestamp(latest, UTC).strftime("%m/%d/%Y %I:%M:%S %p")
    return {
        "continuousBackupInformation": {"latestRestorableTimestamp": stamp},
        "checkedAt": iso(world.now),
    }
