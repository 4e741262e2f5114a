"""What the vaults hold at the beginning."""

import base64
import hashlib

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import seed as operations_app
from infra.local.azure.services.key_vault import certificates, state
from infra.local.azure.services.key_vault.vault import TENANT, TYPE, find, service

PRIMARY, RECOVERY, OPERATIONS = "kv-fas-japaneast", "kv-fas-japanwest", "kv-fas-ops"
NEEDED = ("agents-db-connection", "search-api-key", "tenant-signing-key")
DELETED = "tenant-signing-key"
DAY = 86_400


@service.seed
def plant(world: World) -> None:
    _plant_operations_vault(world)
    for vault in (PRIMARY, RECOVERY):
        if find(world, vault) is None:
            continue
        for name in NEEDED:
            _add(world, vault, name)
        certificates.add(world, vault, "api-fas-contoso-com", ["api.fas.contoso.com"], days=(-165, 200))
    if find(world, PRIMARY) is not None:
        hosts = ["hooks.fas.contoso.com"]
        certificates.add(world, PRIMARY, "hooks-fas-contoso-com", hosts, days=(-345, 20))
    lost = state.row_of(world, RECOVERY, DELETED)
    if lost is not None:
        state.keep(world, RECOVERY, {**lost, "deleted": world.now - 3 * DAY})
    _add(world, OPERATIONS, "run-signing-key")


def _add(world: World, vault: str, name: str) -> None:
    # The same in both regions, as an estate keeps them; never shown, so any value will do.
    value = base64.b64encode(hashlib.sha256(f"{world.seed}/{name}".encode()).digest()).decode()
    at = world.now - 120 * DAY
    state.add_version(world, vault, name, {"value": value, "created": at, "updated": at})


def _plant_operations_vault(world: World) -> None:
    group = operations_app.plant_group(world)
    if find(world, OPERATIONS) is None:
        row: Json = {
            "id": f"{group}/providers/{TYPE}/{OPERATIONS}",
            "name": OPERATIONS,
            "type": TYPE,
            "location": operations_app.REGION,
            "tags": {"service": "fas-ops", "env": "prod"},
            "properties": {
                "provisioningState": "Succeeded",
                "tenantId": TENANT,
                "vaultUri": f"https://{OPERATIONS}.vault.azure.net/",
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": True,
                "enableSoftDelete": True,
            },
        }
        world.put_resource(row)
