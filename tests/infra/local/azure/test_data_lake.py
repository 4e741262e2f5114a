"""A data lake through the real SDK and our own gateway: deleted files, snapshots, copies; no ranges."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobServiceClient, LinearRetry

from shared.gateways.data_lake import DataLake
from tests.infra.local.azure.data_planes import lab

__all__ = ["lab"]
URL = "https://stprodeus2aidatalake.blob.core.windows.net"
NAME = "customer-data/2026-01.jsonl"


@pytest.fixture
def blobs(lab):
    link = lab.connection
    retry = LinearRetry(retry_total=0)
    return BlobServiceClient(URL, link.credential, transport=link.transport, retry_policy=retry)


@pytest.fixture
def lake(lab):
    return DataLake(lab.connection)


def test_a_deleted_file_is_kept_and_comes_back_whole(lab, blobs, lake):
    before = lake.files(URL, "curated")
    blob = blobs.get_blob_client("curated", NAME)
    content = blob.download_blob().readall()
    lab.advance(60)
    blob.delete_blob()
    assert NAME not in {file.name for file in lake.files(URL, "curated")}
    (gone,) = lake.deleted(URL, "curated")
    assert (gone.name, gone.deleted) == (NAME, datetime.fromtimestamp(lab.clock.now(), UTC))
    lake.undelete(URL, "curated", gone)
    assert lake.deleted(URL, "curated") == ()
    assert blob.download_blob().readall() == content
    assert lake.files(URL, "curated") == before
    with pytest.raises(Exception, match="HTTP 404"):
        lake.undelete(URL, "curated", gone)


def test_a_name_that_is_taken_again_is_not_overwritten(lab, blobs, lake):
    blob = blobs.get_blob_client("curated", NAME)
    blob.delete_blob()
    (gone,) = lake.deleted(URL, "curated")
    blob.upload_blob(b"new")
    with pytest.raises(Exception, match="HTTP 409"):
        lake.undelete(URL, "curated", gone)
    assert blob.download_blob().readall() == b"new"


def test_a_file_is_taken_back_from_a_snapshot(lab, blobs, lake):
    blob = blobs.get_blob_client("curated", NAME)
    content = blob.download_blob().readall()
    lab.advance(60)
    moment = blob.create_snapshot()["snapshot"]
    lab.advance(60)
    blob.upload_blob(b"spoilt", overwrite=True)
    (file,) = [one for one in lake.files(URL, "curated") if one.name == NAME]
    assert len(file.snapshots) == 2
    assert file.snapshots[-1] == moment
    assert file.written > file.created
    lake.take_back(URL, "curated", file, moment)
    assert blob.download_blob().readall() == content
    (file,) = [one for one in lake.files(URL, "curated") if one.name == NAME]
    assert file.restored_from == moment
    with pytest.raises(Exception, match="HTTP 404"):
        lake.take_back(URL, "curated", file, "2020-01-01T00:00:00.0000000Z")


def test_what_was_kept_is_let_go_after_its_time(lab, blobs, lake):
    blobs.get_blob_client("curated", NAME).delete_blob()
    (gone,) = lake.deleted(URL, "curated")
    lab.advance(timedelta(days=14, hours=2).total_seconds())
    assert lake.deleted(URL, "curated") == ()
    with pytest.raises(Exception, match="HTTP 404"):
        lake.undelete(URL, "curated", gone)


def test_a_deleted_container_comes_back_with_its_files(lab, blobs, lake):
    blobs.delete_container("curated")
    assert lake.files(URL, "curated") is None
    assert lake.undelete_container(URL, "curated")
    assert len(lake.files(URL, "curated")) == 12
    assert not lake.undelete_container(URL, "never-there")


def test_a_range_cannot_be_restored(lab):
    account = ("rg-prod-eus2-ai-01", "stprodeus2aidatalake")
    body = {"timeToRestore": "2025-12-31T00:00:00Z", "blobRanges": [{"startRange": "", "endRange": ""}]}
    with lab.client(StorageManagementClient) as client, pytest.raises(HttpResponseError) as caught:
        client.storage_accounts.begin_restore_blob_ranges(*account, body)
    assert caught.value.status_code == 409
    assert "hierarchical namespace" in str(caught.value)


def test_what_the_account_keeps_is_told(lab, lake):
    groups = "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/"
    kind = "/providers/Microsoft.Storage/storageAccounts/"
    found = lake.kept(f"{groups}rg-prod-eus2-ai-01{kind}stprodeus2aidatalake")
    assert (found.hierarchical, found.file_days, found.container_days, found.restore_days) == (
        True,
        14,
        14,
        0,
    )
    found = lake.kept(f"{groups}rg-fas-japaneast{kind}stfasprod")
    assert (found.hierarchical, found.restore_days) == (False, 29)
    assert lake.kept(f"{groups}rg-fas-japaneast{kind}nothing") is None


def test_a_flat_account_knows_none_of_this(lab):
    flat = DataLake(lab.connection)
    url = "https://stfasprod.blob.core.windows.net"
    answer = httpx.put(
        f"{lab.url}/agent-files/contoso/file-0000.txt?comp=undelete",
        headers={
            "x-sim-host": "stfasprod.blob.core.windows.net",
            "Authorization": "Bearer t",
            "x-ms-version": "2023-11-03",
            "x-ms-undelete-source": "contoso/file-0000.txt?deletionid=1",
        },
    )
    assert answer.status_code >= 400
    assert len(flat.files(url, "agent-files")) == 48


def test_only_what_exists_can_be_damaged(lab):
    for fault in ({"target": "none/x"}, {"target": "curated", "details": {"how": "slowly"}}):
        answer = httpx.post(f"{lab.url}/_sim/faults", json={"kind": "lake_damaged", **fault})
        assert answer.status_code == 400
