import json

import pytest
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.search.documents import SearchClient
from azure.search.documents.indexes import SearchIndexClient, SearchIndexerClient

from infra.local.azure import ManualClock
from infra.local.azure.contoso import APP_SETTINGS, COSMOS, EAST, resource_id
from infra.local.azure.services import dependencies
from shared.gateways.blobs import Blobs
from shared.gateways.search import SearchServices
from tests.infra.local.azure.data_planes import Lab, lab, running

assert lab  # a fixture: imported for its name
HOME = "https://srch-fas-japaneast.search.windows.net"
AWAY = "https://srch-fas-japanwest.search.windows.net"
DATABASE = resource_id(EAST, "Microsoft.DocumentDB/databaseAccounts", COSMOS)
ACCOUNT = resource_id(EAST, "Microsoft.Storage/storageAccounts", "stfasprod")
COPY = "https://stfasprod-secondary.blob.core.windows.net"


def index_client(lab: Lab, url=AWAY) -> SearchIndexClient:
    return SearchIndexClient(url, **lab.sdk)


def indexer_client(lab: Lab, url=AWAY) -> SearchIndexerClient:
    return SearchIndexerClient(url, **lab.sdk)


def search_client(lab: Lab, index, url=AWAY) -> SearchClient:
    return SearchClient(url, index, **lab.sdk)


def definition(lab: Lab, name="agents-v2"):
    content = Blobs(lab.connection).read(COPY, "search-snapshots", "agents-v1/index.json")
    return {**json.loads(content), "name": name}


def manifest(lab: Lab):
    return json.loads(Blobs(lab.connection).read(COPY, "search-snapshots", "agents-v1/manifest.json"))


def snapshot_source(**changes):
    source = {
        "name": "snap",
        "type": "azureblob",
        "credentials": {"connectionString": f"ResourceId={ACCOUNT};"},
        "container": {"name": "search-snapshots", "query": "agents-v1/"},
    }
    return {**source, **changes}


def database_source(query=None, **changes):
    source = {
        "name": "db",
        "type": "cosmosdb",
        "credentials": {
            "connectionString": f"ResourceId={DATABASE};Database=agents;IdentityAuthType=AccessToken"
        },
        "container": {"name": "messages", "query": query},
    }
    return {**source, **changes}


def indexer(source, index="agents-v2", name=None, **changes):
    settings = {"parsingMode": "jsonLines", "indexedFileNameExtensions": ".jsonl"}
    parameters = {"configuration": settings} if source == "snap" else {}
    body = {
        "name": name or source,
        "dataSourceName": source,
        "targetIndexName": index,
        "parameters": parameters,
    }
    return {**body, **changes}


def begin(lab: Lab, source, name="agents-v2", **changes):
    index_client(lab).create_or_update_index(definition(lab, name))
    indexer_client(lab).create_or_update_data_source_connection(source)
    indexer_client(lab).create_or_update_indexer(indexer(source["name"], name, **changes))


def messages(lab: Lab) -> int:
    return lab.truth()["cosmos"][COSMOS]["documents"]["messages"]


def last(lab: Lab, name, url=AWAY):
    return indexer_client(lab, url).get_indexer_status(name).last_result


def test_the_primary_is_full_and_the_recovery_service_empty(lab):
    assert list(index_client(lab, HOME).list_index_names()) == ["agents-v1"]
    assert index_client(lab, HOME).get_alias("agents").indexes == ["agents-v1"]
    assert search_client(lab, "agents", HOME).get_document_count() == 120_000
    assert index_client(lab, HOME).get_index_statistics("agents-v1").document_count == 120_000
    assert list(indexer_client(lab, HOME).get_indexer_names()) == ["agents-live"]
    assert list(index_client(lab).list_index_names()) == []
    assert list(index_client(lab).list_aliases()) == []
    found = manifest(lab)
    assert (found["index"], found["documents"]) == ("agents-v1", 118_000)
    assert lab.clock.now() - found["max_ts"] == pytest.approx(86_400, abs=2)


