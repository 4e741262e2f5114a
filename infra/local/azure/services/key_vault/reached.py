"""Whether an app with its settings gets its secrets, and what there really is in every vault."""

from collections.abc import Mapping

from infra.local.azure.core.clock import iso
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.dependencies import dependency, host_of
from infra.local.azure.services.key_vault import certificates, state
from infra.local.azure.services.key_vault.seed import NEEDED
from infra.local.azure.services.key_vault.vault import TYPE, service
from infra.local.azure.services.regional import unreachable


@dependency("key_vault")
def readable(world: World, settings: Mapping[str, str]) -> str | None:
    """Return which of its secrets an app cannot read; setting KEY_VAULT_SECRETS names others than the usual."""
    reason = unreachable(world, TYPE, settings, "KEY_VAULT_URI")
    if reason is not None:
        return reason
    vault = host_of(settings["KEY_VAULT_URI"]).split(".")[0]
    given = settings.get("KEY_VAULT_SECRETS")
    for name in given.split(",") if given else NEEDED:
        row = world.table(state.SECRETS).peek(f"{vault}/{name.strip()}")
        found = state.state(world, row) if row else "missing"
        if found != "active":
            return f"secret '{name}' of {vault} is {found}"
        if row is not None and not row["versions"][-1].get("enabled", True):
            return f"secret '{name}' of {vault} is disabled"
    return None


@service.truth("key_vaults")
def truth(world: World) -> Json:
    """Tell what is in every vault, and never a value."""
    told: Json = {}
    for vault in world.of_type(TYPE):
        prefix = f"{vault['name'].lower()}/"
        told[vault["name"]] = {
            "secrets": {
                row["name"]: state.state(world, row) for _, row in world.table(state.SECRETS).rows(prefix)
            },
            "certificates": {
                row["name"]: iso(row["versions"][-1]["exp"])
                for _, row in world.table(certificates.CERTIFICATES).rows(prefix)
            },
        }
    return told
