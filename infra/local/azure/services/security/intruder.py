"""The fault `leaked_credential`: somebody who reads, serves and changes things, for as long as a way in is open.

`{"kind": "leaked_credential", "target": "*"}` is a whole breach; with `credential` (one of `WAYS`) and a target
(the name of an account, app or user) it is that one way in. `GET /_sim/world` tells under `intruder` what is
still possible and how much was taken.
"""

from collections.abc import Callable
from typing import Any

from infra.local.azure import contoso
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.key_vault import state
from infra.local.azure.services.security import (
    activity_log,
    authorization,
    defender,
    facts,
    graph,
    keys,
    network_groups,
    storage_keys,
)

TABLE = "intruder"
DOCUMENTS_PER_SECOND = 20
PROXY = {"name": "HTTPS_PROXY", "value": "http://198.51.100.23:3128"}
SIGNING_KEY = "tenant-signing-key"
KINDS = {
    "cosmos_key": keys.COSMOS,
    "search_key": keys.SEARCH,
    "storage_key": keys.STORAGE,
    "openai_key": keys.OPENAI,
}
# Way in -> what it is about when the whole estate was broken into.
WAYS = {
    "session": "frank@contoso.com",
    "role_assignment": facts.ROGUE_IDENTITY,
    "cosmos_key": "cosmos-fas-prod",
    "search_key": "srch-fas-japaneast",
    "storage_key": "stfasprod",
    "openai_key": "aoai-prod-eus2-ai-01",
    "delegation": "stfasprod",
    "signing_key": "kv-fas-japaneast",
    "image": "ca-agent-service",
}
TITLES = {
    "session": ("Identity_AtypicalTravel", "Sign-in from an unfamiliar place"),
    "role_assignment": ("ARM_AnomalousRBACRoleAssignment", "Suspicious role assignment"),
    "cosmos_key": ("CosmosDB_DataExfiltrationAnomaly", "Unusual volume of data extracted from Cosmos DB"),
    "search_key": ("Search_UnusualAccess", "Unusual volume of data read from a search service"),
    "storage_key": ("Storage.Blob_DataExfiltration.AmountOfDataAnomaly", "Unusual amount of data extracted"),
    "openai_key": ("AI.Azure_AccessFromSuspiciousIP", "Access to a model from a suspicious address"),
    "delegation": (
        "Storage.Blob_AccountSas.UnusualExternalAccess",
        "Access with a signed address from outside",
    ),
    "signing_key": ("KV_SuspiciousPolicyChange", "A secret was replaced by an unusual user"),
    "image": ("K8S.NODE_ReverseShell", "A container connects to a suspicious address"),
}
service = Service("intruder")


@service.fault("leaked_credential")
def leak(world: World, fault: Json) -> Json:
    """Let the intruder in, by one way or by all of them."""
    way = fault.get("credential")
    if way is not None and way not in WAYS:
        raise ArmError(400, "InvalidFault", f"unknown credential '{way}'; known: {', '.join(WAYS)}")
    ways = {way: fault["target"]} if way else WAYS
    rows: list[Json] = []
    for name, target in ways.items():
        row = _MAKERS[name](world, str(target))
        if row is None:
            raise ArmError(400, "InvalidFault", f"there is no {name} of '{target}'")
        kind, title = TITLES[name]
        resource = str(row.pop("resource", ""))
        alert = defender.raise_alert(world, kind, title, resource, user=str(target))
        rows.append({"way": name, "target": target, "alert": alert, **row})
    world.table(TABLE).put(fault["id"], {"ways": rows, "taken": {}, "read_at": None, "since": world.now})
    return {"credential": way or "all"}


def _named(world: World, kind: str, name: str) -> Json | None:
    return next((one for one in world.of_type(kind) if one["name"].lower() == name.lower()), None)


def _key(kind: str) -> Callable[[World, str], Json | None]:
    def make(world: World, target: str) -> Json | None:
        account = _named(world, kind, target)
        if account is None:
            return None
        return {"key": next(iter(keys.of(world, kind, account["name"]).values())), "resource": account["id"]}

    return make


def _session(world: World, target: str) -> Json | None:
    found = next(
        (row for _, row in world.table(graph.TABLE).rows() if row["userPrincipalName"] == target), None
    )
    return None if found is None else {"user": found["id"], "issued": world.now}


def _rogue(world: World, target: str) -> Json:
    """A service principal of the intruder's own, with a role that the compromised user gave it."""
    group = contoso.group_id(contoso.EAST)
    authorization.assign(
        world, target, "ServicePrincipal", "Contributor", group, at=world.now, by=facts.FRANK
    )
    operation = "Microsoft.Authorization/roleAssignments/write"
    activity_log.note(world, "frank@contoso.com", operation, group)
    return {"principal": target, "resource": group}


def _delegation(world: World, target: str) -> Json | None:
    account = _named(world, keys.STORAGE, target)
    return None if account is None else {"issued": world.now, "resource": account["id"]}


def _signing_key(world: World, target: str) -> Json | None:
    vault = _named(world, "Microsoft.KeyVault/vaults", target)
    if vault is None or state.row_of(world, target, SIGNING_KEY) is None:
        return None
    row = state.add_version(world, target, SIGNING_KEY, {"value": f"forged-{world.new_id()}"})
    return {"version": row["versions"][-1]["version"], "resource": vault["id"]}


