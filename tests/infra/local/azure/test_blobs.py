import hashlib
import os
import threading

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobBlock, BlobServiceClient, ContentSettings, LinearRetry

from infra.local.azure import ManualClock
from infra.local.azure.contoso import EAST, resource_id
from shared.gateways.blobs import Blobs
from tests.infra.local.azure.data_planes import Lab, lab, running

assert lab  # a fixture: imported for its name
OPS = "https://stfasops.blob.core.windows.net"
PROD = "https://stfasprod.blob.core.windows.net"
COPY = "https://stfasprod-secondary.blob.core.windows.net"
BYTES = bytes(range(256)) * 3


def service(lab: Lab, url=OPS, **options) -> BlobServiceClient:
    return BlobServiceClient(
        url,
        lab.connection.credential,
        transport=lab.connection.transport,
        retry_policy=LinearRetry(retry_total=0),
        **options,
    )


@pytest.fixture
def container(lab):
    return service(lab).create_container("records", metadata={"kept": "7y"})


def test_what_is_stored_comes_back_byte_for_byte(lab, container):
    settings = ContentSettings(content_type="application/pdf", cache_control="no-store")
    blob = container.upload_blob(
        "runs/R 1/Ä+%&.pdf", BYTES, metadata={"run": "r1"}, content_settings=settings
    )
    assert blob.download_blob().readall() == BYTES
    assert blob.download_blob(offset=250, length=10).readall() == BYTES[250:260]
    assert blob.download_blob(offset=700).readall() == BYTES[700:]
    found = blob.get_blob_properties()
    assert (found.size, found.metadata, found.blob_type) == (768, {"run": "r1"}, "BlockBlob")
    assert found.content_settings.content_type == "application/pdf"
    assert found.content_settings.cache_control == "no-store"
    assert bytes(found.content_settings.content_md5) == hashlib.md5(BYTES).digest()
    assert lab.truth()["blobs"]["stfasops/records/runs/R 1/Ä+%&.pdf"]["length"] == 768


def test_every_slash_of_a_name_counts(lab, container):
    for name in ("a/b", "a//b", "a/b/"):
        container.upload_blob(name, name.encode())
    assert container.download_blob("a//b").readall() == b"a//b"
    assert list(container.list_blob_names()) == ["a//b", "a/b", "a/b/"]


def test_an_empty_blob_and_names_that_differ_by_case(lab, container):
    container.upload_blob("a", b"")
    container.upload_blob("A", b"x")
    container.upload_blob("^41;", b"y")
    assert [container.download_blob(name).readall() for name in ("a", "A", "^41;")] == [b"", b"x", b"y"]
    assert list(container.list_blob_names()) == ["A", "^41;", "a"]


def test_large_blobs_go_and_come_in_blocks(lab):
    small = {
        "max_single_put_size": 1024,
        "max_block_size": 1024,
        "max_single_get_size": 2048,
        "max_chunk_get_size": 1000,
    }
    container = service(lab, **small).create_container("big")
    content = os.urandom(10_500)
    blob = container.upload_blob("b", content, content_settings=ContentSettings(content_type="text/x"))
    assert blob.download_blob().readall() == content
    assert blob.get_blob_properties().content_settings.content_type == "text/x"
    committed, uncommitted = blob.get_block_list("all")
    assert (len(committed), uncommitted) == (11, [])
    # A block list may mix what is committed with what is new.
    blob.stage_block("bmV3", b"new")
    assert len(blob.get_block_list("all")[1]) == 1
    blob.commit_block_list([BlobBlock(committed[0].id), BlobBlock("bmV3")])
    assert blob.download_blob().readall() == content[:1024] + b"new"
    with pytest.raises(HttpResponseError) as caught:
        blob.commit_block_list([BlobBlock("bm9uZQ==")])
    assert caught.value.error_code == "InvalidBlockList"
    assert blob.download_blob().readall() == content[:1024] + b"new"


def test_listing_with_prefix_delimiter_and_pages(lab, container):
    for number in range(7):
        container.upload_blob(f"x/{number % 2}/{number}", b"1", metadata={"n": str(number)})
    container.upload_blob("y & <z>", b"1")
    assert list(container.list_blob_names(name_starts_with="x/1/")) == ["x/1/1", "x/1/3", "x/1/5"]
    pages = container.list_blobs(results_per_page=3, include=["metadata"]).by_page()
    assert [[blob.name for blob in page] for page in pages] == [
        ["x/0/0", "x/0/2", "x/0/4"],
        ["x/0/6", "x/1/1", "x/1/3"],
        ["x/1/5", "y & <z>"],
    ]
    assert next(iter(container.list_blobs(name_starts_with="x/1/3", include="metadata"))).metadata == {
        "n": "3"
    }
    assert [item.name for item in container.walk_blobs(delimiter="/")] == ["x/", "y & <z>"]
    assert [found.name for found in service(lab).list_containers(include_metadata=True)] == ["records"]


