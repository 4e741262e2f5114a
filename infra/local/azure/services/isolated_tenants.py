"""Who of the tenants the agent service turns away, as a secret of its vault says.

The app reads secret `isolated-tenants` (a JSON list of tenants) from the vault that it reads everything else from,
with every request; what cannot be read turns nobody away.
"""

import json

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.dependencies import host_of

SECRET = "isolated-tenants"


def isolated(world: World, app: Json) -> tuple[str, ...]:
    """Return the tenants that an app turns away now."""
    vault = host_of(model.settings(app).get("KEY_VAULT_URI", "")).split(".")[0]
    row = world.table("secret").peek(f"{vault}/{SECRET}")
    if row is None or row.get("deleted") is not None or not row["versions"][-1].get("enabled", True):
        return ()
    try:
        found = json.loads(row["versions"][-1]["value"])
    except ValueError:
        return ()
    return tuple(str(one) for one in found) if isinstance(found, list) else ()
