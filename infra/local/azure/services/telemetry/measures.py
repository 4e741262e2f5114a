"""What each kind of resource measures, minute by minute, told from its state and from what is asked of it."""

from collections.abc import Callable
from dataclasses import dataclass

from infra.local.azure import contoso, landing_zone
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import region_name
from infra.local.azure.services.telemetry.notes import noted, throughput
from infra.local.azure.services.telemetry.story import RU_PER_REQUEST, Story, chance

# What containers use of their throughput in ordinary times, of the tenants' ten requests per second.
USED = {"threads": 0.35, "messages": 0.45, "runs": 0.4, "files": 0.3, "canary": 0.25}
ORDINARY = 10.0
CPU_USED, MEMORY_USED = 38.0, 55.0
CAPACITY = 10 * 2**40
"""Bytes that a storage account of this estate is planned to hold."""
FILLED = {landing_zone.DATA_LAKE: 0.61, "stfasprod": 0.34}

# One series: dimension -> value, and what was measured in that minute; None: nothing.
type Measured = list[tuple[dict[str, str], float | None]]
type Measure = Callable[[Story, Json, float], Measured]


@dataclass(frozen=True)
class Metric:
    """One metric as Azure documents it: unit, how it may be aggregated, the shortest grain in seconds."""

    unit: str
    aggregations: tuple[str, ...]
    measure: Measure
    dimensions: tuple[str, ...] = ()
    grain: int = 60


def asked(story: Story, at: float) -> float:
    """Return the requests per second of all tenants that were served at a moment."""
    return sum(story.rate(one, at) for one in story.tenants() if story.status(one, at) == 200)


def demand(story: Story, container_id: str, at: float) -> float:
    """Return the request units per second that are asked of a container."""
    name = container_id.rsplit("/", 1)[-1]
    _, planned, _ = contoso.CONTAINERS.get(name, (0, 400, "manual"))
    load = [one for one in story.faults("high_load", at) if one["target"].lower() == container_id.lower()]
    if load:
        return float(load[-1]["demand"])
    return planned * USED.get(name, 0.2) * (asked(story, at) / ORDINARY if name != "canary" else 1.0)


def _containers(story: Story, account: Json) -> list[Json]:
    kind = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"
    return story.world.of_type(kind, account["id"] + "/")


def _labels(container: Json) -> dict[str, str]:
    parts = container["id"].split("/")
    return {"DatabaseName": parts[-3], "CollectionName": parts[-1]}


def _normalized(story: Story, account: Json, at: float) -> Measured:
    return [(_labels(one), utilisation(story, one["id"], at)) for one in _containers(story, account)]


