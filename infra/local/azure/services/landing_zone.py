"""The landing zone's inference service behind its front door, what lies in its data lake, and the truth of both."""

import json
import math

from infra.local.azure import contoso, durations, landing_zone
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError, Unreachable
from infra.local.azure.core.http import Answer, Later, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services import apps_reached, data_lake
from infra.local.azure.services.blobs import store as blobs
from infra.local.azure.services.blobs.account import View
from infra.local.azure.services.blobs.reading import digest
from infra.local.azure.services.machine_learning import jobs
from infra.local.azure.services.network import names
from infra.local.azure.services.open_ai import inference

CLIENT, USER = "client", "landing-zone-user"
BACKUPS = "workspace-backup"
service = Service("landing_zone")


def region_at(world: World, fqdn: str) -> str | None:
    """Return the region of the inference cluster at an address while it is up; None where there is none."""
    region = next((one for one in landing_zone.GROUPS if landing_zone.gateway(one) == fqdn.lower()), None)
    if region is not None and (not world.region_up(region) or world.faults.host_down(fqdn)):
        raise Unreachable(fqdn)
    return region


def failing(world: World, region: str) -> dict[str, str]:
    """Return the models that the inference cluster of a region cannot use, each with its reason."""
    label = landing_zone.ACCOUNTS[region]
    found = {name: inference.answers(world, label, name) for name in landing_zone.DEPLOYMENTS}
    return {name: reason for name, reason in found.items() if reason is not None}


@apps_reached.answering
def answers_health(world: World, target: str) -> bool | None:
    """For Traffic Manager's probes: whether a cluster's own address answers, None when it is no cluster's."""
    try:
        return region_at(world, target) is not None or None
    except Unreachable:
        return False


@service.on("GET", landing_zone.INFERENCE, "/health", token=False)
@service.on("GET", "aks-prod-ai-inference.{region}.cloudapp.azure.com", "/health", token=False)
def health(world: World, request: Request) -> Answer | Later:
    """`?deep=true` asks every model, which takes its time; else only the cluster answers."""
    region = _reached(world, CLIENT, request.host)
    if request.query.get("deep", "").lower() != "true":
        return Answer(200, {"status": "ok", "region": region})

    def after() -> Answer:
        where = _reached(world, CLIENT, request.host)
        lost = failing(world, where)
        models = {name: lost.get(name, "ok") for name in landing_zone.DEPLOYMENTS}
        body = {"status": "failed" if lost else "ok", "region": where, "dependencies": models}
        return Answer(503 if lost else 200, body)

    return Later(durations.TENANT_TRANSACTION, after)


def _reached(world: World, resolver: str, host: str) -> str:
    fqdn = names.canonical_host(world, resolver, host)
    region = None if fqdn is None else region_at(world, fqdn)
    if region is None:
        raise Unreachable(host)
    return region


@service.seed
def plant(world: World) -> None:
    """Put training data and the last configuration backup into the data lake, older than any copy's lag."""
    before = world.now - 86_400
    for container in ("curated", "raw", BACKUPS):
        blobs.put_container(world, landing_zone.DATA_LAKE, container, {}, at=before)
    for number in range(12):
        month = f"2026-{number + 1:02d}"
        _put(world, "raw", f"events/{month}.jsonl", _rows("event", number), before)
        # Curated data has a snapshot from every night.
        name = f"customer-data/{month}.jsonl"
        entry = _put(world, "curated", name, _rows("customer", number), before)
        night = world.now - 12 * 3600
        data_lake.snapshot(world, landing_zone.DATA_LAKE, "curated", name, entry, night)
    taken = world.now - 6 * 3600
    for region, name in landing_zone.WORKSPACE_NAMES.items():
        if region == "eastus2":
            content = json.dumps(backup(world, region, taken), indent=2).encode()
            _put(world, BACKUPS, f"{name}/{iso(taken)[:16].replace(':', '-')}.json", content, taken)


def backup(world: World, region: str, taken: float) -> Json:
    """Return the configuration of a region's workspace as the nightly job keeps it."""
    parts = (landing_zone.WORKSPACES, landing_zone.WORKSPACE_NAMES[region])
    workspace = world.resource(contoso.resource_id(landing_zone.GROUPS[region], *parts))
    computes = [row for _, row in world.resources.rows(workspace["id"] + "/computes/")]
    return {"taken_at": iso(taken), "workspace": workspace, "computes": computes}


def _rows(what: str, number: int) -> bytes:
    return "".join(f'{{"{what}": {number * 100 + row}}}\n' for row in range(50)).encode()


def _put(world: World, container: str, name: str, content: bytes, at: float) -> Json:
    entry: Json = {
        "length": len(content),
        "md5": digest(content),
        "type": "application/octet-stream",
        "settings": {},
        "metadata": {},
        "created": at,
        "blocks": [],
        "at": at,
        "content": blobs.keep(world, content),
    }
    return blobs.put_version(world, landing_zone.DATA_LAKE, container, name, entry)


