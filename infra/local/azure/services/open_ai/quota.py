"""How many tokens per minute a region's quota leaves for each model, and which models it has."""

from infra.local.azure import landing_zone
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.generic import SUBSCRIPTION
from infra.local.azure.services.open_ai import accounts

LOCATION = SUBSCRIPTION + "/providers/Microsoft.CognitiveServices/locations/{location}"
DEPLOYMENT = accounts.TYPE + "/deployments"
QUOTAS = "open_ai quota"
service = Service("open_ai_quota")


@service.seed
def plant(world: World) -> None:
    for region, limits in landing_zone.QUOTAS.items():
        for model, limit in limits.items():
            world.table(QUOTAS).put(f"{region}/Standard/{model}", {"limit": limit, "model": model})


def limit(world: World, region: str, sku: str, model: str) -> int | None:
    """Return thousands of tokens per minute, or None where the region has no such model."""
    row = world.table(QUOTAS).peek(f"{region}/{sku}/{model}")
    return None if row is None else int(row["limit"])


def used(world: World, region: str, sku: str, model: str, *, but: str = "") -> int:
    """Return what all deployments in a region take of a quota, but for one."""
    regions = {row["id"].lower(): region_name(row["location"]) for row in world.of_type(accounts.TYPE)}
    return sum(
        int(row["sku"]["capacity"])
        for row in world.of_type(DEPLOYMENT)
        if regions.get(row["id"].rsplit("/", 2)[0].lower()) == region
        and row["sku"]["name"] == sku
        and row["properties"]["model"]["name"] == model
        and row["id"].lower() != but.lower()
    )


def require(world: World, region: str, wanted: Json, deployment_id: str) -> None:
    """Raise as Azure does where a region lacks the model, the quota or the machines for a deployment."""
    model, sku = wanted["properties"]["model"], wanted["sku"]
    told = f"Format:{model['format']},Name:{model['name']},Version:{model['version']}"
    allowed = limit(world, region, sku["name"], model["name"])
    if allowed is None or (model["name"], model["version"]) not in landing_zone.MODELS:
        raise ArmError(400, "DeploymentModelNotSupported", f"The model '{told}' is not supported.")
    taken = used(world, region, sku["name"], model["name"], but=deployment_id)
    if taken + sku["capacity"] > allowed:
        name = f"Tokens Per Minute (thousands) - {model['name']}"
        message = (
            f"This operation require {sku['capacity']} new capacity in quota {name}, which is bigger than the "
            f"current available capacity {max(allowed - taken, 0)}. The current quota usage is {taken} and the "
            f"quota limit is {allowed} for quota {name}."
        )
        raise ArmError(400, "InsufficientQuota", message)
    if world.faults.hits(region, "no_capacity"):
        message = f"The region '{region}' has no capacity for '{told}' at present. Please try again later."
        raise ArmError(503, "ServiceUnavailable", message)


@service.arm("GET", LOCATION + "/usages")
def usages(world: World, request: Request) -> Answer:
    region = region_name(request.params["location"])
    rows: list[Json] = []
    for key, row in world.table(QUOTAS).rows(f"{region}/"):
        sku = "Standard" if "/standard/" in key else key.split("/")[1]
        name = {
            "value": f"OpenAI.{sku}.{row['model']}",
            "localizedValue": f"Tokens Per Minute (thousands) - {row['model']}",
        }
        current = used(world, region, sku, row["model"])
        rows.append(
            {
                "name": name,
                "unit": "Count",
                "currentValue": float(current),
                "limit": float(row["limit"]),
                "status": "Included",
            }
        )
    return Answer(200, {"value": rows})


@service.arm("GET", LOCATION + "/modelCapacities")
def capacities(world: World, request: Request) -> Answer:
    """List what could be deployed now: the least of quota and machines."""
    region, asked = region_name(request.params["location"]), request.query
    model, version = asked.get("modelname", ""), asked.get("modelversion", "")
    allowed = limit(world, region, "Standard", model)
    if allowed is None or (model, version) not in landing_zone.MODELS:
        return Answer(200, {"value": []})
    left = max(allowed - used(world, region, "Standard", model), 0)
    out = world.faults.hits(region, "no_capacity") or not world.region_up(region)
    name = f"{request.path}/Standard"
    properties: Json = {
        "model": {"format": "OpenAI", "name": model, "version": version},
        "skuName": "Standard",
        "availableCapacity": float(0 if out else left),
        "availableFinetuneCapacity": 0.0,
    }
    kind = "Microsoft.CognitiveServices/locations/modelCapacities"
    row: Json = {"id": name, "type": kind, "name": "Standard", "location": region, "properties": properties}
    return Answer(200, {"value": [row]})
