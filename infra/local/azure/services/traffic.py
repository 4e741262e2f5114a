"""The tenants' requests: every simulated second, through their own resolvers, to whatever answers there."""

from infra.local.azure import contoso
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import Unreachable
from infra.local.azure.core.http import Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services import apps_reached
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.cosmos import data, regions
from infra.local.azure.services.dependencies import host_of
from infra.local.azure.services.network import names

ADDRESS = "api.fas.contoso.com"
REQUESTS_PER_SECOND = 5
KEPT_MINUTES = 60
SHOWN_MINUTES = 15
SERVICE = "FAS"
service = Service("traffic")


@service.every(1)
def run(world: World) -> None:
    """Send one second's requests of every tenant, and remember how they ended."""
    for tenant in contoso.TENANTS:
        reply = _send(world, tenant)
        if reply.status == 200 and reply.app is not None:
            _write(world, reply.app)
        _remember(world, tenant, reply)


def _send(world: World, tenant: str) -> apps_reached.Reply:
    fqdn = names.canonical_host(world, f"tenant-{tenant}", ADDRESS)
    if fqdn is None:
        return apps_reached.Reply(0, reason=f"{ADDRESS}: no such host")
    request = Request("POST", ADDRESS, f"/tenants/{tenant}/messages")
    for kind in ("throttle", "error"):
        if fault := world.faults.take(kind, request, write=True, named=True):
            status = 429 if kind == "throttle" else int(fault.get("status", 500))
            return apps_reached.Reply(status, reason=f"fault {kind}")
    try:
        return apps_reached.transact(world, fqdn, ADDRESS, tenant)
    except Unreachable as error:
        return apps_reached.Reply(0, reason=f"no connection: {error}")


def _write(world: World, app: Json) -> None:
    host = host_of(model.settings(app).get("COSMOS_ENDPOINT", ""))
    for account in world.of_type(regions.ACCOUNT):
        if host.startswith(account["name"].lower()):
            data.written(world, account, REQUESTS_PER_SECOND)


def _remember(world: World, tenant: str, reply: apps_reached.Reply) -> None:
    well = reply.status == 200
    table = world.table("traffic")
    kept = table.get(tenant) or {"succeeded": 0, "failed": 0, "outages": [], "failing_since": None}
    kept["succeeded" if well else "failed"] += REQUESTS_PER_SECOND
    if well:
        kept["last_success"], kept["served_by"] = world.now, reply.region
        if kept["failing_since"] is not None:
            outage = {"since": kept["failing_since"], "until": world.now, "status": kept["app"]}
            kept["outages"] = [*kept["outages"], outage][-50:]
            kept["failing_since"], kept["restored_at"] = None, world.now
    else:
        kept["last_failure"], kept["reason"], kept["status"] = world.now, reply.reason, reply.status
        kept["app"] = reply.status if reply.logged else 0
        if kept["failing_since"] is None:
            kept["failing_since"] = world.now
    table.put(tenant, kept)
    minute = int(world.now) // 60 * 60
    seconds = world.table("traffic minute")
    row = seconds.get(f"{tenant}/{minute}") or {"minute": minute, "seconds": "." * 60}
    second = int(world.now) % 60
    row["seconds"] = row["seconds"][:second] + ("1" if well else "0") + row["seconds"][second + 1 :]
    if not well:
        row["statuses"] = {**row.get("statuses", {}), str(second): kept["app"]}
    seconds.put(f"{tenant}/{minute}", row)
    seconds.delete(f"{tenant}/{minute - KEPT_MINUTES * 60}")


@service.truth("traffic")
def truth(world: World) -> object:
    """Tell for each service and tenant how its requests fare; `minutes`: 1 went well, 0 failed, . not run."""
    told: Json = {}
    for tenant in contoso.TENANTS:
        kept = world.table("traffic").get(tenant)
        if kept is None:
            continue
        minutes = [row for _, row in world.table("traffic minute").rows(f"{tenant}/")][-SHOWN_MINUTES:]
        for name in ("last_success", "last_failure", "failing_since", "restored_at"):
            kept[name] = None if kept.get(name) is None else iso(kept[name])
        kept["outages"] = [{key: iso(one[key]) for key in ("since", "until")} for one in kept["outages"]]
        kept["minutes"] = {iso(row["minute"]): row["seconds"] for row in minutes}
        kept.pop("app", None)
        kept["healthy"] = kept["failing_since"] is None
        told[tenant] = kept
    return {SERVICE: {"address": ADDRESS, "requests_per_second": REQUESTS_PER_SECOND, "tenants": told}}