def test_conditions_decide_who_wins(lab, container):
    blob = container.get_blob_client("b")
    first = blob.upload_blob(b"1")
    with pytest.raises(ResourceExistsError) as caught:
        blob.upload_blob(b"2", overwrite=False)
    assert (caught.value.status_code, caught.value.error_code) == (409, "BlobAlreadyExists")
    second = blob.upload_blob(
        b"2", overwrite=True, etag=first["etag"], match_condition=MatchConditions.IfNotModified
    )
    with pytest.raises(ResourceModifiedError) as caught:
        blob.upload_blob(
            b"3", overwrite=True, etag=first["etag"], match_condition=MatchConditions.IfNotModified
        )
    assert caught.value.error_code == "ConditionNotMet"
    with pytest.raises(HttpResponseError) as caught:
        blob.download_blob(etag=second["etag"], match_condition=MatchConditions.IfModified)
    assert caught.value.status_code == 304
    with pytest.raises(ResourceModifiedError):
        blob.delete_blob(etag=first["etag"], match_condition=MatchConditions.IfNotModified)
    assert blob.download_blob().readall() == b"2"


def test_one_of_many_writers_creates_the_blob(lab, container):
    won = []

    def write(number):
        try:
            container.upload_blob("leader", str(number).encode(), overwrite=False)
            won.append(number)
        except ResourceExistsError:
            pass

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert container.download_blob("leader").readall() == str(won[0]).encode()


def test_metadata_properties_and_tier_change_without_the_content(lab, container):
    blob = container.upload_blob("b", BYTES)
    before = blob.get_blob_properties()
    blob.set_standard_blob_tier("Cool")
    assert blob.get_blob_properties().etag == before.etag
    blob.set_blob_metadata({"a": "b"})
    blob.set_http_headers(ContentSettings(content_type="text/plain"))
    after = blob.get_blob_properties()
    assert (after.blob_tier, after.metadata, after.content_settings.content_type) == (
        "Cool",
        {"a": "b"},
        "text/plain",
    )
    assert after.etag != before.etag
    assert blob.download_blob().readall() == BYTES


def test_what_is_not_there(lab, container):
    with pytest.raises(ResourceNotFoundError) as caught:
        container.download_blob("none")
    assert caught.value.error_code == "BlobNotFound"
    with pytest.raises(ResourceNotFoundError) as caught:
        service(lab).get_blob_client("nowhere", "b").upload_blob(b"x")
    assert caught.value.error_code == "ContainerNotFound"
    assert not container.get_blob_client("none").exists()
    assert not service(lab).get_container_client("nowhere").exists()
    assert container.exists()
    with pytest.raises(ResourceExistsError) as caught:
        service(lab).create_container("records")
    assert caught.value.error_code == "ContainerAlreadyExists"
    with pytest.raises(HttpResponseError) as caught:
        service(lab).create_container("No")
    assert caught.value.error_code == "InvalidResourceName"


def test_a_deleted_container_is_gone_with_its_blobs_and_its_name_waits(lab, container):
    container.upload_blob("b", BYTES)
    container.delete_container()
    assert lab.truth()["blobs"] == {
        key: row for key, row in lab.truth()["blobs"].items() if "stfasops" not in key
    }
    with pytest.raises(ResourceExistsError) as caught:
        service(lab).create_container("records")
    assert caught.value.error_code == "ContainerBeingDeleted"
    lab.advance(31)
    service(lab).create_container("records")
    assert list(container.list_blob_names()) == []


def test_deleting_lets_go_of_the_content(lab, container):
    def contents():
        return lab.inside(lambda world: len(list(world.table("blob content").rows())))

    before = contents()
    container.upload_blob("b", BYTES)
    container.upload_blob("b", b"other", overwrite=True)
    container.upload_blob("same", b"other")
    assert contents() == before + 1
    container.delete_blob("b")
    assert container.download_blob("same").readall() == b"other"
    container.delete_blob("same")
    assert contents() == before


@pytest.mark.parametrize(
    "call",
    [
        lambda container: container.get_blob_client("b").create_snapshot(),
        lambda container: container.get_blob_client("b").acquire_lease(),
        lambda container: container.get_blob_client("a").create_page_blob(512),
        lambda container: container.get_blob_client("b").set_blob_tags({"a": "b"}),
        lambda container: container.get_blob_client("c").start_copy_from_url(f"{OPS}/records/b"),
    ],
)
def test_what_it_cannot_do_it_says(lab, container, call):
    container.upload_blob("b", BYTES)
    with pytest.raises(HttpResponseError) as caught:
        call(container)
    assert (caught.value.status_code, caught.value.error_code) == (501, "NotImplemented")


