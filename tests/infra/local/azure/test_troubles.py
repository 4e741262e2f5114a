"""What goes wrong in services, how it shows, and that only what really cures it ends it."""

import httpx
import pytest
from azure.mgmt.appcontainers import ContainerAppsAPIClient
from azure.mgmt.cosmosdb import CosmosDBManagementClient
from azure.mgmt.cosmosdb.models import ThroughputSettingsResource, ThroughputSettingsUpdateParameters

from infra.local.azure import contoso, landing_zone
from infra.local.azure.services.telemetry import measures, troubles
from infra.local.azure.services.telemetry.story import Story

HEALTH = "https://api.fas.contoso.com/health"
APP = "ca-agent-service"
APP_ID = contoso.resource_id(contoso.EAST, "Microsoft.App/containerApps", APP)
LAKE_ID = contoso.resource_id(landing_zone.EAST, "Microsoft.Storage/storageAccounts", landing_zone.DATA_LAKE)
WORKSPACE_ID = contoso.resource_id(
    landing_zone.EAST, landing_zone.WORKSPACES, landing_zone.WORKSPACE_NAMES["eastus2"]
)


def active(azure):
    return [fault["kind"] for fault in httpx.get(f"{azure.url}/_sim/faults").json()["faults"]]


def restart(azure):
    apps = azure.client(ContainerAppsAPIClient)
    (revision,) = apps.container_apps_revisions.list_revisions(contoso.EAST, APP)
    apps.container_apps_revisions.restart_revision(contoso.EAST, APP, revision.name)


def scale(azure, replicas):
    body = {"properties": {"template": {"scale": {"minReplicas": replicas, "maxReplicas": 10}}}}
    found = azure.arm("GET", APP_ID).json()["properties"]["template"]
    body["properties"]["template"] = {**found, **body["properties"]["template"]}
    assert azure.arm("PATCH", APP_ID, body).status_code in {200, 202}
    azure.advance(120)


@pytest.mark.parametrize("target", ["api.fas.contoso.com", HEALTH, APP, APP_ID])
def test_an_app_that_is_down_answers_503_until_its_replicas_are_new(azure, target):
    azure.fault("endpoint_down", target, cured_by="restart")
    azure.advance(30)
    assert azure.get(HEALTH).status_code == 503
    assert not azure.tenant()["healthy"]
    restart(azure)
    azure.advance(10)
    assert azure.get(HEALTH).status_code == 503, "the old replicas serve until the new ones are ready"
    azure.advance(30)
    assert azure.get(HEALTH).status_code == 200
    assert azure.tenant()["healthy"]
    assert active(azure) == []


def test_a_restart_before_the_fault_cures_nothing(azure):
    restart(azure)
    azure.advance(60)
    azure.fault("endpoint_down", APP, cured_by="restart")
    azure.advance(120)
    assert azure.get(HEALTH).status_code == 503


@pytest.mark.parametrize("way", ["scale", "flush", "nothing"])
def test_a_restart_does_not_cure_everything(azure, way):
    fault = azure.fault("endpoint_down", APP, cured_by=way)
    restart(azure)
    azure.advance(60)
    assert azure.get(HEALTH).status_code == 503
    azure.end(fault)
    assert azure.get(HEALTH).status_code == 200


def test_more_replicas_cure_what_lacks_them(azure):
    azure.fault("endpoint_down", APP, cured_by="scale")
    scale(azure, 6)
    assert azure.get(HEALTH).status_code == 200
    assert active(azure) == []


def test_without_a_cure_nothing_answers_at_all(azure):
    azure.fault("endpoint_down", "api.fas.contoso.com")
    restart(azure)
    azure.advance(60)
    with pytest.raises(httpx.RemoteProtocolError):
        azure.get(HEALTH)


def test_an_app_elsewhere_is_not_down_with_it(azure):
    azure.fault("endpoint_down", APP, cured_by="nothing")
    azure.advance(30)
    # The standby region has no app: what answers there is its own ingress, not this fault.
    other = f"https://{APP}.{contoso.DOMAIN_WEST}/health"
    assert azure.get(other).status_code == 404


def test_slow_answers_take_their_time_and_end_with_more_replicas(azure):
    azure.fault("slow_responses", "agent-service", factor=8)
    before = azure.clock.now()
    assert azure.get(HEALTH).status_code == 200
    assert azure.clock.now() - before == pytest.approx(4.8)
    scale(azure, 6)
    before = azure.clock.now()
    assert azure.get(HEALTH).status_code == 200
    assert azure.clock.now() == before


def runs_load(azure):
    container = contoso.resource_id(
        contoso.EAST,
        "Microsoft.DocumentDB/databaseAccounts",
        contoso.COSMOS,
        "sqlDatabases",
        "agents",
        "containers",
        "runs",
    )
    return azure.inside(lambda world: measures.utilisation(Story(world), container, world.now))


