"""Messages through Apprise's own plugins arrive where they should, and their addresses are seen nowhere."""

import logging
from typing import Any

import pytest

from infra.local.azure.services.desks import desk
from shared.errors import AzureCallFailed
from shared.gateways.azure import Azure
from shared.gateways.connection import Connection
from shared.gateways.journal import Journal, journaling
from shared.gateways.preview import Preview
from shared.model.severity import Severity
from tests.shared.actions.stage import Stage

KEY, TITLE, TEXT = "inc-0123456789abcdef-1/level-1", "SystemAvailabilityDrop", "97.1 % of requests succeed."
CHATS = {"operations-chat": "hooks.slack.com", "landing-zone-chat": "logic.azure.com"}
CHANNELS = {**CHATS, "operations-pager": "events.pagerduty.com"}
channels = pytest.mark.parametrize("channel", list(CHANNELS))


def send(stage: Stage, channel: str, key: str = KEY, severity: Severity = Severity.CRITICAL) -> None:
    stage.azure.chat.send(channel, key, TITLE, TEXT, severity)


def arrived(stage: Stage) -> list[Any]:
    truth = stage.truth
    return [*truth["messages"], *truth["pages"]]


@pytest.mark.parametrize(
    ("channel", "secret"),
    [("operations-chat", "chat-operations"), ("landing-zone-chat", "chat-landing-zone")],
)
def test_a_message_arrives_in_its_chat(stage: Stage, channel: str, secret: str) -> None:
    send(stage, channel)
    (message,) = stage.truth["messages"]
    assert message["channel"] == secret
    assert TITLE in message["text"]
    assert TEXT in message["text"]


def test_the_same_key_is_the_same_page_and_another_key_pages_again(stage: Stage) -> None:
    send(stage, "operations-pager")
    send(stage, "operations-pager")
    send(stage, "operations-pager", key="inc-0123456789abcdef-1/level-2", severity=Severity.MEDIUM)
    first, second = stage.truth["pages"]
    assert (first["service"], first["severity"], len(first["log"])) == ("pager-operations", "critical", 2)
    assert TITLE in first["log"][0]["summary"]
    assert (second["severity"], first["key"] != second["key"]) == ("warning", True)


@channels
@pytest.mark.parametrize(
    ("kind", "details", "status", "after"),
    [
        ("throttle", {"retry_after": 9}, 429, 9),
        ("error", {"status": 500}, 500, None),
        ("chat_down", {}, 503, None),
        ("ack_lost", {"count": 1}, 0, None),
    ],
)
def test_what_time_may_cure_is_retryable(
    stage: Stage, channel: str, kind: str, details: Any, status: int, after: Any
) -> None:
    fault = stage.lab.fault(kind, CHANNELS[channel], **details)
    with pytest.raises(AzureCallFailed) as caught:
        send(stage, channel)
    assert (caught.value.status, caught.value.retryable, caught.value.retry_after) == (status, True, after)
    if kind != "ack_lost":
        assert not arrived(stage)
        stage.lab.end(fault)
        send(stage, channel)
        assert len(arrived(stage)) == 1


@channels
def test_addresses_are_in_no_log_no_journal_no_preview_and_no_error(
    stage: Stage, channel: str, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    kept: list[Any] = []
    with journaling(Journal("tell", kept.extend)):
        send(stage, channel)
    stage.lab.fault("error", CHANNELS[channel], status=401)
    with pytest.raises(AzureCallFailed) as caught:
        send(stage, channel)
    assert not caught.value.retryable
    connection = Connection(
        stage.estate.subscription_id, endpoint=stage.azure.connection.endpoint, preview=Preview()
    )
    before = len(arrived(stage))
    try:
        azure = Azure(connection, mail_endpoint="", mail_sender="", escalation=stage.estate.escalation)
        azure.chat.send(channel, KEY, TITLE, TEXT, Severity.HIGH)
    finally:
        connection.close()
    assert connection.preview is not None
    (write,) = connection.preview.writes
    assert write.url.endswith("/***")
    assert len(arrived(stage)) == before, "a preview sends nothing"
    posts = [line for line in kept if line.get("method") == "POST"]
    assert [line["url"].endswith("/***") for line in posts] == [True]
    said = f"{kept} {write} {caught.value}"
    said += str([record.getMessage() for record in caplog.records])
    for secret in (desk.SLACK_TOKEN[2], desk.TEAMS_SIGNATURE, *desk.PAGER_KEYS.values()):
        assert secret not in said


@pytest.mark.parametrize(
    "url", ["mailto://user:pass@example.com", "syslog://", "nonsense", "mqtt://127.0.0.1/topic"]
)
def test_what_would_go_around_the_transport_is_refused(stage: Stage, url: str) -> None:
    stage.azure.secret_values.set("https://kv-fas-ops.vault.azure.net", "chat-operations", url)
    with pytest.raises(
        AzureCallFailed, match="no Apprise URL of a service that is reached over HTTP"
    ) as caught:
        send(stage, "operations-chat")
    assert not caught.value.retryable
    assert "user:pass" not in str(caught.value)


def test_a_missing_secret_and_an_unknown_channel_say_what_to_do(stage: Stage) -> None:
    with pytest.raises(AzureCallFailed, match="is no channel of the estate"):
        send(stage, "operation-chat")


def test_hostile_text_calls_for_nobody_and_is_cut(stage: Stage) -> None:
    stage.azure.chat.send(
        "operations-chat", KEY, "<!channel> help", "<@U1> @here " + "x" * 10_000, Severity.LOW
    )
    (message,) = stage.truth["messages"]
    for order in ("<!channel>", "<@U1>", "@here"):
        assert order not in message["text"]
    assert len(message["text"]) < 3500