@service.fault("lake_damaged")
def damage(world: World, fault: Json) -> None:
    """A bad script walks through `container/prefix`: `details: {how: deleted, overwritten or container_deleted}`."""
    container, _, prefix = fault["target"].partition("/")
    how = (fault.get("details") or {}).get("how", "deleted")
    row = world.table(blobs.CONTAINERS).peek(f"{landing_zone.DATA_LAKE}/{container}")
    if row is None or how not in {"deleted", "overwritten", "container_deleted"}:
        raise ArmError(400, "InvalidFault", f"no container '{container}', or nothing known as '{how}'")
    view = View(landing_zone.DATA_LAKE, math.inf, "", "Standard_RAGRS")
    if how == "container_deleted":
        blobs.delete_container(world, row)
        return
    for name, entry in blobs.blobs(world, view, container, prefix):
        if how == "deleted":
            data_lake.keep_deleted(world, view, container, name)
            blobs.delete(world, landing_zone.DATA_LAKE, container, name)
        else:
            bad = b"nobody knows what this was\n"
            spoilt: Json = {"length": len(bad), "md5": digest(bad), "content": blobs.keep(world, bad)}
            kept = {field: value for field, value in entry.items() if field not in {"at", "etag", "written"}}
            blobs.put_version(world, landing_zone.DATA_LAKE, container, name, {**kept, **spoilt})


@service.truth("landing_zone")
def truth(world: World) -> Json:
    """Tell whether models answer at the front door and from where, which workspaces run jobs, which data is good."""
    return {"inference": _inference(world), "workspaces": _workspaces(world), "data": _data(world)}


def _data(world: World) -> Json:
    """Compare every file of the training data with what it was in the beginning."""
    told: Json = {"good": 0, "missing": [], "changed": []}
    for number in range(12):
        for container, folder, what in (("curated", "customer-data", "customer"), ("raw", "events", "event")):
            name = f"{folder}/2026-{number + 1:02d}.jsonl"
            key = blobs.blob_key(landing_zone.DATA_LAKE, container, name)
            row = world.table(blobs.BLOBS).peek(key)
            found = blobs.version(row)
            if found is None or row is None or not blobs.is_there(world, key, row):
                told["missing"].append(f"{container}/{name}")
            elif found["md5"] != digest(_rows(what, number)):
                told["changed"].append(f"{container}/{name}")
            else:
                told["good"] += 1
    return told


@service.every(5)
def use(world: World) -> None:
    """Let somebody use the models at the front door, through a resolver of their own, and remember how it went."""
    table = world.table("landing zone user")
    before: Json = table.peek(USER) or {}
    seen: Json = {**_used(world), "outages": before.get("outages", []), "failing_since": None}
    failing_since = before.get("failing_since")
    if not seen["healthy"]:
        seen["failing_since"] = world.now if failing_since is None else failing_since
    elif failing_since is not None:
        seen["outages"] = [*seen["outages"], {"since": failing_since, "until": world.now}][-50:]
    if seen != before:
        table.put(USER, seen)


def _inference(world: World) -> Json:
    """How the newest use went: looking at the truth asks nobody, for that would change what resolvers hold."""
    nobody: Json = {"healthy": False, "served_by": None, "reason": "nobody has used it yet", "outages": []}
    seen: Json = world.table("landing zone user").get(USER) or nobody
    seen["outages"] = [{end: iso(one[end]) for end in ("since", "until")} for one in seen["outages"]]
    since = seen.pop("failing_since", None)
    return {**seen, "failing_since": None if since is None else iso(since)}


def _used(world: World) -> Json:
    try:
        region = _reached(world, USER, landing_zone.INFERENCE)
    except Unreachable as error:
        return {"healthy": False, "served_by": None, "reason": f"no connection: {error}"}
    lost = failing(world, region)
    return {"healthy": not lost, "served_by": region, "reason": "; ".join(lost.values())}


def _workspaces(world: World) -> Json:
    told: Json = {}
    for region, name in landing_zone.WORKSPACE_NAMES.items():
        workspace_id = contoso.resource_id(landing_zone.GROUPS[region], landing_zone.WORKSPACES, name)
        workspace = world.resources.peek(workspace_id)
        if workspace is None:
            told[name] = {"exists": False, "runs_jobs": False, "reason": "it does not exist", "jobs": {}}
            continue
        idle = [why for one in landing_zone.CLUSTERS if (why := jobs.runs_jobs(world, workspace, one))]
        told[name] = {
            "exists": True,
            "runs_jobs": not idle,
            "reason": "; ".join(dict.fromkeys(idle)),
            "jobs": {
                row["name"]: row["properties"]["status"]
                for _, row in world.resources.rows(workspace_id + "/jobs/")
            },
        }
    return told
