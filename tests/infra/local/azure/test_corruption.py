"""A bad writer spoils documents and files until it is stopped, and Azure brings back what was there before."""

from datetime import UTC, datetime

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.appcontainers import ContainerAppsAPIClient
from azure.mgmt.cosmosdb import CosmosDBManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobServiceClient

from infra.local.azure import contoso
from infra.local.azure.services.cosmos import content, roles
from tests.infra.local.azure.data_planes import running

GROUP, ACCOUNT, NEW = "rg-fas-japaneast", "cosmos-fas-prod", "cosmos-fas-prod-r1"


@pytest.fixture
def azure():
    with running() as lab:
        yield lab


@pytest.fixture
def cosmos(azure):
    with azure.client(CosmosDBManagementClient) as client:
        yield client


def corrupt(azure, **details):
    return azure.fault("data_corruption", ACCOUNT, details=details)


def told(azure, account=ACCOUNT):
    return azure.truth()["corruption"]["accounts"][account]


def assignment(cosmos, principal):
    return next(
        one
        for one in cosmos.sql_resources.list_sql_role_assignments(GROUP, ACCOUNT)
        if one.principal_id == principal
    )


def take(azure, cosmos, principal):
    name = assignment(cosmos, principal).name
    azure.finish(lambda: cosmos.sql_resources.begin_delete_sql_role_assignment(name, GROUP, ACCOUNT), 5)


def test_a_bad_release_spoils_more_and_more_until_its_app_is_stopped(azure):
    azure.advance(30)
    assert azure.tenant()["healthy"]
    corrupt(azure, rate=2)
    azure.advance(20)
    first = told(azure)["damaged"]["messages"]["bad"]
    azure.advance(20)
    truth = azure.truth()["corruption"]
    assert truth["accounts"][ACCOUNT]["damaged"]["messages"]["bad"] > first > 20
    assert len(truth["files"]["stfasprod"]) == 8
    assert "damaged" in azure.tenant()["reason"]
    with azure.client(ContainerAppsAPIClient) as apps:
        azure.finish(lambda: apps.container_apps.begin_stop(GROUP, "ca-agent-service"), 15)
        azure.advance(2)
        stopped = told(azure)["damaged"]["messages"]["bad"]
        azure.finish(lambda: apps.container_apps.begin_start(GROUP, "ca-agent-service"), 60)
    azure.advance(60)
    assert told(azure)["damaged"]["messages"]["bad"] == stopped
    assert azure.truth()["corruption"]["writing"] == []
    assert not azure.tenant()["healthy"]


def test_a_script_is_stopped_by_taking_its_role(azure, cosmos):
    corrupt(azure, writer="script", containers=["runs"])
    azure.advance(10)
    assert set(told(azure)["damaged"]) == {"runs"}
    take(azure, cosmos, roles.LOADER)
    azure.advance(2)
    before = told(azure)["damaged"]["runs"]["bad"]
    azure.advance(30)
    assert told(azure)["damaged"]["runs"]["bad"] == before


def test_without_its_role_the_agent_service_serves_nobody(azure, cosmos):
    take(azure, cosmos, contoso.AGENT_PRINCIPAL)
    azure.advance(2)
    assert "may not write" in azure.tenant()["reason"]


def test_what_was_spoiled_can_be_seen_in_the_documents(azure):
    before = azure.inside(_counts)
    corrupt(azure, rate=10, containers=["threads"])
    azure.advance(30)

    def look(world):
        there = _container(world, "threads")
        return [
            (number, what, there.read("contoso", content.key_of("threads", number)))
            for number, what in there.bad()
        ]

    found = azure.inside(look)
    assert {what for _, what, _ in found} == {"overwritten", "deleted", "moved"}
    for number, what, document in found:
        home = contoso.TENANTS[number % 2]
        if what == "deleted" or (what == "moved") == (home == "contoso"):
            assert document is None, (number, what)
        elif document is not None:
            assert content.digest(document) != document["hash"]
    gone = sum(what == "deleted" for _, what, _ in found)
    assert sum(azure.inside(_counts).values()) == sum(before.values()) - gone


def _container(world, name, account=ACCOUNT):
    found = next(
        one for one in world.of_type("Microsoft.DocumentDB/databaseAccounts") if one["name"] == account
    )
    return content.Container(world, found, name)


def _counts(world, account=ACCOUNT):
    return {tenant: _container(world, "threads", account).count(tenant) for tenant in contoso.TENANTS}


