"""Blobs are written whole, read whole and listed in order."""

from concurrent.futures import ThreadPoolExecutor

from shared.gateways.blobs import Blobs
from shared.gateways.connection import Connection
from shared.gateways.preview import Preview
from tests.shared.actions.stage import Stage

ACCOUNT = "https://stfasops.blob.core.windows.net"


def test_what_was_written_is_read_and_the_container_is_made(stage: Stage) -> None:
    blobs = stage.azure.blobs
    assert blobs.names(ACCOUNT, "made-when-needed", "") == ()
    assert blobs.read(ACCOUNT, "made-when-needed", "a/b.json") is None
    content = bytes(range(256)) * 5000
    blobs.write(ACCOUNT, "made-when-needed", "a/b.json", content, "application/json")
    assert blobs.read(ACCOUNT, "made-when-needed", "a/b.json") == content


def test_writing_again_replaces(stage: Stage) -> None:
    blobs = stage.azure.blobs
    for content in (b"one", b"two"):
        blobs.write(ACCOUNT, "foundry-ops-records", "run/record.json", content, "application/json")
    assert blobs.read(ACCOUNT, "foundry-ops-records", "run/record.json") == b"two"
    assert blobs.names(ACCOUNT, "foundry-ops-records", "run/") == ("run/record.json",)


def test_names_are_those_that_begin_so_in_order(stage: Stage) -> None:
    blobs = stage.azure.blobs
    for name in ("b/2", "a/1", "b/1", "bb"):
        blobs.write(ACCOUNT, "foundry-ops-records", name, b"", "text/plain")
    assert blobs.names(ACCOUNT, "foundry-ops-records", "b/") == ("b/1", "b/2")


def test_a_name_with_anything_in_it_comes_back(stage: Stage) -> None:
    name = "run/ümläut & space #1%20.json"
    stage.azure.blobs.write(ACCOUNT, "foundry-ops-records", name, b"x", "text/plain")
    assert stage.azure.blobs.names(ACCOUNT, "foundry-ops-records", "run/") == (name,)
    assert stage.azure.blobs.read(ACCOUNT, "foundry-ops-records", name) == b"x"


def test_a_preview_lists_the_container_and_the_blob_that_a_write_makes_once(stage: Stage) -> None:
    kept = Preview()
    link = Connection("s", endpoint=stage.lab.connection.endpoint, preview=kept)
    blobs = Blobs(link)
    try:
        for content in (b"one\n", b"two\n"):
            blobs.append(ACCOUNT, "made-when-needed", "log", content, seconds=5)
        blobs.write(ACCOUNT, "made-when-needed", "a", b"x", "text/plain")
        assert blobs.read(ACCOUNT, "made-when-needed", "log") == b"one\ntwo\n"
    finally:
        link.close()
    listed = [write.url.removeprefix(f"{ACCOUNT}/made-when-needed") for write in kept.writes]
    assert listed == ["?restype=container", "/log", "/log?comp=appendblock", "/log?comp=appendblock", "/a"]
    assert stage.writes == []


def test_writes_that_find_no_container_at_once_all_arrive(stage: Stage) -> None:
    names = [f"run/{number}" for number in range(6)]

    def write(name: str) -> None:
        stage.azure.blobs.write(ACCOUNT, "made-when-needed", name, b"x", "text/plain")

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(write, names))
    assert list(stage.azure.blobs.names(ACCOUNT, "made-when-needed", "run/")) == names