def _image(world: World, target: str) -> Json | None:
    """Through the hole in its image, a running app sends what it sees through a proxy of the intruder's."""
    app = _named(world, model.APP, target)
    if app is None or not defender.runs_vulnerable(world, app):
        return None
    changed = world.resource(app["id"])
    container = changed["properties"]["template"]["containers"][0]
    container["env"] = [*(container.get("env") or []), PROXY]
    world.put_resource(changed)
    model.provision(world, app["id"], starting=0)
    activity_log.note(world, facts.ROGUE_IDENTITY, "Microsoft.App/containerApps/write", app["id"])
    return {"app": app["id"], "resource": app["id"]}


_MAKERS: dict[str, Callable[[World, str], Any]] = {
    "session": _session,
    "role_assignment": _rogue,
    **{way: _key(kind) for way, kind in KINDS.items()},
    "delegation": _delegation,
    "signing_key": _signing_key,
    "image": _image,
}


def _open(world: World, row: Json) -> list[str]:
    """Return what the intruder can still do by a way in."""
    way, target = row["way"], row["target"]
    if way in KINDS:
        return [f"read {target} with its {way}"] if keys.works(world, KINDS[way], target, row["key"]) else []
    if way == "session":
        works = graph.session_works(world, row["user"], row["issued"])
        return [f"act as {target}"] if works else []
    if way == "role_assignment":
        return [f"act as the service principal {target}"] if authorization.held(world, target) else []
    if way == "delegation":
        works = storage_keys.delegation_works(world, target, row["issued"])
        return [f"read {target} with a signed address"] if works else []
    if way == "signing_key":
        found = state.row_of(world, target, SIGNING_KEY)
        now = found["versions"][-1]["version"] if found else ""
        return ["sign tokens of any tenant"] if now == row["version"] else []
    return _from_inside(world, row)


def _from_inside(world: World, row: Json) -> list[str]:
    """From inside the app, through its hole or through the proxy that was set."""
    app = world.resources.peek(row["app"])
    if app is None:
        return []
    environment = world.resource(app["properties"]["managedEnvironmentId"])
    holes = [one for one in _held(world, app) if model.replicas(world, one["id"])]
    can: list[str] = []
    if holes and network_groups.allows(world, environment, "Outbound"):
        can.append(f"send out what {app['name']} sees")
    ingress = (app["properties"].get("configuration") or {}).get("ingress")
    serving = [one for one in holes if one["properties"]["trafficWeight"] > 0]
    if serving and ingress and network_groups.allows(world, environment, "Inbound"):
        can.append(f"serve tenants from {app['name']}")
    return can


def _held(world: World, app: Json) -> list[Json]:
    """Return the active revisions that are the intruder's: by the image, or by the proxy."""
    holed = {one["id"] for one in defender.runs_vulnerable(world, app)}
    return [
        one
        for one in model.revisions(world, app["id"])
        if one["properties"]["active"]
        and (
            one["id"] in holed
            or any(
                PROXY in (container.get("env") or [])
                for container in one["properties"]["template"]["containers"]
            )
        )
    ]


def _breaches(world: World) -> list[tuple[str, Json]]:
    active = world.faults.active("leaked_credential")
    found = ((fault["id"], world.table(TABLE).get(fault["id"])) for fault in active)
    return [(name, row) for name, row in found if row is not None]


@service.every(1)
def read(world: World) -> None:
    """One second of the intruder: read by every way that is open, and use one way to open another again."""
    for name, breach in _breaches(world):
        ways = {row["way"]: bool(_open(world, row)) for row in breach["ways"]}
        _spread(world, breach, ways)
        before = dict(breach["taken"])
        for row in breach["ways"]:
            if ways[row["way"]]:
                defender.went_on(world, row["alert"])
                breach["taken"][row["way"]] = before.get(row["way"], 0) + DOCUMENTS_PER_SECOND
                breach["read_at"] = world.now
        if any(ways.values()):
            world.table(TABLE).put(name, breach)


def _spread(world: World, breach: Json, ways: dict[str, bool]) -> None:
    """Who may still act in Azure reads regenerated keys anew, and gives back a role that was taken away."""
    for row in breach["ways"]:
        if row["way"] in KINDS and ways.get("role_assignment"):
            row["key"] = next(iter(keys.of(world, KINDS[row["way"]], row["target"]).values()))
        if row["way"] == "role_assignment" and ways.get("session") and not ways["role_assignment"]:
            _rogue(world, row["principal"])


@service.truth("intruder")
def truth(world: World) -> object:
    """Tell what the intruder can do at this moment, what was taken so far, and when last."""
    rows = _breaches(world)
    taken: dict[str, int] = {}
    for _, breach in rows:
        for way, count in breach["taken"].items():
            taken[way] = taken.get(way, 0) + count
    last = [breach["read_at"] for _, breach in rows if breach["read_at"] is not None]
    can = sorted({one for _, breach in rows for row in breach["ways"] for one in _open(world, row)})
    return {
        "in": bool(rows),
        "can": can,
        "cured": bool(rows) and not can,
        "exfiltrated": sum(taken.values()),
        "by": taken,
        "last_at": iso(max(last)) if last else None,
    }