def test_without_a_token_nothing_is_told(lab, container):
    answer = lab.http.get(f"{OPS}/records?restype=container&comp=list")
    assert answer.status_code == 401
    assert "<Code>NoAuthenticationInformation</Code>" in answer.text
    assert "storage.azure.com" in answer.headers["WWW-Authenticate"]
    assert lab.http.get(f"{OPS}/records/b?sig=abc").status_code == 403


def test_a_damaged_upload_is_refused(lab, container):
    url = f"{OPS}/records/b"
    headers = {
        "Authorization": "Bearer t",
        "x-ms-blob-type": "BlockBlob",
        "Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    answer = lab.http.put(url, content=b"x", headers=headers)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "Md5Mismatch")
    container.upload_blob("b", BYTES, validate_content=False)


def test_blobs_survive_a_restart(tmp_path):
    clock = ManualClock()
    with running(tmp_path / "state.db", clock) as lab:
        service(lab).create_container("records").upload_blob("b", BYTES)
        etag = service(lab).get_blob_client("records", "b").get_blob_properties().etag
    with running(tmp_path / "state.db", clock) as lab:
        blob = service(lab).get_blob_client("records", "b")
        assert blob.download_blob().readall() == BYTES
        assert blob.get_blob_properties().etag == etag


def test_the_copy_is_behind_read_only_and_there_while_the_primary_is_out(lab):
    container = service(lab, PROD).create_container("files")
    blob = container.upload_blob("b", b"old")
    lab.advance(200)
    blob.upload_blob(b"new", overwrite=True)
    copy = service(lab, COPY).get_blob_client("files", "b")
    assert copy.download_blob().readall() == b"old"
    outage = lab.fault("region_outage", "japaneast")
    with pytest.raises(AzureError):
        blob.download_blob()
    lab.advance(500)
    assert copy.download_blob().readall() == b"old"
    stats = service(lab, COPY).get_service_stats()
    assert stats["geo_replication"]["last_sync_time"] is not None
    with pytest.raises(HttpResponseError) as caught:
        copy.upload_blob(b"x", overwrite=True)
    assert (caught.value.status_code, caught.value.error_code) == (403, "InsufficientAccountPermissions")
    lab.end(outage)
    lab.advance(200)
    assert copy.download_blob().readall() == b"new"
    assert blob.download_blob().readall() == b"new"


def test_a_failover_serves_the_primary_address_from_the_copy_and_loses_what_it_had_not(lab):
    container = service(lab, PROD).create_container("files")
    container.upload_blob("b", b"old")
    container.upload_blob("deleted late", b"kept")
    lab.advance(200)
    container.upload_blob("b", b"new", overwrite=True)
    container.upload_blob("c", b"never there")
    container.delete_blob("deleted late")
    lab.fault("region_outage", "japaneast")
    account = resource_id(EAST, "Microsoft.Storage/storageAccounts", "stfasprod")
    lab.http.post(
        f"https://management.azure.com{account}/failover?api-version=2025-01-01",
        headers={"Authorization": "Bearer t"},
    ).raise_for_status()
    lab.advance(299)
    with pytest.raises(AzureError):
        container.exists()
    lab.advance(1)
    assert list(container.list_blob_names()) == ["b", "deleted late"]
    assert container.download_blob("b").readall() == b"old"
    container.upload_blob("d", b"written in the new region")
    with pytest.raises(AzureError):
        service(lab, COPY).get_container_client("files").exists()


def test_an_account_without_a_copy_or_that_nobody_has_is_no_host(lab):
    for name in ("stfasops-secondary", "stnobody"):
        with pytest.raises(AzureError):
            service(lab, f"https://{name}.blob.core.windows.net").get_blob_client("c", "b").exists()


def test_an_answer_that_is_lost_leaves_the_blob(lab, container):
    lab.fault("ack_lost", "/records/b", count=1)
    with pytest.raises(AzureError):
        container.upload_blob("b", BYTES)
    assert container.download_blob("b").readall() == BYTES
    entry = [one for one in lab.ledger() if one["path"] == "/records/b"]
    assert [(one["method"], one["body"], one["answered"]) for one in entry] == [("PUT", "768 bytes", False)]


def test_our_gateway_writes_reads_and_lists(lab):
    blobs = Blobs(lab.connection)
    assert blobs.read(OPS, "evidence", "a/b.json") is None
    assert blobs.names(OPS, "evidence", "") == ()
    for _ in range(2):
        blobs.write(OPS, "evidence", "a/b.json", b'{"x": 1}', "application/json")
    assert blobs.read(OPS, "evidence", "a/b.json") == b'{"x": 1}'
    assert blobs.names(OPS, "evidence", "a/") == ("a/b.json",)
