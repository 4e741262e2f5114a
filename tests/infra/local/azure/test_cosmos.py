import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.cosmosdb import CosmosDBManagementClient
from azure.mgmt.cosmosdb.models import (
    AutoscaleSettingsResource,
    ContinuousBackupRestoreLocation,
    DatabaseAccountUpdateParameters,
    FailoverPolicies,
    FailoverPolicy,
    RegionForOnlineOffline,
    ThroughputSettingsResource,
    ThroughputSettingsUpdateParameters,
)

GROUP, ACCOUNT = "rg-fas-japaneast", "cosmos-fas-prod"
EAST, WEST = "Japan East", "Japan West"


@pytest.fixture
def cosmos(azure):
    with azure.client(CosmosDBManagementClient) as client:
        yield client


def policies(*names):
    return FailoverPolicies(
        failover_policies=[
            FailoverPolicy(location_name=name, failover_priority=place) for place, name in enumerate(names)
        ]
    )


def writer(cosmos):
    return cosmos.database_accounts.get(GROUP, ACCOUNT).write_locations[0].location_name


def throughput(**resource):
    return ThroughputSettingsUpdateParameters(resource=ThroughputSettingsResource(**resource))


def test_account_shows_its_regions(cosmos):
    account = cosmos.database_accounts.get(GROUP, ACCOUNT)
    assert account.provisioning_state == "Succeeded"
    assert [one.location_name for one in account.read_locations] == [EAST, WEST]
    assert (
        account.write_locations[0].document_endpoint
        == f"https://{ACCOUNT}-japaneast.documents.azure.com:443/"
    )
    assert account.backup_policy.type == "Continuous"
    assert [one.name for one in cosmos.database_accounts.list()] == [ACCOUNT]
    assert [one.name for one in cosmos.database_accounts.list_by_resource_group("RG-FAS-japaneast")] == [
        ACCOUNT
    ]


def test_unknown_account_is_not_found(cosmos):
    with pytest.raises(ResourceNotFoundError) as failure:
        cosmos.database_accounts.get(GROUP, "other")
    assert failure.value.error.code == "ResourceNotFound"


def test_manual_failover_takes_its_time_and_loses_nothing(azure, cosmos):
    azure.advance(60)
    poller = cosmos.database_accounts.begin_failover_priority_change(GROUP, ACCOUNT, policies(WEST, EAST))
    azure.advance(179)
    account = cosmos.database_accounts.get(GROUP, ACCOUNT)
    assert (account.provisioning_state, account.write_locations[0].location_name) == ("Updating", EAST)
    azure.advance(1)
    poller.result(timeout=20)
    assert writer(cosmos) == WEST
    truth = azure.truth()["cosmos"][ACCOUNT]
    assert truth["write_region"] == "japanwest"
    assert truth["losses"] == []


def test_second_write_meets_the_lock_of_the_first(cosmos):
    cosmos.database_accounts.begin_failover_priority_change(
        GROUP, ACCOUNT, policies(WEST, EAST), polling=False
    )
    with pytest.raises(HttpResponseError) as failure:
        cosmos.database_accounts.begin_failover_priority_change(
            GROUP, ACCOUNT, policies(EAST, WEST), polling=False
        )
    assert (failure.value.status_code, failure.value.error.code) == (412, "PreconditionFailed")


@pytest.mark.parametrize("named", [(WEST,), (WEST, EAST, "East US 2"), (WEST, WEST)])
def test_failover_must_list_every_region_once(cosmos, named):
    with pytest.raises(HttpResponseError) as failure:
        cosmos.database_accounts.begin_failover_priority_change(GROUP, ACCOUNT, policies(*named))
    assert (failure.value.status_code, failure.value.error.code) == (400, "BadRequest")


def test_manual_failover_is_refused_while_the_write_region_is_out(azure, cosmos):
    azure.outage()
    with pytest.raises(HttpResponseError) as failure:
        cosmos.database_accounts.begin_failover_priority_change(GROUP, ACCOUNT, policies(WEST, EAST))
    assert failure.value.status_code == 503
    assert writer(cosmos) == EAST


def test_outage_in_the_middle_fails_the_manual_failover(azure, cosmos):
    poller = cosmos.database_accounts.begin_failover_priority_change(GROUP, ACCOUNT, policies(WEST, EAST))
    azure.advance(100)
    azure.outage()
    azure.advance(100)
    with pytest.raises(HttpResponseError):
        poller.result(timeout=20)
    assert writer(cosmos) == EAST
    assert cosmos.database_accounts.get(GROUP, ACCOUNT).provisioning_state == "Succeeded"