def test_load_on_a_container_ends_with_enough_throughput(azure):
    azure.advance(120)
    assert 30 < runs_load(azure) < 50
    azure.fault("high_load", "runs", load=150)
    azure.advance(60)
    assert runs_load(azure) == 100
    cosmos = azure.client(CosmosDBManagementClient)

    def raise_to(throughput):
        settings = ThroughputSettingsUpdateParameters(
            resource=ThroughputSettingsResource(throughput=throughput)
        )
        azure.finish(
            lambda: cosmos.sql_resources.begin_update_sql_container_throughput(
                contoso.EAST, contoso.COSMOS, "agents", "runs", settings
            ),
            15,
        )
        azure.advance(60)

    raise_to(1600)
    assert active(azure) == ["high_load"]
    assert 85 < runs_load(azure) < 100
    raise_to(3000)
    assert active(azure) == []


def test_load_on_an_app_ends_with_enough_replicas(azure):
    azure.advance(60)
    azure.fault("high_load", APP, load=95)
    app = azure.inside(lambda world: world.resource(APP_ID))
    assert azure.inside(lambda world: measures.cpu(Story(world), app, world.now)) == 95
    scale(azure, 6)
    assert active(azure) == []


def test_a_full_account_ends_with_a_lifecycle_policy(azure):
    azure.fault("storage_full", landing_zone.DATA_LAKE)
    azure.advance(3600)
    lake = azure.inside(lambda world: world.resource(LAKE_ID))
    share = azure.inside(lambda world: measures.used(Story(world), lake, world.now)) / measures.CAPACITY
    assert share == pytest.approx(0.92)
    policy = {"properties": {"policy": {"rules": [{"name": "cool", "enabled": True, "type": "Lifecycle"}]}}}
    assert azure.arm("PUT", f"{LAKE_ID}/managementPolicies/default", policy).status_code < 300
    azure.advance(10)
    assert active(azure) == []


def test_failing_jobs_end_with_more_nodes(azure):
    azure.fault("training_failures", landing_zone.WORKSPACE_NAMES["eastus2"])
    azure.advance(600)
    assert active(azure) == ["training_failures"]

    def more(world):
        row = world.resource(f"{WORKSPACE_ID}/computes/gpu-cluster-01")
        row["properties"]["properties"]["scaleSettings"]["maxNodeCount"] += 2
        world.put_resource(row)

    azure.inside(more)
    azure.advance(10)
    assert active(azure) == []


def test_a_security_alert_ends_when_it_is_closed(azure):
    azure.fault("security_alert", APP, message="breach")
    (alert,) = azure.arm(
        "GET", f"/subscriptions/{contoso.SUBSCRIPTION}/providers/Microsoft.Security/alerts"
    ).json()["value"]
    assert alert["properties"]["severity"] == "High"
    azure.advance(60)
    assert active(azure) == ["security_alert"]
    assert azure.arm("POST", f"{alert['id']}/resolve").status_code == 204
    azure.advance(10)
    assert active(azure) == []


def test_a_violation_ends_when_the_tenant_is_cut_off(azure):
    azure.fault("boundary_violation", "fabrikam")
    azure.advance(60)
    azure.inside(lambda world: troubles.isolated(world, "contoso"))
    azure.advance(10)
    assert active(azure) == ["boundary_violation"]
    azure.inside(lambda world: troubles.isolated(world, "fabrikam"))
    azure.advance(10)
    assert active(azure) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "endpoint_down", "target": APP, "cured_by": "magic"}, "cured_by must be one of restart"),
        (
            {"kind": "endpoint_down", "target": "nowhere.contoso.com", "cured_by": "restart"},
            "nothing answers",
        ),
        ({"kind": "slow_responses", "target": "nobody"}, "must be a tenant"),
        ({"kind": "high_load", "target": "nothing"}, "known: "),
        (
            {"kind": "noisy_neighbour", "target": "northwind"},
            "no tenant 'northwind'; known: contoso, fabrikam",
        ),
        ({"kind": "noisy_neighbour", "target": "contoso", "factor": 0}, "unfit fields: factor"),
        ({"kind": "storage_full", "target": "x"}, "known: "),
        ({"kind": "training_failures", "target": "x"}, "known: "),
        ({"kind": "security_alert", "target": APP, "message": "ghosts"}, "must be one of breach"),
    ],
)
def test_what_makes_no_sense_is_refused(azure, fault, said):
    answer = httpx.post(f"{azure.url}/_sim/faults", json=fault)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidFault")
    assert said in answer.json()["error"]["message"]
