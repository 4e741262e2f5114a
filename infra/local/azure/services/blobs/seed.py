"""The account in which the operations app keeps its records: away from every region that it protects."""

from infra.local.azure.contoso import SUBSCRIPTION
from infra.local.azure.core.clock import iso
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import account

REGION, GROUP, NAME = "australiaeast", "rg-fas-ops", "stfasops"


def plant_group(world: World) -> str:
    """Put region and resource group of the operations app unless they are there; returns the group's id."""
    if world.table("region").peek(REGION) is None:
        world.table("region").put(REGION, {"displayName": "Australia East", "paired": "australiasoutheast"})
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    if world.resources.peek(group) is None:
        row: Json = {
            "id": group,
            "name": GROUP,
            "type": "Microsoft.Resources/resourceGroups",
            "location": REGION,
            "properties": {"provisioningState": "Succeeded"},
        }
        world.put_resource(row)
    return group


def plant(world: World) -> None:
    group = plant_group(world)
    if account.find(world, NAME) is None:
        row: Json = {
            "id": f"{group}/providers/{account.TYPE}/{NAME}",
            "name": NAME,
            "type": account.TYPE,
            "location": REGION,
            "tags": {"service": "fas-ops", "env": "prod"},
            "sku": {"name": "Standard_ZRS", "tier": "Standard"},
            "kind": "StorageV2",
            "properties": {
                "provisioningState": "Succeeded",
                "creationTime": iso(world.now - 400 * 86_400),
                "primaryLocation": REGION,
                "accessTier": "Hot",
                "supportsHttpsTrafficOnly": True,
                "allowSharedKeyAccess": False,
            },
        }
        world.put_resource(row)
