"""How a request from outside ends at a container app: who answers there, and does it serve tenants."""

from collections.abc import Callable
from dataclasses import dataclass, field

from infra.local.azure import contoso
from infra.local.azure.core.errors import Unreachable
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services import dependencies, isolated_tenants
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.security import network_groups

NO_REPLICA = "no ready replica"


@dataclass(frozen=True)
class Reply:
    """What a host answers to a health or tenant request."""

    status: int
    region: str = ""
    app: Json | None = None
    failing: dict[str, str] = field(default_factory=dict[str, str])
    reason: str = ""

    @property
    def logged(self) -> bool:
        """Whether it was the app that answered: what its ingress refuses, it never hears of."""
        return self.status not in {0, 403, 404} and self.reason != NO_REPLICA


def app_at(world: World, fqdn: str) -> Json | None:
    """Return the app whose own address that is (read only)."""
    for app in world.of_type(model.APP):
        ingress = (app["properties"].get("configuration") or {}).get("ingress") or {}
        if str(ingress.get("fqdn", "")).lower() == fqdn.lower():
            return app
    return None


def reach(world: World, fqdn: str, host: str) -> Reply:
    """Send a request that names `host` to the app at `fqdn`; raises `Unreachable` where nothing answers."""
    if world.faults.host_down(fqdn) or world.faults.host_down(host):
        raise Unreachable(host)
    environment = next(
        (
            one
            for one in world.of_type("Microsoft.App/managedEnvironments")
            if fqdn.lower().endswith("." + one["properties"]["defaultDomain"])
        ),
        None,
    )
    if environment is None:
        raise Unreachable(f"{host}: no such host")
    region = region_name(environment["location"])
    world.require_region(region)
    if not network_groups.allows(world, environment, "Inbound"):
        raise Unreachable(f"{host}: the network lets nobody in")
    app = app_at(world, fqdn)
    # The environment's ingress answers for names that no app has, as Azure's does.
    if app is None or not _knows(app, fqdn, host):
        return Reply(
            404, region, reason=f"Error 404 - This Container App is stopped or does not exist ({host})"
        )
    if app["properties"].get("runningStatus") == "Stopped":
        return Reply(403, region, app, reason="Error 403 - This Container App is stopped")
    if model.ready_replicas(world, app) == 0:
        return Reply(503, region, app, reason=NO_REPLICA)
    if any(fault.get("app") == app["id"] for fault in world.faults.active("endpoint_down")):
        return Reply(503, region, app, reason="the app answers 503 Service Unavailable")
    return Reply(200, region, app)


def transact(world: World, fqdn: str, host: str, tenant: str = "") -> Reply:
    """Send a tenant's request, which needs everything that the app's settings name."""
    reply = reach(world, fqdn, host)
    if reply.status != 200 or reply.app is None:
        return reply
    if tenant in isolated_tenants.isolated(world, reply.app):
        return Reply(403, reply.region, reply.app, reason=f"tenant {tenant} is isolated")
    failing = dependencies.failures(world, model.settings(reply.app))
    if failing:
        reason = "; ".join(f"{name}: {why}" for name, why in failing.items())
        return Reply(503, reply.region, reply.app, failing, reason)
    return reply


def _knows(app: Json, fqdn: str, host: str) -> bool:
    ingress = app["properties"]["configuration"]["ingress"]
    bound = {str(one["name"]).lower() for one in ingress.get("customDomains") or []}
    return host.lower() == fqdn.lower() or host.lower() in bound


# What answers at addresses of other services than container apps; None: it is not theirs.
type Answering = Callable[[World, str], bool | None]
OTHERS: list[Answering] = []


def answering(other: Answering) -> Answering:
    """Let another service answer for the health of its own addresses."""
    OTHERS.append(other)
    return other


def answers_health(world: World, target: str) -> bool:
    """Whether `GET /health` at an endpoint's own address is answered with 200."""
    for other in OTHERS:
        if (found := other(world, target)) is not None:
            return found
    try:
        return reach(world, target, target).status == 200
    except Unreachable:
        return False


def tenants() -> tuple[str, ...]:
    return contoso.TENANTS
