"""The transports tell the journal of every request that was really sent, and of no other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from shared.errors import AzureCallFailed
from shared.gateways.connection import reading, writing
from shared.gateways.journal import BODY_LIMIT, Journal, carried, journaling, resource_of, sending
from shared.model.estate import CosmosDb, Storage
from tests.shared.actions.stage import Stage, contoso

COSMOS = contoso().of_kind(CosmosDb)[0]
STORAGE = contoso().of_kind(Storage)[0]
HEALTH = "https://api.fas.contoso.com/health"


class Kept:
    """Where a journal's lines go; `away`: there is nobody to take them."""

    def __init__(self) -> None:
        self.blocks: list[list[dict[str, Any]]] = []
        self.away = False

    def __call__(self, lines: list[dict[str, Any]]) -> None:
        if self.away:
            raise AzureCallFailed("append", "journal", 0, "away", retryable=True)
        self.blocks.append([dict(line) for line in lines])

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [line for block in self.blocks for line in block]


@pytest.fixture
def kept() -> Kept:
    return Kept()


@contextmanager
def writing_into(kept: Kept) -> Iterator[Journal]:
    with journaling(Journal("a_step", kept)) as journal:
        yield journal


def test_looks_are_kept_together_at_the_end(stage: Stage, kept: Kept) -> None:
    with writing_into(kept):
        stage.azure.cosmos.account(COSMOS.resource_id)
        stage.azure.probe(HEALTH)
        assert kept.blocks == []
    ((account, health),) = kept.blocks
    assert (account["method"], account["status"], account["changes"]) == ("GET", 200, False)
    assert account["resource"] == COSMOS.resource_id
    assert account["step"] == "a_step"
    assert account["at"].endswith("Z")
    assert account["ms"] > 0
    assert (health["url"], health["resource"]) == (HEALTH, "api.fas.contoso.com/health")


def test_a_change_is_kept_before_it_goes_out(stage: Stage, kept: Kept) -> None:
    seen: list[int] = []
    stage.lab.world.before_write = lambda _entry: seen.append(len(kept.lines))
    with writing_into(kept):
        account = stage.azure.cosmos.account(COSMOS.resource_id)
        stage.azure.cosmos.fail_over_gracefully(account, "japanwest")
    assert seen == [1]
    (intent,), (look, result) = kept.blocks
    assert (intent["method"], intent["changes"]) == ("POST", True)
    assert "status" not in intent
    assert intent["body"]["failoverPolicies"][0] == {"locationName": "Japan West", "failoverPriority": 0}
    assert (look["method"], result["id"], result["status"]) == ("GET", intent["id"], 202)
    assert set(result) == {"id", "status", "ms"}


@pytest.mark.parametrize("kind", ["ack_lost", "endpoint_down"])
def test_no_answer_is_told_as_such(stage: Stage, kept: Kept, kind: str) -> None:
    host = "stfasprod.blob.core.windows.net"
    stage.lab.fault(kind, host, **({} if kind == "endpoint_down" else {"count": 9}))
    with writing_into(kept), pytest.raises(AzureCallFailed):
        stage.azure.blobs.write(f"https://{host}", "search-snapshots", "x", b"x", "text/plain")
    result = kept.lines[-1]
    assert result["status"] is None
    assert result["error"]


def test_refusals_are_told_with_their_status(stage: Stage, kept: Kept) -> None:
    with writing_into(kept):
        assert stage.azure.blobs.read("https://stfasprod.blob.core.windows.net", "missing", "x") is None
    assert [line["status"] for line in kept.lines] == [404]


def test_a_post_that_only_looks_costs_no_round_trip_of_its_own(kept: Kept) -> None:
    with writing_into(kept):
        with reading("list keys", "x"), sending("POST", "https://x/listKeys", lambda: None) as sent:
            sent.status = 200
        assert kept.blocks == []
        with (
            writing("regenerate", "x"),
            sending("POST", "https://x/regenerateKey", lambda: b'{"k": 1}') as sent,
        ):
            sent.status = 200
        assert len(kept.blocks) == 1
    assert [line.get("changes") for line in kept.lines] == [True, False, None]


def test_threads_tell_the_journal_of_whoever_sent_them(stage: Stage, kept: Kept) -> None:
    with writing_into(kept), ThreadPoolExecutor(4) as pool:
        list(pool.map(carried(lambda _: stage.azure.probe(HEALTH)), range(8)))
        list(pool.map(lambda _: stage.azure.probe(HEALTH), range(3)))
    assert len(kept.lines) == 8, "what was handed over uncarried tells nobody"


