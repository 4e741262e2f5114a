"""Append blobs, as the real SDK uses them."""

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, LinearRetry

from tests.infra.local.azure.data_planes import Lab, lab

assert lab  # a fixture: imported for its name
ACCOUNT = "https://stfasops.blob.core.windows.net"


def service(lab: Lab, url: str = ACCOUNT) -> BlobServiceClient:
    connection = lab.connection
    return BlobServiceClient(
        url, connection.credential, transport=connection.transport, retry_policy=LinearRetry(retry_total=0)
    )


def made(lab: Lab, url: str = ACCOUNT, name: str = "log.jsonl"):
    container = service(lab, url).get_container_client("logs")
    if not container.exists():
        container.create_container()
    blob = container.get_blob_client(name)
    blob.create_append_blob()
    return blob


def test_blocks_follow_each_other_and_are_read_as_one(lab):
    blob = made(lab)
    assert blob.download_blob().readall() == b""
    first = blob.append_block(b"one\n")
    second = blob.append_block(b"two\n")
    assert (int(first["blob_append_offset"]), int(second["blob_append_offset"])) == (0, 4)
    assert second["blob_committed_block_count"] == 2
    assert second["etag"] != first["etag"]
    assert blob.download_blob().readall() == b"one\ntwo\n"
    assert blob.download_blob(offset=4, length=3).readall() == b"two"
    properties = blob.get_blob_properties()
    assert (properties.blob_type, properties.size) == ("AppendBlob", 8)
    (listed,) = service(lab).get_container_client("logs").list_blobs()
    assert (listed.name, listed.blob_type, listed.size) == ("log.jsonl", "AppendBlob", 8)


def test_what_is_not_there_or_of_another_kind_is_refused(lab):
    blob = made(lab)
    container = service(lab).get_container_client("logs")
    with pytest.raises(ResourceNotFoundError):
        container.get_blob_client("other").append_block(b"x")
    whole = container.get_blob_client("whole")
    whole.upload_blob(b"x")
    with pytest.raises(ResourceExistsError) as caught:
        whole.append_block(b"x")
    assert caught.value.error_code == "InvalidBlobType"
    with pytest.raises(ResourceExistsError) as caught:
        blob.create_append_blob(match_condition=MatchConditions.IfMissing)
    assert caught.value.error_code == "BlobAlreadyExists"


def test_conditions_on_place_and_size(lab):
    blob = made(lab)
    blob.append_block(b"1234", appendpos_condition=0)
    with pytest.raises(HttpResponseError) as caught:
        blob.append_block(b"1234", appendpos_condition=0)
    assert (caught.value.status_code, caught.value.error_code) == (412, "AppendPositionConditionNotMet")
    with pytest.raises(HttpResponseError) as caught:
        blob.append_block(b"5", maxsize_condition=4)
    assert caught.value.error_code == "MaxBlobSizeConditionNotMet"
    assert blob.download_blob().readall() == b"1234"


def test_making_it_again_empties_it(lab):
    blob = made(lab)
    blob.append_block(b"old")
    blob.create_append_blob()
    blob.append_block(b"new")
    assert blob.download_blob().readall() == b"new"


def test_the_copy_in_the_other_region_is_behind(lab):
    blob = made(lab, "https://stfasprod.blob.core.windows.net")
    blob.append_block(b"early ")
    lab.advance(300)
    blob.append_block(b"late")
    copy = service(lab, "https://stfasprod-secondary.blob.core.windows.net").get_blob_client(
        "logs", "log.jsonl"
    )
    assert copy.download_blob().readall() == b"early "
    lab.advance(300)
    assert copy.download_blob().readall() == b"early late"


def test_it_can_be_deleted_and_made_anew(lab):
    blob = made(lab)
    blob.append_block(b"x")
    blob.delete_blob()
    assert not blob.exists()
    blob.create_append_blob()
    assert blob.download_blob().readall() == b""