def restore(azure, cosmos, at, **more):
    instance = next(iter(cosmos.restorable_database_accounts.list_by_location("japaneast")))
    body = {
        "location": "japaneast",
        "properties": {
            "databaseAccountOfferType": "Standard",
            "locations": [{"locationName": "Japan East", "failoverPriority": 0}],
            "createMode": "Restore",
            "restoreParameters": {
                "restoreMode": "PointInTime",
                "restoreSource": instance.id,
                "restoreTimestampInUtc": datetime.fromtimestamp(at, UTC).isoformat(),
                **more,
            },
        },
    }
    return cosmos.database_accounts.begin_create_or_update(GROUP, NEW, body)


def test_an_account_is_restored_to_a_moment_into_a_new_one(azure, cosmos):
    azure.advance(100)
    at, before = azure.clock.now(), azure.truth()["cosmos"][ACCOUNT]["documents"]
    azure.advance(20)
    corrupt(azure)
    azure.advance(60)
    poller = restore(azure, cosmos, at)
    azure.advance(500)
    assert cosmos.database_accounts.get(GROUP, NEW).provisioning_state == "Creating"
    azure.advance(400)
    account = poller.result(timeout=20)
    assert (account.provisioning_state, account.create_mode) == ("Succeeded", "Restore")
    truth = azure.truth()
    assert truth["corruption"]["accounts"][NEW]["damaged"] == {}
    after = truth["cosmos"][NEW]["documents"]
    assert {
        name: after[name] - count for name, count in before.items() if abs(after[name] - count) > 10
    } == {}
    assert list(cosmos.sql_resources.list_sql_role_assignments(GROUP, NEW)) == [], "roles are not restored"
    names = [one.name for one in cosmos.sql_resources.list_sql_containers(GROUP, NEW, "agents")]
    assert names == ["canary", "files", "messages", "runs", "threads"]
    assert told(azure)["damaged"]["messages"]["bad"] > 100, "the corrupted one is kept"


def test_a_moment_amid_the_corruption_brings_what_was_bad_by_then(azure, cosmos):
    corrupt(azure, rate=1)
    azure.advance(40)
    at = azure.clock.now()
    azure.advance(40)
    azure.finish(lambda: restore(azure, cosmos, at), 900)
    assert 35 <= told(azure, NEW)["damaged"]["messages"]["bad"] <= 41


def test_a_restore_that_cannot_be_is_refused(azure, cosmos):
    for wrong in (azure.clock.now() + 60, azure.clock.now() - 40 * 86_400):
        with pytest.raises(HttpResponseError) as failure:
            restore(azure, cosmos, wrong)
        assert failure.value.status_code == 400
    with pytest.raises(HttpResponseError):
        cosmos.database_accounts.begin_create_or_update(
            GROUP, NEW, {"location": "japaneast", "properties": {}}
        )


def test_a_failed_restore_leaves_no_account(azure, cosmos):
    azure.fault("lro_failed", NEW, count=1)
    with pytest.raises(HttpResponseError):
        azure.finish(lambda: restore(azure, cosmos, azure.clock.now()), 900)
    with pytest.raises(ResourceNotFoundError):
        cosmos.database_accounts.get(GROUP, NEW)


def test_a_deleted_container_is_restored_in_place(azure, cosmos):
    azure.advance(30)
    at, before = azure.clock.now(), azure.inside(_counts)
    azure.advance(5)
    corrupt(azure, dropped=["threads"], containers=["threads"], writer="script")
    azure.advance(5)
    assert "'threads' of cosmos-fas-prod is gone" in azure.tenant()["reason"]
    instance = next(iter(cosmos.restorable_database_accounts.list_by_location("japaneast")))
    listed = list(
        cosmos.restorable_sql_resources.list(
            "japaneast", instance.name, restore_timestamp_in_utc=datetime.fromtimestamp(at, UTC).isoformat()
        )
    )
    assert "threads" in listed[0].collection_names
    events = cosmos.restorable_sql_containers.list("japaneast", instance.name)
    assert [one.resource.owner_id for one in events if one.resource.operation_type == "Delete"] == ["threads"]
    parameters = {
        "restoreSource": instance.id,
        "restoreTimestampInUtc": datetime.fromtimestamp(at, UTC).isoformat(),
    }
    body = {
        "properties": {
            "resource": {"id": "threads", "createMode": "Restore", "restoreParameters": parameters},
            "options": {},
        }
    }
    begin = cosmos.sql_resources.begin_create_update_sql_container
    azure.finish(lambda: begin(GROUP, ACCOUNT, "agents", "threads", body), 600)
    assert azure.inside(_counts) == before
    azure.advance(2)
    assert azure.tenant()["healthy"]
    with pytest.raises(HttpResponseError):
        begin(GROUP, ACCOUNT, "agents", "threads", body)


