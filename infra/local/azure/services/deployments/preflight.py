"""What ARM looks at before it deploys: the template, the places, the capacity."""

import hashlib
import json

from infra.local.azure.core.clock import iso
from infra.local.azure.core.envelope import shaped
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.deployments import template
from infra.local.azure.services.generic import group_of, type_and_name

SHAPE = {
    "mode": str,
    "template": {"parameters": dict, "variables": dict, "outputs": dict},
    "parameters": dict,
}
CAPACITY_TYPES = {
    "microsoft.app/containerapps",
    "microsoft.app/managedenvironments",
    "microsoft.search/searchservices",
}


def plan(world: World, request: Request, *, preflight: bool = True) -> template.Plan:
    """Evaluate and preflight a request's template; 400 with details where it could not be deployed."""
    shaped(request.json.get("properties"), SHAPE)
    properties: Json = request.json.get("properties") or {}
    if properties.get("mode") not in {"Incremental", "Complete"}:
        raise ArmError(400, "InvalidDeployment", "The deployment mode must be 'Incremental' or 'Complete'.")
    if properties["mode"] == "Complete":
        raise ArmError(
            400, "InvalidDeployment", "Complete mode would delete what the template leaves out: refused."
        )
    found = template.parse(world, properties, group_of(world, request)["id"], request.params["deployment"])
    if not preflight:
        return found
    details: list[dict[str, str]] = []
    for wanted in found.resources:
        kind, name = type_and_name(wanted.resource_id)
        region = region_name(str(wanted.body.get("location", "")))
        group_id = wanted.resource_id.split("/providers/")[0]
        if world.resources.peek(group_id) is None:
            group = group_id.rsplit("/", 1)[-1]
            raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        if kind.lower() in CAPACITY_TYPES and not region:
            details.append({"code": "LocationRequired", "message": f"The location of '{name}' is required."})
        elif region and region != "global" and region not in world.regions:
            message = f"The provided location '{region}' is not available for resource type '{kind}'."
            details.append({"code": "LocationNotAvailableForResourceType", "message": message})
        elif kind.lower() in CAPACITY_TYPES and not world.region_up(region):
            message = f"The service in region '{region}' is temporarily unavailable."
            details.append({"code": "ServiceUnavailable", "message": message, "target": wanted.resource_id})
        elif kind.lower() in CAPACITY_TYPES and world.faults.hits(region, "no_capacity"):
            message = (
                f"The requested size for resource '{name}' is currently not available in location '{region}'."
            )
            details.append({"code": "SkuNotAvailable", "message": message, "target": wanted.resource_id})
    if details:
        raise ArmError(
            400,
            "InvalidTemplateDeployment",
            f"The template deployment '{request.params['deployment']}' is not valid according to the "
            "validation "
            "procedure. See inner errors for details.",
            details=details,
        )
    return found


def _hash(properties: Json) -> str:
    text = json.dumps(properties.get("template"), sort_keys=True)
    return str(int(hashlib.sha256(text.encode()).hexdigest()[:16], 16))


def shown(world: World, properties: Json) -> Json:
    """Return the properties of a deployment as Azure shows them: without the template and secure values."""
    declared: dict[str, Json] = (properties.get("template") or {}).get("parameters") or {}
    given: dict[str, Json] = properties.get("parameters") or {}
    parameters = {
        name: {"type": declared.get(name, {}).get("type", "String")}
        | (
            {}
            if "secure" in str(declared.get(name, {}).get("type", "")).lower()
            else {"value": one.get("value")}
        )
        for name, one in given.items()
    }
    return {
        "mode": properties["mode"],
        "templateHash": _hash(properties),
        "parameters": parameters,
        "timestamp": iso(world.now),
        "correlationId": world.new_id(),
    }
