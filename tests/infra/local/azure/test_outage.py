"""The whole story: a region goes, tenants fail; the recovery steps bring them back, and nothing else does."""

import pytest
from azure.mgmt.cosmosdb import CosmosDBManagementClient
from azure.mgmt.cosmosdb.models import RegionForOnlineOffline
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.storage import StorageManagementClient
from azure.mgmt.trafficmanager import TrafficManagerManagementClient
from azure.mgmt.trafficmanager.models import Endpoint

from infra.local.azure.contoso import DOMAIN_WEST
from tests.infra.local.azure.test_deployments import deployment

DEEP = "https://api.fas.contoso.com/health?deep=true"


def enable_west(azure):
    with azure.client(TrafficManagerManagementClient) as manager:
        for name, status in (("japanwest", "Enabled"), ("japaneast", "Disabled")):
            change = Endpoint({"properties": {"endpointStatus": status}})
            manager.endpoints.update("rg-fas-global", "tm-fas", "ExternalEndpoints", name, change)


def test_traffic_fails_with_its_region_and_returns_with_it(azure):
    azure.advance(30)
    assert azure.tenant()["healthy"]
    fault = azure.outage()
    azure.advance(45)
    failing = azure.tenant("fabrikam")
    assert not failing["healthy"]
    assert "no connection" in failing["reason"]
    azure.end(fault)
    azure.advance(5)
    back = azure.tenant("fabrikam")
    assert back["healthy"]
    assert len(back["outages"]) == 1
    assert "0" * 29 in "".join(back["minutes"].values())


def test_recovery_takes_every_step_and_the_ttl(azure):
    azure.advance(30)
    azure.outage()
    azure.advance(10)
    with azure.client(DeploymentsMgmtClient) as client:
        begin = client.deployments.begin_create_or_update
        azure.finish(lambda: begin("rg-fas-japanwest", "dr", deployment()), 240)
    enable_west(azure)
    azure.advance(61)
    assert azure.tenant()["status"] == 503
    assert "cosmos" in azure.tenant()["reason"]
    found = azure.get(DEEP)
    assert found.status_code == 503
    assert set(found.json()["dependencies"]) >= {"cosmos", "blob", "search", "key_vault"}
    assert "write region japaneast" in found.json()["dependencies"]["cosmos"]
    with azure.client(CosmosDBManagementClient) as client:
        begin = client.database_accounts.begin_offline_region
        region = RegionForOnlineOffline(region="Japan East")
        azure.finish(lambda: begin("rg-fas-japaneast", "cosmos-fas-prod", region), 180)
    azure.advance(2)
    assert "blob" in azure.tenant()["reason"]
    with azure.client(StorageManagementClient) as client:
        begin = client.storage_accounts.begin_failover
        azure.finish(lambda: begin("rg-fas-japaneast", "stfasprod", failover_type=None), 300)
    azure.advance(2)
    assert "search" not in azure.get(f"https://ca-agent-service.{DOMAIN_WEST}/health").text
    before = azure.clock.now()
    found = azure.get(DEEP, params=None)
    assert azure.clock.now() - before == 20
    assert found.json()["dependencies"]["cosmos"] == "ok"
    assert found.json()["dependencies"]["blob"] == "ok"


def test_enabling_the_endpoint_alone_recovers_nobody(azure):
    azure.advance(10)
    azure.outage()
    enable_west(azure)
    azure.advance(120)
    assert not azure.tenant()["healthy"]
    assert azure.tenant()["status"] == 404


def test_storage_account_fails_over_by_the_rules(azure):
    with azure.client(StorageManagementClient) as client:
        account = client.storage_accounts.get_properties(
            "rg-fas-japaneast", "stfasprod", expand="geoReplicationStats"
        )
        stats = account.geo_replication_stats
        assert (account.sku.name, stats.status, stats.can_failover) == ("Standard_RAGRS", "Live", True)
        azure.advance(60)
        azure.outage()
        azure.advance(600)
        with pytest.raises(Exception, match="FailoverNotPossible"):
            client.storage_accounts.begin_failover("rg-fas-japaneast", "stfasprod")
        begin = client.storage_accounts.begin_failover
        azure.finish(lambda: begin("rg-fas-japaneast", "stfasprod", failover_type=None), 300)
        account = client.storage_accounts.get_properties(
            "rg-fas-japaneast", "stfasprod", expand="geoReplicationStats"
        )
        assert (account.sku.name, account.primary_location) == ("Standard_LRS", "japanwest")
        assert account.geo_replication_stats is None
        with pytest.raises(Exception, match="geo-redundant"):
            client.storage_accounts.begin_failover("rg-fas-japaneast", "stfasprod", failover_type=None)