def test_roles_are_given_and_taken_one_after_another(azure, cosmos):
    resources = cosmos.sql_resources
    found = {one.principal_id: one for one in resources.list_sql_role_assignments(GROUP, ACCOUNT)}
    assert len(found) == 4
    loader = found[roles.LOADER]
    resources.begin_delete_sql_role_assignment(loader.name, GROUP, ACCOUNT, polling=False)
    with pytest.raises(HttpResponseError) as failure:
        resources.begin_delete_sql_role_assignment(found[contoso.AGENT_PRINCIPAL].name, GROUP, ACCOUNT)
    assert failure.value.status_code == 412
    azure.advance(5)
    definition = resources.get_sql_role_definition(roles.LOADER_ROLE, GROUP, ACCOUNT)
    assert definition.role_name == "Agents Loader"
    body = {
        "properties": {
            "principalId": loader.principal_id,
            "roleDefinitionId": loader.role_definition_id,
            "scope": loader.scope,
        }
    }
    again = azure.finish(
        lambda: resources.begin_create_update_sql_role_assignment(loader.name, GROUP, ACCOUNT, body), 5
    )
    assert again.principal_id == loader.principal_id
    assert len(list(resources.list_sql_role_definitions(GROUP, ACCOUNT))) == 3


def blob_names(azure):
    with BlobServiceClient(
        "https://stfasprod.blob.core.windows.net",
        azure.connection.credential,
        transport=azure.connection.transport,
    ) as blobs:
        return sorted(blobs.get_container_client("agent-files").list_blob_names())


def test_blobs_of_a_range_go_back_to_a_moment(azure):
    azure.advance(30)
    at, names = azure.clock.now(), blob_names(azure)
    corrupt(azure)
    azure.advance(100)
    azure.finish(lambda: _stop(azure), 15)
    assert len(blob_names(azure)) < len(names)
    ranges = [{"startRange": "agent-files/", "endRange": "agent-files0"}]
    body = {"timeToRestore": datetime.fromtimestamp(at, UTC).isoformat(), "blobRanges": ranges}
    with azure.client(StorageManagementClient) as storage:
        begin = storage.storage_accounts.begin_restore_blob_ranges
        azure.finish(lambda: begin(GROUP, "stfasprod", body), 300)
        shown = storage.storage_accounts.get_properties(GROUP, "stfasprod", expand="blobRestoreStatus")
        assert shown.blob_restore_status.status == "Complete"
    assert blob_names(azure) == names
    assert azure.truth()["corruption"]["files"]["stfasprod"] == []


def _stop(azure):
    return azure.client(ContainerAppsAPIClient).container_apps.begin_stop(GROUP, "ca-agent-service")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda world, row: row["properties"].update(isHnsEnabled=True), "FeatureNotSupportedForAccount"),
        (
            lambda world, row: world.resources.delete(row["id"] + "/blobServices/default"),
            "RestorePolicyNotEnabled",
        ),
    ],
)
def test_a_restore_of_blobs_needs_a_policy_and_a_flat_namespace(azure, change, code):
    def work(world):
        row = next(
            dict(one)
            for one in world.of_type("Microsoft.Storage/storageAccounts")
            if one["name"] == "stfasprod"
        )
        change(world, row)
        world.put_resource(row)

    azure.inside(work)
    body = {
        "timeToRestore": datetime.fromtimestamp(azure.clock.now() - 60, UTC).isoformat(),
        "blobRanges": [],
    }
    with azure.client(StorageManagementClient) as storage, pytest.raises(HttpResponseError) as failure:
        storage.storage_accounts.begin_restore_blob_ranges(GROUP, "stfasprod", body)
    assert failure.value.error.code == code


def test_a_deleted_container_of_blobs_comes_back(azure):
    names = blob_names(azure)
    with BlobServiceClient(
        "https://stfasprod.blob.core.windows.net",
        azure.connection.credential,
        transport=azure.connection.transport,
    ) as blobs:
        blobs.delete_container("agent-files")
        with pytest.raises(ResourceNotFoundError):
            blob_names(azure)
        gone = next(one for one in blobs.list_containers(include_deleted=True) if one.deleted)
        blobs.undelete_container("agent-files", gone.version)
    assert blob_names(azure) == names
