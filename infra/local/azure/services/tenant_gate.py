"""The platform's own gate: since when which tenant is turned away, and what that ends."""

from infra.local.azure.core.clock import iso
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.isolated_tenants import isolated
from infra.local.azure.services.telemetry.notes import note

service = Service("tenant_gate")


@service.every(1)
def watch(world: World) -> None:
    """Remember since when each tenant is turned away, and let its trouble end with it (`telemetry.troubles`)."""
    now = {tenant for app in world.of_type(model.APP) for tenant in isolated(world, app)}
    kept = (world.table("tenant gate").peek("isolated") or {"since": {}})["since"]
    if now != set(kept):
        for tenant in now - set(kept):
            note(world, f"isolated {tenant}", world.now)
        since = {tenant: kept.get(tenant, world.now) for tenant in sorted(now)}
        world.table("tenant gate").put("isolated", {"since": since})


@service.truth("tenant_gate")
def truth(world: World) -> Json:
    """Tell who is turned away, and since when."""
    kept = (world.table("tenant gate").peek("isolated") or {"since": {}})["since"]
    return {tenant: iso(since) for tenant, since in kept.items()}