def utilisation(story: Story, container_id: str, at: float, *, fresh: bool = False) -> float:
    """Return how much of its throughput a container uses, in percent; more than it has, it does not get.

    `fresh`: of what it has this second, where it is noted only once a minute.
    """
    settings = story.world.resources.peek(f"{container_id}/throughputSettings/default")
    if settings is None:
        return 0.0
    now = throughput(settings)
    has = now if fresh else noted(story.world, settings["id"], at, now)
    wobble = 0.97 + 0.06 * chance(container_id, int(at) // 60)
    return min(100.0, 100.0 * demand(story, container_id, at) * wobble / has)


def _units(story: Story, account: Json, at: float) -> Measured:
    return [(_labels(one), demand(story, one["id"], at) * 60) for one in _containers(story, account)]


def _provisioned(story: Story, account: Json, at: float) -> Measured:
    rows: Measured = []
    for one in _containers(story, account):
        settings = story.world.resources.peek(f"{one['id']}/throughputSettings/default")
        if settings is not None:
            rows.append((_labels(one), noted(story.world, settings["id"], at, throughput(settings))))
    return rows


def _cosmos_requests(story: Story, account: Json, at: float) -> Measured:
    """Requests of a minute: those that ask for more than there is are answered 429."""
    rows: Measured = []
    for one in _containers(story, account):
        used = demand(story, one["id"], at) * 60 / RU_PER_REQUEST
        refused = used * 0.2 if utilisation(story, one["id"], at) >= 100 else 0.0
        rows.append(({**_labels(one), "StatusCode": "200"}, used - refused))
        if refused:
            rows.append(({**_labels(one), "StatusCode": "429"}, refused))
    return rows


def _replicas(story: Story, app: Json, at: float) -> Measured:
    return [({}, noted(story.world, app["id"], at, 0))]


def cpu(story: Story, app: Json, at: float) -> float | None:
    """Return the processor use of an app's replicas, in percent of what they may use; None without any."""
    replicas = noted(story.world, app["id"], at, 0)
    if not replicas:
        return None
    load = [one for one in story.faults("high_load", at) if one["target"].lower() == app["id"].lower()]
    if load:
        return min(100.0, float(load[-1]["demand"]) / replicas)
    wobble = 4 * chance(app["id"], int(at) // 60)
    return min(100.0, CPU_USED * (0.2 + 0.8 * asked(story, at) / ORDINARY) + wobble)


def _cpu(story: Story, app: Json, at: float) -> Measured:
    return [({}, cpu(story, app, at))]


def _memory(story: Story, app: Json, at: float) -> Measured:
    if not noted(story.world, app["id"], at, 0):
        return [({}, None)]
    full = [one for one in story.faults("endpoint_down", at) if one.get("cured_by") == "flush"]
    return [({}, 94.0 if full else MEMORY_USED + 3 * chance("memory", int(at) // 60))]


def _app_requests(story: Story, app: Json, at: float) -> Measured:
    counts: dict[int, float] = {}
    for tenant in story.tenants():
        for second in range(int(at), int(at) + 60, 10):
            status = story.status(tenant, second)
            if status and noted(story.world, app["id"], at, 0):
                counts[status] = counts.get(status, 0) + story.rate(tenant, at) * 10
    return [
        ({"statusCodeCategory": f"{status // 100}xx", "statusCode": str(status)}, count)
        for status, count in counts.items()
    ]


def used(story: Story, account: Json, at: float) -> float:
    """Return the bytes that a storage account holds."""
    full = [
        one for one in story.faults("storage_full", at) if one["target"].lower() == account["name"].lower()
    ]
    return CAPACITY * (float(full[-1].get("percent", 92)) / 100 if full else FILLED.get(account["name"], 0.2))


def _used(story: Story, account: Json, at: float) -> Measured:
    return [({}, used(story, account, at))]


def _available(story: Story, resource: Json, at: float) -> Measured:
    """All of it, but for the time when its region was out."""
    region = region_name(resource.get("location", "global"))
    out = any(one["target"].lower() == region for one in story.faults("region_outage", at))
    return [({}, None if out else 100.0)]


def _models(story: Story, account: Json, at: float) -> list[str]:
    kind = "Microsoft.CognitiveServices/accounts/deployments"
    out = not story.world.region_up(region_name(account["location"])) and at >= story.world.now - 60
    return [] if out else [one["name"] for one in story.world.of_type(kind, account["id"] + "/")]


def _model_calls(story: Story, account: Json, at: float) -> Measured:
    return [({"ModelDeploymentName": one, "StatusCode": "200"}, 120.0) for one in _models(story, account, at)]


def _model_time(story: Story, account: Json, at: float) -> Measured:
    return [({"ModelDeploymentName": one}, story.inference(at) * 10) for one in _models(story, account, at)]


_COSMOS = ("DatabaseName", "CollectionName")
METRICS: dict[str, dict[str, Metric]] = {
    "microsoft.documentdb/databaseaccounts": {
        "NormalizedRUConsumption": Metric("Percent", ("Maximum", "Average"), _normalized, _COSMOS),
        "TotalRequestUnits": Metric("Count", ("Total", "Average", "Maximum"), _units, _COSMOS),
        "ProvisionedThroughput": Metric("Count", ("Maximum",), _provisioned, _COSMOS, 300),
        "AutoscaleMaxThroughput": Metric("Count", ("Maximum",), _provisioned, _COSMOS, 300),
        "TotalRequests": Metric("Count", ("Count",), _cosmos_requests, (*_COSMOS, "StatusCode")),
        "ServiceAvailability": Metric("Percent", ("Average", "Minimum"), _available, (), 3600),
    },
    "microsoft.app/containerapps": {
        "CpuPercentage": Metric("Percent", ("Average", "Maximum", "Minimum"), _cpu),
        "MemoryPercentage": Metric("Percent", ("Average", "Maximum", "Minimum"), _memory),
        "Requests": Metric("Count", ("Total",), _app_requests, ("statusCodeCategory", "statusCode")),
        "Replicas": Metric("Count", ("Maximum", "Average", "Minimum", "Total"), _replicas),
    },
    "microsoft.storage/storageaccounts": {
        "UsedCapacity": Metric("Bytes", ("Average",), _used, (), 3600),
        "Availability": Metric("Percent", ("Average", "Minimum", "Maximum"), _available),
    },
    "microsoft.cognitiveservices/accounts": {
        "AzureOpenAIAvailabilityRate": Metric("Percent", ("Average", "Minimum", "Maximum"), _available),
        "AzureOpenAIRequests": Metric(
            "Count", ("Total",), _model_calls, ("ModelDeploymentName", "StatusCode")
        ),
        "AzureOpenAITimeToResponse": Metric(
            "MilliSeconds", ("Average", "Minimum", "Maximum"), _model_time, ("ModelDeploymentName",)
        ),
    },
    "microsoft.keyvault/vaults": {"Availability": Metric("Percent", ("Average",), _available)},
}
