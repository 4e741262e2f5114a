"""What goes wrong in services day by day: faults that show in health and telemetry until they are really cured.

kind                 target                                        details
`endpoint_down`      host, URL or container app (name, id)         cured_by: restart, flush, scale, nothing
`slow_responses`     tenant, `agent-service`, `inference` or `*`   factor (6), cured_by (scale)
`high_load`          container or container app (name, id)         load: percent of what it has now (96)
`noisy_neighbour`    tenant                                        factor (20): so much more than before
`boundary_violation` tenant whose users reach for another's data   cured_by: isolation, nothing
`storage_full`       storage account                               percent (92) of its planned size
`training_failures`  machine learning workspace                    per_hour (12), cured_by: scale, nothing
`security_alert`     resource id or name of what is attacked       message: breach, credentials, malware, ddos
`cost_spike`         subscription or service                       factor (1.8)
"""

from collections.abc import Callable

from infra.local.azure import contoso
from infra.local.azure.core.errors import ArmError, Unreachable
from infra.local.azure.core.faults import host_of
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services import apps_reached
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.health import CLIENT
from infra.local.azure.services.network import names
from infra.local.azure.services.security import defender
from infra.local.azure.services.telemetry import measures
from infra.local.azure.services.telemetry.notes import note, throughput
from infra.local.azure.services.telemetry.story import Story

CONTAINER = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"
WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
STORAGE = "Microsoft.Storage/storageAccounts"
ENOUGH = 80.0
"""Percent: a load that uses less than this of what there is has found enough."""
ATTACKS = {
    "breach": "Unusual amount of data read by one identity",
    "credentials": "Many failed sign-ins, then one that succeeded",
    "malware": "Malware found in a container image that runs",
    "ddos": "Traffic of a distributed denial of service",
}
service = Service("troubles")

type Cure = Callable[[World, Json], bool]


def _invalid(message: str) -> ArmError:
    return ArmError(400, "InvalidFault", message)


def _cured_by(fault: Json, *ways: str) -> str:
    """Return what cures a fault, the first way when it does not say."""
    way = str(fault.get("cured_by", ways[0]))
    if way not in ways:
        raise _invalid(f"cured_by must be one of {', '.join(ways)}")
    return way


def _named(world: World, kind: str, target: str) -> Json:
    """Return the resource of a type by its id or name."""
    for row in world.of_type(kind):
        if target.lower() in {row["id"].lower(), row["name"].lower()}:
            return row
    known = ", ".join(row["name"] for row in world.of_type(kind))
    raise _invalid(f"no {kind} '{target}'; known: {known}")


def _tenant(target: str) -> None:
    if target.lower() not in contoso.TENANTS:
        raise _invalid(f"no tenant '{target}'; known: {', '.join(contoso.TENANTS)}")


@service.fault("endpoint_down")
def endpoint_down(world: World, fault: Json) -> Json | None:
    """Without `cured_by` nothing answers at a host; with it, the app there answers 503 until it is cured."""
    if "cured_by" not in fault:
        return None
    _cured_by(fault, "restart", "flush", "scale", "nothing")
    app = _app_at(world, fault["target"])
    return {"app": app["id"], "replicas": model.ready_replicas(world, app)}


def _app_at(world: World, target: str) -> Json:
    for app in world.of_type(model.APP):
        if target.lower() in {app["id"].lower(), app["name"].lower()}:
            return app
    host = host_of(target)
    try:
        reply = apps_reached.reach(world, names.canonical_host(world, CLIENT, host) or host, host)
    except Unreachable as error:
        raise _invalid(f"nothing answers at {host}") from error
    if reply.app is None:
        raise _invalid(f"no container app answers at {host}")
    return reply.app


@service.fault("slow_responses")
def slow_responses(world: World, fault: Json) -> Json:
    """Requests of a tenant, of the agents or of the inference take longer."""
    target = fault["target"].lower()
    if target not in {*contoso.TENANTS, "agent-service", "inference", "*"}:
        raise _invalid("the target must be a tenant, agent-service, inference or *")
    apps = world.of_type(model.APP)
    return {
        "cured_by": _cured_by(
            fault, *(("nothing",) if target == "inference" else ()), "scale", "restart", "flush", "nothing"
        ),
        "app": apps[0]["id"] if apps and target != "inference" else "",
        "replicas": model.ready_replicas(world, apps[0]) if apps else 0,
    }


@service.fault("high_load")
def high_load(world: World, fault: Json) -> Json:
    """A container or an app is asked for so much of what it has now; more of it is a smaller share."""
    load, target = float(fault.get("load", 96)), fault["target"]
    for app in world.of_type(model.APP):
        if target.lower() in {app["id"].lower(), app["name"].lower()}:
            return {"target": app["id"], "demand": load * model.ready_replicas(world, app)}
    container = _named(world, CONTAINER, target)
    settings = world.resource(f"{container['id']}/throughputSettings/default")
    return {"target": container["id"], "demand": load / 100 * throughput(settings)}


