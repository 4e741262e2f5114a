"""Health endpoints of the estate's apps at their own and the tenants' addresses."""

from infra.local.azure import contoso, durations
from infra.local.azure.core.errors import Unreachable
from infra.local.azure.core.http import Answer, Later, Request
from infra.local.azure.core.service import ANY_HOST, Service
from infra.local.azure.core.world import World
from infra.local.azure.services import apps_reached, dependencies
from infra.local.azure.services.network import names

# Who probes from outside shares one resolver; the simulated tenants have one each.
CLIENT = "client"
service = Service("health")


@service.on("GET", ANY_HOST, "/health", token=False)
def health(world: World, request: Request) -> Answer | Later:
    """`?deep=true` makes a whole tenant transaction, which takes its time; else only the app is asked."""
    tenant = request.query.get("tenant") or request.headers.get("x-tenant") or contoso.TENANTS[0]
    fqdn = _resolved(world, request)
    reply = apps_reached.reach(world, fqdn, request.host)
    if reply.status != 200:
        return _answer(reply, tenant)
    if tenant not in contoso.TENANTS:
        return Answer(404, {"status": "unknown tenant", "tenant": tenant})
    if request.query.get("deep", "").lower() != "true":
        well = Answer(200, {"status": "ok", "region": reply.region})
        slow = [
            one
            for one in world.faults.active("slow_responses")
            if reply.app and one["app"] == reply.app["id"]
        ]
        return Later(0.6 * float(slow[0].get("factor", 6)), lambda: well) if slow else well

    def after() -> Answer:
        found = apps_reached.transact(world, _resolved(world, request), request.host, tenant)
        return _answer(found, tenant)

    return Later(durations.TENANT_TRANSACTION, after)


@service.on("GET", ANY_HOST, "/{rest*}", token=False)
def other(world: World, request: Request) -> Answer:
    """Answer for the paths that no probe needs: the agents' own calls are not simulated one by one."""
    reply = apps_reached.reach(world, _resolved(world, request), request.host)
    return _answer(reply, contoso.TENANTS[0]) if reply.status != 200 else Answer(404, {"status": "not found"})


def _resolved(world: World, request: Request) -> str:
    fqdn = names.canonical_host(world, CLIENT, request.host)
    if fqdn is None:
        raise Unreachable(f"{request.host}: no such host")
    return fqdn


def _answer(reply: apps_reached.Reply, tenant: str) -> Answer:
    if reply.app is None:
        return Answer(reply.status, reply.reason)
    body = {"status": "ok" if reply.status == 200 else "failed", "region": reply.region, "tenant": tenant}
    if reply.failing or reply.status == 200:
        found = {name: reply.failing.get(name, "ok") for name in dependencies.CHECKS}
        return Answer(reply.status, {**body, "dependencies": found})
    return Answer(reply.status, {**body, "reason": reply.reason})
