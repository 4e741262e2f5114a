"""Microsoft.ResourceHealth: service issues some minutes after a region goes out, and availability."""

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.generic import GROUP, SUBSCRIPTION
from infra.local.azure.services.telemetry import border

STATUS = "/providers/Microsoft.ResourceHealth/availabilityStatuses/current"
IMPACTED = (
    "Azure Container Apps",
    "Azure Cosmos DB",
    "Azure AI Search",
    "Storage",
    "Key Vault",
    "Azure OpenAI Service",
    "Azure Machine Learning",
)
service = Service("resource_health")


def _event(world: World, subscription: str, fault: Json) -> Json:
    region = fault["target"].lower()
    name = (world.table("region").peek(region) or {"displayName": region})["displayName"]
    tracking = fault["id"][:8].upper()
    ended = "ended" in fault
    properties: Json = {
        "eventType": "ServiceIssue",
        "eventSource": "ServiceHealth",
        "status": "Resolved" if ended else "Active",
        "title": f"Multiple services - {name} - availability issues",
        "summary": f"Customers with resources in {name} may be unable to reach them.",
        "level": "Critical",
        "impactStartTime": border.retold(world, fault["started_at"]),
        "lastUpdateTime": border.retold(
            world, fault.get("ended_at", iso(fault["started"] + durations.HEALTH_EVENT_LAG))
        ),
        "isHIR": False,
        "impact": [
            {
                "impactedService": kind,
                "impactedRegions": [{"impactedRegion": name, "status": "Resolved" if ended else "Active"}],
            }
            for kind in IMPACTED
        ],
    }
    if ended:
        properties["impactMitigationTime"] = border.retold(world, fault["ended_at"])
    return {
        "id": f"/subscriptions/{subscription}/providers/Microsoft.ResourceHealth/events/{tracking}",
        "name": tracking,
        "type": "Microsoft.ResourceHealth/events",
        "properties": properties,
    }


@service.arm("GET", SUBSCRIPTION + "/providers/Microsoft.ResourceHealth/events")
def events(world: World, request: Request) -> Answer:
    """List the outages that have been published: Azure needs a few minutes to see and tell."""
    told = [
        _event(world, request.params["subscription"], fault)
        for fault in world.faults.history("region_outage")
        if fault["started"] + durations.HEALTH_EVENT_LAG <= fault.get("ended", world.now)
    ]
    return Answer(200, {"value": list(reversed(told))})


@service.arm("GET", GROUP + "/providers/{resource*}" + STATUS)
def availability(world: World, request: Request) -> Answer:
    resource_id = request.path[: -len(STATUS)]
    return Answer(200, _status(world, world.resource(resource_id)))


@service.arm("GET", SUBSCRIPTION + "/providers/Microsoft.ResourceHealth/availabilityStatuses")
@service.arm("GET", GROUP + "/providers/Microsoft.ResourceHealth/availabilityStatuses")
def availabilities(world: World, request: Request) -> Answer:
    scope = request.path.lower().split("/providers/")[0] + "/"
    rows = [row for _, row in world.resources.rows(scope) if "location" in row and "/providers/" in row["id"]]
    return Answer(200, {"value": [_status(world, row) for row in rows]})


def _status(world: World, resource: Json) -> Json:
    region = region_name(resource.get("location", "global"))
    seen = [
        fault
        for fault in world.faults.active("region_outage")
        if fault["target"].lower() == region and fault["started"] + durations.HEALTH_EVENT_LAG <= world.now
    ]
    properties: Json = {
        "availabilityState": "Unavailable" if seen else "Available",
        "title": "Unavailable" if seen else "Available",
        "summary": "A service issue makes this resource unavailable."
        if seen
        else "There are no known problems.",
        "reasonType": "Unplanned" if seen else "",
        "occuredTime": seen[0]["started_at"] if seen else iso(world.now - 86_400),
        "reasonChronicity": "Persistent",
        "reportedTime": iso(world.now),
    }
    return {
        "id": f"{resource['id']}{STATUS}",
        "name": "current",
        "type": "Microsoft.ResourceHealth/AvailabilityStatuses",
        "location": resource.get("location", "global"),
        "properties": properties,
    }