def test_offline_region_moves_the_writes_and_may_lose_documents(azure, cosmos):
    azure.advance(30)
    azure.outage()
    before = azure.truth()["cosmos"][ACCOUNT]
    begin = cosmos.database_accounts.begin_offline_region
    azure.finish(lambda: begin(GROUP, ACCOUNT, RegionForOnlineOffline(region=EAST)), 180)
    account = cosmos.database_accounts.get(GROUP, ACCOUNT)
    assert [one.location_name for one in account.write_locations] == [WEST]
    assert [one.location_name for one in account.read_locations] == [WEST]
    truth = azure.truth()["cosmos"][ACCOUNT]
    assert truth["losses"][0]["documents"] == before["replicas"]["japanwest"]["behind"] > 0


def test_region_comes_online_again_as_a_read_region(azure, cosmos):
    fault = azure.outage()
    region = RegionForOnlineOffline(region=EAST)
    azure.finish(lambda: cosmos.database_accounts.begin_offline_region(GROUP, ACCOUNT, region), 180)
    with pytest.raises(HttpResponseError):
        cosmos.database_accounts.begin_online_region(GROUP, ACCOUNT, region)
    azure.end(fault)
    azure.finish(lambda: cosmos.database_accounts.begin_online_region(GROUP, ACCOUNT, region), 180)
    account = cosmos.database_accounts.get(GROUP, ACCOUNT)
    assert [one.location_name for one in account.read_locations] == [WEST, EAST]
    azure.finish(
        lambda: cosmos.database_accounts.begin_failover_priority_change(GROUP, ACCOUNT, policies(EAST, WEST)),
        180,
    )
    assert writer(cosmos) == EAST


def test_account_update_changes_what_it_names(azure, cosmos):
    change = DatabaseAccountUpdateParameters(enable_automatic_failover=True, tags={"owner": "fas"})
    azure.finish(lambda: cosmos.database_accounts.begin_update(GROUP, ACCOUNT, change), 30)
    account = cosmos.database_accounts.get(GROUP, ACCOUNT)
    assert account.enable_automatic_failover
    assert account.tags["owner"] == "fas"
    assert account.backup_policy.type == "Continuous"


def test_throughput_scales_in_its_steps(azure, cosmos):
    runs = (GROUP, ACCOUNT, "agents", "runs")
    resources = cosmos.sql_resources
    update = resources.begin_update_sql_container_throughput
    azure.finish(lambda: update(*runs, throughput(throughput=1300)), 10)
    assert resources.get_sql_container_throughput(*runs).resource.throughput == 1300
    for wrong in (450, 300, 1_000_100):
        with pytest.raises(HttpResponseError) as failure:
            update(*runs, throughput(throughput=wrong))
        assert failure.value.error.code == "InvalidInput"


def test_autoscale_is_changed_and_migrated_by_its_own_calls(azure, cosmos):
    threads = (GROUP, ACCOUNT, "agents", "threads")
    resources = cosmos.sql_resources
    update = resources.begin_update_sql_container_throughput
    with pytest.raises(HttpResponseError) as failure:
        update(*threads, throughput(throughput=1000))
    assert failure.value.error.code == "BadRequest"
    auto = throughput(autoscale_settings=AutoscaleSettingsResource(max_throughput=6000))
    azure.finish(lambda: update(*threads, auto), 10)
    assert resources.get_sql_container_throughput(*threads).resource.autoscale_settings.max_throughput == 6000
    azure.finish(lambda: resources.begin_migrate_sql_container_to_manual_throughput(*threads), 10)
    assert resources.get_sql_container_throughput(*threads).resource.throughput == 6000
    azure.finish(lambda: resources.begin_migrate_sql_container_to_autoscale(*threads), 10)
    assert resources.get_sql_container_throughput(*threads).resource.autoscale_settings.max_throughput == 6000


def test_containers_and_their_backups(azure, cosmos):
    names = [one.name for one in cosmos.sql_resources.list_sql_containers(GROUP, ACCOUNT, "agents")]
    assert names == ["canary", "files", "messages", "runs", "threads"]
    assert [one.name for one in cosmos.sql_resources.list_sql_databases(GROUP, ACCOUNT)] == ["agents"]
    restorable = list(cosmos.restorable_database_accounts.list_by_location("japaneast"))
    assert restorable[0].account_name == ACCOUNT
    assert (azure.clock.now() - restorable[0].oldest_restorable_time.timestamp()) == 30 * 86400
    begin = cosmos.sql_resources.begin_retrieve_continuous_backup_information
    place = ContinuousBackupRestoreLocation(location=EAST)
    told = azure.finish(lambda: begin(GROUP, ACCOUNT, "agents", "runs", place), 10)
    assert told.continuous_backup_information.latest_restorable_timestamp


def test_data_plane_answers_only_from_a_region_that_is_up(azure):
    shown = azure.get(f"https://{ACCOUNT}.documents.azure.com/").json()
    assert [one["name"] for one in shown["writableLocations"]] == [EAST]
    azure.outage()
    with pytest.raises(Exception, match="disconnected"):
        azure.get(f"https://{ACCOUNT}.documents.azure.com/")
    assert azure.get(f"https://{ACCOUNT}-japanwest.documents.azure.com/").status_code == 200