def test_without_a_journal_nothing_is_told(stage: Stage, kept: Kept) -> None:
    with writing_into(kept):
        pass
    stage.azure.probe(HEALTH)
    assert kept.blocks == []


def test_the_journals_own_requests_are_not_in_it(stage: Stage) -> None:
    platform = stage.estate.platform
    place = (platform.records_account_url, platform.records_container, "run/requests.jsonl")
    told: list[list[dict[str, Any]]] = []

    def keep(lines: list[dict[str, Any]]) -> None:
        told.append(lines)
        stage.azure.blobs.append(*place, b"x\n", seconds=5)

    with journaling(Journal("s", keep)):
        stage.azure.blobs.write(platform.records_account_url, "mine", "x", b"x", "text/plain")
    urls = [line["url"] for block in told for line in block if "url" in line]
    assert urls
    assert not [url for url in urls if "requests.jsonl" in url]
    assert stage.azure.blobs.read(*place) == b"x\n" * len(told)


def test_what_cannot_be_kept_is_left_whole_and_asked_for_no_more(stage: Stage, kept: Kept) -> None:
    kept.away = True
    with writing_into(kept) as journal:
        stage.azure.blobs.write(
            "https://stfasops.blob.core.windows.net", "mine", "x", b'{"a": 1}', "text/plain"
        )
        stage.azure.probe(HEALTH)
    assert kept.blocks == []
    assert [(line["method"], line["status"]) for line in journal.left] == [
        ("PUT", 404),
        ("PUT", 201),
        ("PUT", 201),
        ("GET", 200),
    ]
    assert journal.left[2]["body"] == {"a": 1}


def test_what_was_noted_before_the_journal_went_away_is_not_left_twice(kept: Kept) -> None:
    with writing_into(kept) as journal:
        with sending("PUT", "https://x/y", lambda: None) as sent:
            sent.status = 200
        kept.away = True
    assert len(kept.lines) == 1
    assert journal.left == [{"id": kept.lines[0]["id"], "status": 200, "ms": journal.left[0]["ms"]}]


def test_secrets_and_great_bodies_are_not_kept(kept: Kept) -> None:
    great = b'{"rows": [' + b",".join([b'{"n": 1234567890}'] * 9000) + b"]}"
    link = "https://app/api/approvals/WyJyZWNvdmVyeS1yZWdpb24i.aZ8x9w.c2lnbmF0dXJl"
    with writing_into(kept):
        for url, body in (
            ("https://a.blob.core.windows.net/c?sig=topsecret&sv=1", None),
            ("https://kv.vault.azure.net/secrets/s?api-version=7", b'{"value": "topsecret"}'),
            ("https://x/app", b'{"secrets": [{"name": "n", "value": "topsecret"}], "value": "seen"}'),
            (
                "https://x/app",
                b'{"authorization": "Bearer topsecret", "pem": "-----BEGIN PRIVATE KEY-----\\ntopsecret"}',
            ),
            ("https://x/mail", b'{"plainText": "open %s now"}' % link.encode()),
            ("https://x/great", great),
        ):
            with sending("PUT", url, lambda body=body: body) as sent:
                sent.status = 200
    told = str(kept.lines)
    assert "topsecret" not in told
    assert "aZ8x9w" not in told
    assert "seen" in told
    assert len(great) > BODY_LIMIT
    assert max(len(str(line)) for line in kept.lines) < 1000


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        (f"{STORAGE.resource_id}/failover", STORAGE.resource_id),
        (STORAGE.resource_id, STORAGE.resource_id),
        ("/subscriptions/s/resourceGroups/g", "/subscriptions/s/resourceGroups/g"),
        (
            "/subscriptions/s/resourceGroups/g/providers/A.B/c/d/e/f/act",
            "/subscriptions/s/resourceGroups/g/providers/A.B/c/d/e/f",
        ),
        ("/subscriptions/s/providers/A.B/locations/l/x", "/subscriptions/s/providers/A.B/locations/l"),
    ],
)
def test_the_resource_of_a_call_to_azure_resource_manager(path: str, resource: str) -> None:
    assert resource_of(f"https://management.azure.com{path}?api-version=1") == resource
