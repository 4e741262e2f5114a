"""Below the SDK nothing gets out of a preview that is not known to be a look."""

from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, reading, writing
from shared.gateways.preview import Preview, Previewed, only_looking
from shared.gateways.probe import probe


@given(st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "MERGE", "put", "X-NEW"]))
def test_every_verb_that_may_write_is_kept(verb: str):
    kept = Preview()
    with pytest.raises(Previewed):
        kept.refuse(verb, "https://management.azure.com/x", b'{"a": 1}')
    assert [(write.method, write.body) for write in kept.writes] == [(verb.upper(), {"a": 1})]


@given(st.sampled_from(["GET", "HEAD", "OPTIONS", "get"]))
def test_looks_pass(verb: str):
    kept = Preview()
    kept.refuse(verb, "https://management.azure.com/x", None)
    with only_looking():
        kept.refuse("POST", "https://management.azure.com/listKeys", None)
    assert kept.writes == []
    with pytest.raises(Previewed):
        kept.refuse("POST", "https://management.azure.com/x", None)


def test_plain_http_is_kept_too():
    kept = Preview()
    link = Connection(subscription_id="s", endpoint="http://127.0.0.1:9", preview=kept)
    with pytest.raises(Previewed):
        link.http.post("https://graph.microsoft.com/v1.0/users/x/revokeSignInSessions", json={"a": 1})
    assert kept.writes[0].url == "https://graph.microsoft.com/v1.0/users/x/revokeSignInSessions"
    # A look is really sent, and nobody listens there.
    with pytest.raises(httpx.ConnectError):
        link.http.get("https://graph.microsoft.com/v1.0/users/x")


def test_a_kept_write_ends_its_block_quietly_and_a_look_does_not():
    with writing("write", "x"):
        raise Previewed("PUT x")
    with pytest.raises(Previewed), reading("read", "x"):
        raise Previewed("POST x")


def test_a_look_shows_what_kept_writes_would_have_done():
    kept = Preview()
    link = Connection(subscription_id="s", preview=kept)
    assert link.look("thing", "/A", lambda: 1) == 1
    link.expect("thing", "/a", lambda seen: (seen or 0) + 10)
    link.expect("thing", "/a", lambda seen: seen * 2)
    assert link.look("thing", "/A", lambda: 1) == 22
    assert link.look("thing", "/b", lambda: 1) == 1


def test_what_is_not_there_can_be_expected_and_is_missed_otherwise():
    def read() -> int:
        raise AzureCallFailed("get", "/a", 404, "no", retryable=False)

    kept = Preview()
    link = Connection(subscription_id="s", preview=kept)
    with pytest.raises(AzureCallFailed):
        link.look("thing", "/a", read)
    link.expect("thing", "/a", lambda seen: "made" if seen is None else "changed")
    assert link.look("thing", "/a", read) == "made"


def test_outside_previews_nothing_is_expected():
    link = Connection(subscription_id="s")
    link.expect("thing", "/a", lambda _: "changed")
    assert link.look("thing", "/a", lambda: "real") == "real"
    assert replace(link).preview is None


def test_what_only_the_run_can_know_has_the_name_of_its_step():
    kept = Preview()
    kept.step = "rotate"
    assert Connection(subscription_id="s", preview=kept).later("key1") == "{{rotate.key1}}"


def test_a_preview_sends_no_transaction_and_a_run_does():
    link = Connection(subscription_id="s", endpoint="http://127.0.0.1:9", preview=Preview())
    health = "https://agents.contoso.com/health"
    assert probe(link, health, transaction=True).healthy
    assert not probe(link, health).healthy
    assert not probe(replace(link, preview=None), health, transaction=True).healthy