@service.fault("noisy_neighbour")
def noisy_neighbour(_world: World, fault: Json) -> None:
    _tenant(fault["target"])


@service.fault("boundary_violation")
def boundary_violation(_world: World, fault: Json) -> Json:
    _tenant(fault["target"])
    return {"cured_by": _cured_by(fault, "isolation", "nothing")}


@service.fault("storage_full")
def storage_full(world: World, fault: Json) -> Json:
    account = _named(world, STORAGE, fault["target"])
    return {"target": account["name"], "policy": _policy(world, account["name"])}


@service.fault("training_failures")
def training_failures(world: World, fault: Json) -> Json:
    workspace = _named(world, WORKSPACE, fault["target"])
    way = _cured_by(fault, "scale", "nothing")
    return {"target": workspace["name"], "cured_by": way, "nodes": _nodes(world, workspace)}


@service.fault("security_alert")
def security_alert(world: World, fault: Json) -> Json:
    """Defender for Cloud sees an attack, and Sentinel what it says; over when somebody closes the alert."""
    kind = str(fault.get("message", "breach"))
    if kind not in ATTACKS:
        raise _invalid(f"message must be one of {', '.join(ATTACKS)}")
    target = fault["target"]
    found = next(
        (row["id"] for _, row in world.resources.rows() if row["name"].lower() == target.lower()), target
    )
    return {"alert": defender.raise_alert(world, f"Sim_{kind}", ATTACKS[kind], found), "message": kind}


@service.fault("cost_spike")
def cost_spike(_world: World, _fault: Json) -> None:
    """What is spent today is so much more than on other days."""


@service.every(5)
def cure(world: World) -> None:
    """End what has been cured."""
    for fault in world.faults.active(*_CURES):
        if _CURES[fault["kind"]](world, fault):
            world.faults.over(fault)


def isolated(world: World, tenant: str) -> None:
    """Say that a tenant is cut off: for whatever service of this world does that."""
    note(world, f"isolated {tenant}", world.now)


def _by_app(world: World, fault: Json) -> bool:
    """Restarted: only replicas serve that are younger than the fault. Scaled: more of them serve than then."""
    way, app = fault.get("cured_by"), world.resources.peek(fault.get("app") or "-")
    if way == "flush":
        return any((row["flushes"] or [0])[-1] >= fault["started"] for _, row in world.table("redis").rows())
    if app is None or way not in {"restart", "scale"}:
        return False
    if way == "scale":
        return model.ready_replicas(world, app) > fault["replicas"]
    running = [
        replica
        for revision in model.revisions(world, app["id"])
        if revision["properties"]["active"] and revision["properties"]["trafficWeight"] > 0
        for replica in model.replicas(world, revision["id"])
    ]
    return (
        bool(running)
        and all(one["created"] > fault["started"] for one in running)
        and model.ready_replicas(world, app) > 0
    )


def _by_capacity(world: World, fault: Json) -> bool:
    """As much is there now as is asked for."""
    app = world.resources.peek(fault["target"])
    if app is None:
        return True
    if app["type"] == model.APP:
        replicas = model.ready_replicas(world, app)
        return replicas > 0 and fault["demand"] / replicas < ENOUGH
    return measures.utilisation(Story(world), fault["target"], world.now, fresh=True) < ENOUGH


def _by_isolation(world: World, fault: Json) -> bool:
    kept = world.table("note").peek(f"isolated {fault['target'].lower()}") or {"changes": [[0.0, 0.0]]}
    return fault["cured_by"] == "isolation" and kept["changes"][-1][0] >= fault["started"]


def _policy(world: World, account: str) -> object:
    """Return what the account's lifecycle policy says now: a new one tiers or deletes what is old."""
    row = _named(world, STORAGE, account)
    policy = world.resources.peek(f"{row['id']}/managementPolicies/default")
    return None if policy is None else policy["properties"].get("policy")


def _by_policy(world: World, fault: Json) -> bool:
    policy = _policy(world, fault["target"])
    return policy is not None and policy != fault["policy"]


def _nodes(world: World, workspace: Json) -> int:
    rows = (row for _, row in world.resources.rows(f"{workspace['id']}/computes/"))
    return sum(int(row["properties"]["properties"]["scaleSettings"].get("maxNodeCount", 0)) for row in rows)


def _by_nodes(world: World, fault: Json) -> bool:
    return (
        fault["cured_by"] == "scale"
        and _nodes(world, _named(world, WORKSPACE, fault["target"])) > fault["nodes"]
    )


def _by_closing(world: World, fault: Json) -> bool:
    row = world.table(defender.ALERTS).peek(fault["alert"])
    return row is None or row["properties"]["status"] in {"Resolved", "Dismissed"}


_CURES: dict[str, Cure] = {
    "endpoint_down": _by_app,
    "slow_responses": _by_app,
    "high_load": _by_capacity,
    "boundary_violation": _by_isolation,
    "storage_full": _by_policy,
    "training_failures": _by_nodes,
    "security_alert": _by_closing,
}