def test_a_snapshot_takes_240_seconds_and_the_delta_after_it_60(lab):
    begin(lab, snapshot_source())
    lab.advance(120)
    half = last(lab, "snap")
    assert (half.status, half.item_count) == ("inProgress", 59_000)
    assert search_client(lab, "agents-v2").get_document_count() == 0
    lab.advance(119)
    assert last(lab, "snap").status == "inProgress"
    lab.advance(1)
    done = last(lab, "snap")
    assert (done.status, done.item_count, done.failed_item_count) == ("success", 118_000, 0)
    assert (done.end_time - done.start_time).total_seconds() == 240
    assert search_client(lab, "agents-v2").get_document_count() == 118_000

    query = f"SELECT * FROM c WHERE c._ts >= {manifest(lab)['max_ts']} ORDER BY c._ts"
    begin(lab, database_source(query))
    lab.advance(60)
    done = last(lab, "db")
    now = messages(lab)
    assert done.status == "success"
    # What is written in the second in which the run ends may be in it or not; 118,000 is in both.
    assert abs(done.item_count - (now - 118_000)) <= 30
    assert now - 30 <= search_client(lab, "agents-v2").get_document_count() <= now
    index_client(lab).create_or_update_alias({"name": "agents", "indexes": ["agents-v2"]})
    assert lab.truth()["search"]["srch-fas-japanwest"]["aliases"] == {"agents": "agents-v2"}


def test_a_full_rebuild_takes_420_seconds(lab):
    begin(lab, database_source())
    lab.advance(419)
    assert last(lab, "db").status == "inProgress"
    with pytest.raises(ResourceExistsError, match="concurrent invocations are not allowed"):
        indexer_client(lab).run_indexer("db")
    lab.advance(1)
    assert last(lab, "db").status == "success"
    assert search_client(lab, "agents-v2").get_document_count() >= 120_000


def test_an_indexer_that_tracks_changes_reads_only_what_is_new(lab):
    policy = {
        "@odata.type": "#Microsoft.Azure.Search.HighWaterMarkChangeDetectionPolicy",
        "highWaterMarkColumnName": "_ts",
    }
    query = "SELECT * FROM c WHERE c._ts >= @HighWaterMark ORDER BY c._ts"
    begin(lab, database_source(query, dataChangeDetectionPolicy=policy))
    lab.advance(420)
    indexer_client(lab).run_indexer("db")
    lab.advance(60)
    again = last(lab, "db")
    assert again.status == "success"
    assert 0 < again.item_count < 10_000
    indexer_client(lab).reset_indexer("db")
    assert last(lab, "db").status == "reset"
    indexer_client(lab).run_indexer("db")
    lab.advance(61)
    assert last(lab, "db").status == "inProgress"
    history = indexer_client(lab).get_indexer_status("db").execution_history
    assert [run.status for run in history] == ["reset", "success", "success"]


def test_the_live_indexer_keeps_the_primary_index_up_to_date(lab):
    lab.advance(900)
    count = search_client(lab, "agents", HOME).get_document_count()
    assert messages(lab) - 3000 < count <= messages(lab)
    assert last(lab, "agents-live", HOME).status == "success"
    assert last(lab, "agents-live", HOME).item_count > 1
    assert not [one for one in lab.truth()["operations"] if one["effect"] == "search.index"]
    lab.fault("region_outage", "japaneast")
    lab.advance(900)
    truth = lab.truth()["search"]["srch-fas-japaneast"]
    assert truth["indexes"]["agents-v1"] - count < 3000


def test_a_disabled_indexer_waits_for_its_run(lab):
    begin(lab, snapshot_source(), disabled=True)
    assert last(lab, "snap") is None
    indexer_client(lab).run_indexer("snap")
    assert last(lab, "snap").status == "inProgress"
    assert len(indexer_client(lab).get_indexer_status("snap").execution_history) == 0


def test_while_the_primary_region_is_out_the_snapshot_is_read_from_its_copy(lab):
    lab.fault("region_outage", "japaneast")
    with pytest.raises(AzureError):
        list(index_client(lab, HOME).list_index_names())
    begin(lab, snapshot_source())
    lab.advance(240)
    assert last(lab, "snap").status == "success"


