"""How many vCPUs of each machine family machine learning uses in a region, and may use."""

from infra.local.azure import landing_zone
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.generic import SUBSCRIPTION

# Size -> (family, vCPUs of a node, vCPUs that a region may use).
FAMILIES = {
    "Standard_D4s_v5": ("standardDSv5Family", 4, 64),
    "Standard_NC24ads_A100_v4": ("standardNCADSA100v4Family", 24, 192),
}
USAGES = "/providers/Microsoft.MachineLearningServices/locations/{location}/usages"
service = Service("ml_quota")


@service.arm("GET", SUBSCRIPTION + USAGES)
def usages(world: World, request: Request) -> Answer:
    """List what the running nodes use; the table `ml quota` says what others of the subscription use besides."""
    region = region_name(request.params["location"])
    rows: list[Json] = []
    for size, (family, cores, limit) in FAMILIES.items():
        nodes = sum(
            int(row["properties"]["properties"].get("currentNodeCount") or 0)
            for row in world.of_type(f"{landing_zone.WORKSPACES}/computes")
            if region_name(row["location"]) == region and row["properties"]["properties"]["vmSize"] == size
        )
        others = int((world.table("ml quota").peek(f"{region}/{family}") or {"used": 0})["used"])
        rows.append(
            {
                "id": f"{request.path}/{family}",
                "type": "Microsoft.MachineLearningServices/usages",
                "unit": "Count",
                "currentValue": nodes * cores + others,
                "limit": limit,
                "name": {"value": family, "localizedValue": family},
            }
        )
    return Answer(200, {"value": rows})