def test_last_sync_time_stands_still_in_an_outage(azure):
    def synced():
        with azure.client(StorageManagementClient) as client:
            get = client.storage_accounts.get_properties
            return get("rg-fas-japaneast", "stfasprod", expand="geoReplicationStats").geo_replication_stats

    azure.advance(60)
    before = synced().last_sync_time
    azure.advance(60)
    assert synced().last_sync_time > before
    azure.outage()
    stopped = synced().last_sync_time
    azure.advance(600)
    assert (synced().last_sync_time, synced().status) == (stopped, "Unavailable")


def test_service_health_tells_of_the_outage_some_minutes_later(azure):
    path = "/subscriptions/00000000-0000-4000-8000-00000000c0de/providers/Microsoft.ResourceHealth/events"
    fault = azure.outage()
    started = azure.truth()["faults"][0]["started_at"]
    azure.advance(170)
    assert azure.arm("GET", path).json()["value"] == []
    azure.advance(10)
    (event,) = azure.arm("GET", path).json()["value"]
    assert event["properties"]["impactStartTime"] == started
    assert event["properties"]["status"] == "Active"
    azure.end(fault)
    (event,) = azure.arm("GET", path).json()["value"]
    assert event["properties"]["status"] == "Resolved"
    availability = path.replace("events", "availabilityStatuses")
    states = {
        row["properties"]["availabilityState"] for row in azure.arm("GET", availability).json()["value"]
    }
    assert states == {"Available"}


def test_endpoints_of_the_other_services_follow_their_region(azure):
    hosts = [
        "stfasprod.blob.core.windows.net",
        "kv-fas-japaneast.vault.azure.net",
        "srch-fas-japaneast.search.windows.net",
    ]
    for host in hosts:
        assert azure.get(f"https://{host}/").status_code in {400, 401, 403, 404}
    azure.outage()
    for host in hosts:
        with pytest.raises(Exception, match="disconnected"):
            azure.get(f"https://{host}/")
    assert azure.get("https://kv-fas-japanwest.vault.azure.net/healthstatus").status_code == 200


def test_account_becomes_geo_redundant_again_after_a_failover(azure):
    with azure.client(StorageManagementClient) as client:
        begin = client.storage_accounts.begin_failover
        azure.finish(lambda: begin("rg-fas-japaneast", "stfasprod", failover_type=None), 300)
        changed = client.storage_accounts.update(
            "rg-fas-japaneast", "stfasprod", {"sku": {"name": "Standard_RAGRS"}}
        )
        assert (changed.primary_location, changed.secondary_location) == ("japanwest", "japaneast")
        expand = "geoReplicationStats"
        copied = client.storage_accounts.get_properties("rg-fas-japaneast", "stfasprod", expand=expand)
        assert (copied.geo_replication_stats.status, copied.geo_replication_stats.last_sync_time) == (
            "Bootstrap",
            None,
        )
        with pytest.raises(Exception, match="not yet copied"):
            begin("rg-fas-japaneast", "stfasprod", failover_type="Planned")
        azure.advance(250)
        azure.finish(lambda: begin("rg-fas-japaneast", "stfasprod", failover_type="Planned"), 300)
        back = client.storage_accounts.get_properties("rg-fas-japaneast", "stfasprod")
        assert (back.primary_location, back.sku.name) == ("japaneast", "Standard_RAGRS")
        body = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
        made = client.storage_accounts.begin_create("rg-fas-global", "stnew", body).result(timeout=20)
        assert (made.primary_location, made.secondary_location) == ("eastus2", None)