def test_a_source_that_is_out_fails_the_run_until_it_is_back(lab):
    index_client(lab).create_or_update_index(definition(lab))
    faults = [
        lab.fault("endpoint_down", f"stfasprod{kind}.blob.core.windows.net") for kind in ("", "-secondary")
    ]
    indexer_client(lab).create_or_update_data_source_connection(snapshot_source())
    indexer_client(lab).create_or_update_indexer(indexer("snap"))
    lab.advance(20)
    failed = last(lab, "snap")
    assert failed.status == "transientFailure"
    assert "stfasprod" in failed.error_message
    for fault in faults:
        lab.end(fault)
    indexer_client(lab).run_indexer("snap")
    lab.advance(240)
    assert last(lab, "snap").status == "success"


def test_a_run_that_could_not_begin_fails_even_if_the_source_comes_back_meanwhile(lab):
    fault = lab.fault("endpoint_down", f"{COSMOS}.documents.azure.com")
    begin(lab, database_source())
    lab.end(fault)
    lab.advance(19)
    assert last(lab, "db").status == "inProgress"
    lab.advance(1)
    assert last(lab, "db").status == "transientFailure"


def test_a_source_that_goes_away_during_the_run_fails_it_and_moves_nothing(lab):
    begin(lab, database_source())
    lab.advance(100)
    lab.fault("endpoint_down", f"{COSMOS}.documents.azure.com")
    lab.advance(320)
    assert last(lab, "db").status == "transientFailure"
    assert search_client(lab, "agents-v2").get_document_count() == 0


def test_files_that_are_no_documents_fail_the_run_and_are_named(lab):
    begin(lab, snapshot_source(), parameters={"configuration": {"parsingMode": "jsonLines"}})
    lab.advance(240)
    failed = last(lab, "snap")
    assert failed.status == "transientFailure"
    assert {error.key for error in failed.errors} == {"agents-v1/index.json", "agents-v1/manifest.json"}
    assert search_client(lab, "agents-v2").get_document_count() == 0


def test_a_damaged_part_is_missing_from_the_count(lab):
    Blobs(lab.connection).write(
        "https://stfasprod.blob.core.windows.net",
        "search-snapshots",
        "agents-v1/part-00001.jsonl",
        b"",
        "text/x",
    )
    begin(lab, snapshot_source())
    lab.advance(240)
    assert search_client(lab, "agents-v2").get_document_count() == 88_500


def test_documents_can_be_looked_up_searched_and_pushed(lab):
    client = search_client(lab, "agents", HOME)
    found = client.get_document("m-0000007")
    assert set(found) == {"id", "tenant", "title", "content", "_ts"}
    assert found["tenant"] == "fabrikam"
    with pytest.raises(ResourceNotFoundError):
        client.get_document("m-9999999")
    since = manifest(lab)["max_ts"]
    hits = client.search(
        "billing", filter=f"_ts ge {since} and tenant eq 'contoso'", include_total_count=True, top=5
    )
    rows = list(hits)
    assert len(rows) == 5
    assert hits.get_count() == 251  # every eighth from 118,000 to 120,000, both included
    assert all(row["_ts"] >= since and "billing" in row["content"] for row in rows)
    newest = next(iter(client.search("*", order_by="_ts desc", top=1, select="id,_ts")))
    assert newest["id"] == "m-0120000"
    assert client.upload_documents([{"id": "new", "title": "zebra"}])[0].succeeded
    assert [row["id"] for row in client.search("zebra")] == ["new"]
    client.upload_documents([{"id": "m-0000007", "tenant": "contoso", "title": "okapi"}])
    assert [row["title"] for row in client.search("*", filter="id eq 'm-0000007'")] == ["okapi"]
    assert client.get_document("m-0000007")["title"] == "okapi"
    assert client.get_document_count() == 120_001
    client.delete_documents([{"id": "new"}, {"id": "m-0000007"}])
    assert client.get_document_count() == 119_999
    with pytest.raises(ResourceNotFoundError):
        client.get_document("m-0000007")


