"""Platform metrics through the real client: by region and fifty at a time, split or not, and what is refused."""

from datetime import timedelta

import httpx
import pytest

from infra.local.azure import World
from shared.errors import AzureCallFailed
from shared.gateways.metrics import Metrics, Series
from tests.shared.actions.stage import Stage

COSMOS = "Microsoft.DocumentDB/databaseAccounts"
APPS = "Microsoft.App/containerApps"
STORAGE = "Microsoft.Storage/storageAccounts"
MINUTE = timedelta(minutes=1)


def series(stage: Stage, name: str, namespace: str, metric: str, **options: object) -> tuple[Series, ...]:
    resource = stage.estate.service(name).resource_id
    asked = {
        "aggregation": "Average",
        "since": stage.now - timedelta(minutes=10),
        "until": stage.now,
        "every": MINUTE,
        **options,
    }
    return stage.azure.metrics.series([resource], namespace, metric, **asked)[resource]  # type: ignore[arg-type]


def test_each_container_shows_what_it_uses_of_its_throughput(stage: Stage) -> None:
    stage.lab.advance(600)
    found = series(
        stage,
        "agents-db",
        COSMOS,
        "NormalizedRUConsumption",
        aggregation="Maximum",
        split_by="CollectionName",
    )
    used = {one.dimensions["CollectionName"]: one.values[-1] for one in found}
    assert set(used) == {"threads", "messages", "runs", "files", "canary"}
    assert 40 < used["messages"] < 50
    assert len(found[0].points) == 10


def test_more_throughput_is_a_smaller_share(stage: Stage) -> None:
    stage.lab.advance(300)
    throughput = f"{stage.estate.service('agents-db').resource_id}/sqlDatabases/agents/containers/runs/throughputSettings/default"
    stage.change(throughput, lambda row: row["properties"]["resource"].update(throughput=4000))
    stage.lab.advance(300)
    found = series(
        stage,
        "agents-db",
        COSMOS,
        "NormalizedRUConsumption",
        aggregation="Maximum",
        split_by="CollectionName",
    )
    runs = next(one for one in found if one.dimensions["CollectionName"] == "runs").values
    assert runs[0] > 35
    assert runs[-1] < 12


def test_an_app_shows_replicas_and_load(stage: Stage) -> None:
    stage.lab.advance(600)
    (replicas,) = series(stage, "agent-service", APPS, "Replicas", aggregation="Maximum")
    assert set(replicas.values) == {3.0}
    (cpu,) = series(stage, "agent-service", APPS, "CpuPercentage")
    assert all(30 < value < 50 for value in cpu.values)
    (requests,) = series(stage, "agent-service", APPS, "Requests", aggregation="Total")
    assert requests.values[2] == 600


def test_resources_of_several_regions_are_asked_where_they_are(stage: Stage) -> None:
    ids = [stage.estate.service(name).resource_id for name in ("agent-files", "training-data")]
    options = {"aggregation": "Average", "every": timedelta(hours=1)}
    stage.lab.advance(7200)
    since, until = stage.now - timedelta(hours=2), stage.now
    found = stage.azure.metrics.series(
        [ids[0].upper().replace("/SUBSCRIPTIONS", "/subscriptions"), ids[1]],
        STORAGE,
        "UsedCapacity",
        since=since,
        until=until,
        **options,  # type: ignore[arg-type]
    )
    assert [len(one) for one in found.values()] == [1, 1]
    assert ids[1] in found, "keyed by the ids as they were given"
    stage.outage("eastus2")
    with pytest.raises(AzureCallFailed) as caught:
        stage.azure.metrics.series([ids[1]], STORAGE, "UsedCapacity", since=since, until=until, **options)  # type: ignore[arg-type]
    assert (caught.value.status, caught.value.retryable) == (0, True)


def test_many_resources_go_in_batches_of_fifty(stage: Stage) -> None:
    template = stage.estate.service("agent-files").resource_id

    def more(world: World) -> None:
        for number in range(120):
            row = world.resource(template)
            world.put_resource({**row, "id": f"{template}{number}", "name": f"{row['name']}{number}"})

    stage.lab.inside(more)
    ids = [f"{template}{number}" for number in range(120)]
    found = stage.azure.metrics.series(
        ids,
        STORAGE,
        "UsedCapacity",
        aggregation="Average",
        since=stage.now - timedelta(hours=2),
        until=stage.now,
        every=timedelta(hours=1),
    )
    assert list(found) == ids
    assert all(len(one) == 1 for one in found.values())


def test_the_service_takes_no_more_than_fifty(stage: Stage) -> None:
    resource = stage.estate.service("agent-files").resource_id
    answer = httpx.post(
        f"{stage.lab.url}/subscriptions/{stage.estate.subscription_id}/metrics:getBatch",
        params={"metricnamespace": STORAGE, "metricnames": "UsedCapacity"},
        json={"resourceids": [resource] * 51},
        headers={"x-sim-host": "japaneast.metrics.monitor.azure.com", "authorization": "Bearer x"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_what_does_not_exist_is_said_to_be_missing(stage: Stage) -> None:
    resource = stage.estate.service("agent-files").resource_id + "x"
    metrics = Metrics(stage.lab.connection)
    with pytest.raises(AzureCallFailed) as caught:
        metrics.series(
            [resource],
            STORAGE,
            "UsedCapacity",
            aggregation="Average",
            since=stage.now - timedelta(hours=2),
            until=stage.now,
            every=timedelta(hours=1),
        )
    assert (caught.value.status, caught.value.retryable) == (404, False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"metric": "Nonsense"}, "Failed to find metric configuration"),
        ({"split_by": "Nonsense"}, "is not understood"),
        ({"aggregation": "Total"}, "not aggregated by"),
        ({"every": timedelta(minutes=7)}, "interval PT7M is not supported"),
    ],
)
def test_what_a_metric_does_not_have_is_refused(stage: Stage, change: dict[str, object], said: str) -> None:
    asked = {"metric": "CpuPercentage", **change}
    with pytest.raises(AzureCallFailed, match=said):
        series(stage, "agent-service", APPS, str(asked.pop("metric")), **asked)


def test_where_nothing_was_measured_there_is_no_value(stage: Stage) -> None:
    stage.lab.advance(300)
    stage.outage()
    stage.lab.advance(300)
    # Asked in a region that is up: the database itself is in the one that is out.
    stage.lab.end(stage.truth["faults"][0]["id"])
    stage.lab.advance(60)
    (available,) = series(stage, "agent-files", STORAGE, "Availability")
    values = [point.value for point in available.points]
    assert None in values
    assert values[0] == 100