def test_an_alias_needs_an_index_and_guards_it(lab):
    with pytest.raises(HttpResponseError) as caught:
        index_client(lab).create_or_update_alias({"name": "agents", "indexes": ["nowhere"]})
    assert caught.value.status_code == 400
    with pytest.raises(HttpResponseError) as caught:
        index_client(lab, HOME).delete_index("agents-v1")
    assert caught.value.status_code == 400
    index_client(lab, HOME).delete_alias("agents")
    index_client(lab, HOME).delete_index("agents-v1")
    assert lab.truth()["search"]["srch-fas-japaneast"]["indexes"] == {}


@pytest.mark.parametrize(
    "call",
    [
        lambda lab: indexer_client(lab).create_or_update_indexer(indexer("nowhere")),
        lambda lab: begin(
            lab, snapshot_source(credentials={"connectionString": "AccountName=a;AccountKey=b"})
        ),
        lambda lab: begin(lab, snapshot_source(credentials={"connectionString": f"ResourceId={ACCOUNT}x;"})),
        lambda lab: begin(lab, snapshot_source(type="mysql")),
        lambda lab: begin(lab, database_source("SELECT * FROM c WHERE c.tenant = 'x'")),
        lambda lab: begin(lab, database_source(credentials={"connectionString": f"ResourceId={DATABASE};"})),
        lambda lab: index_client(lab).create_or_update_index(
            {"name": "a", "fields": [{"name": "x", "type": "Edm.String"}]}
        ),
        lambda lab: index_client(lab).create_or_update_index({**definition(lab), "name": "Upper"}),
        lambda lab: begin(lab, database_source(), schedule={"interval": "PT1M"}),
    ],
)
def test_what_the_service_refuses(lab, call):
    with pytest.raises(HttpResponseError) as caught:
        call(lab)
    assert caught.value.status_code == 400
    assert list(indexer_client(lab).get_indexer_names()) == []


def test_connection_strings_are_not_told_and_wrong_keys_are_not_taken(lab):
    begin(lab, snapshot_source())
    assert not indexer_client(lab).get_data_source_connection("snap").connection_string
    answer = lab.http.get(f"{AWAY}/indexes?api-version=2025-09-01", headers={"api-key": "k"})
    assert answer.status_code == 403
    entry = next(one for one in lab.ledger() if "datasources" in one["path"])
    assert entry["body"]["credentials"]["connectionString"] == "***"


def test_a_run_goes_on_over_a_restart(tmp_path):
    clock = ManualClock()
    with running(tmp_path / "state.db", clock) as lab:
        begin(lab, snapshot_source())
        lab.advance(100)
    with running(tmp_path / "state.db", clock) as lab:
        assert last(lab, "snap").status == "inProgress"
        lab.advance(140)
        assert last(lab, "snap").status == "success"
        assert search_client(lab, "agents-v2").get_document_count() == 118_000


def test_tenants_need_an_alias_that_leads_to_documents(lab):
    settings = {**APP_SETTINGS, "SEARCH_ENDPOINT": AWAY}

    def reason(settings=settings):
        return lab.inside(lambda world: dependencies.CHECKS["search"](world, settings))

    assert reason(APP_SETTINGS) is None
    assert "no alias" in reason()
    begin(lab, snapshot_source())
    index_client(lab).create_or_update_alias({"name": "agents", "indexes": ["agents-v2"]})
    assert "empty" in reason()
    lab.advance(240)
    assert reason() is None


def test_our_gateway_rebuilds_an_index(lab):
    search = SearchServices(lab.connection)
    assert search.alias(AWAY, "agents") is None
    assert search.last_run(AWAY, "snap") is None
    search.create_index(AWAY, definition(lab))
    search.create_data_source(AWAY, snapshot_source())
    search.create_indexer(AWAY, indexer("snap"))
    search.run_indexer(AWAY, "snap")
    assert search.last_run(AWAY, "snap").status == "running"
    lab.advance(240)
    assert search.last_run(AWAY, "snap").status == "succeeded"
    assert search.document_count(AWAY, "agents-v2") == 118_000
    search.set_alias(AWAY, "agents", "agents-v2")
    assert search.alias(AWAY, "agents") == "agents-v2"
    assert search.index_names(AWAY) == ("agents-v2",)
    assert search.indexer_names(AWAY) == ("snap",)
