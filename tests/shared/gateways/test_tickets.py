"""One key is one ticket in each system, one note and one closing, whatever answers are lost on the way."""

from typing import Any

import pytest

from shared.errors import AzureCallFailed
from shared.gateways.azure import Azure
from shared.gateways.connection import Connection
from shared.gateways.preview import Preview
from shared.gateways.ticket_systems.desk import label, one_line
from shared.gateways.tickets import Ticket
from shared.model.severity import Severity
from tests.shared.actions.stage import Stage

KEY = "inc-0123456789abcdef-2"
TICKET = Ticket(
    key=KEY,
    title="SystemAvailabilityDrop\n<b>agent-service</b>",
    text="Availability is 97.1 %.\n\nThe plan region_outage is offered.",
    severity=Severity.CRITICAL,
    url="https://ops.contoso.com/api/incidents/inc-0123456789abcdef-2",
)
HOSTS = {"servicenow": "service-now.com", "jira": "atlassian.net", "azure-devops": "dev.azure.com"}
systems = pytest.mark.parametrize("system", list(HOSTS))


def tickets(stage: Stage) -> list[Any]:
    return stage.truth["tickets"]


@systems
def test_a_ticket_says_what_is_wrong_and_where_to_read_on(stage: Stage, system: str) -> None:
    ref = stage.azure.tickets.open(system, TICKET)
    (made,) = tickets(stage)
    assert (made["number"], made["key"], made["closed"]) == (ref.number, KEY, False)
    assert ref.system == system
    assert HOSTS[system] in ref.url
    assert made["title"] == "SystemAvailabilityDrop <b>agent-service</b>"
    assert "region_outage is offered" in made["text"]
    assert TICKET.url in made["text"]


@systems
def test_the_same_key_is_the_same_ticket_and_another_key_another(stage: Stage, system: str) -> None:
    desk = stage.azure.tickets
    first = desk.open(system, TICKET)
    assert desk.open(system, TICKET.model_copy(update={"title": "Other words"})) == first
    # A key that the other one begins with, and one that no label could hold.
    longer = desk.open(system, TICKET.model_copy(update={"key": KEY + "1"}))
    odd = desk.open(system, TICKET.model_copy(update={"key": "a key, with; 'quotes' ^ and \"more\""}))
    assert len({first.number, longer.number, odd.number}) == 3
    assert desk.open(system, TICKET) == first
    assert desk.open(system, TICKET.model_copy(update={"key": "a key, with; 'quotes' ^ and \"more\""})) == odd
    assert len(tickets(stage)) == 3


@systems
def test_a_lost_answer_makes_nothing_twice(stage: Stage, system: str) -> None:
    desk = stage.azure.tickets

    def repeated(call: Any) -> Any:
        stage.lab.fault("ack_lost", HOSTS[system], count=1)
        with pytest.raises(AzureCallFailed) as caught:
            call()
        assert (caught.value.status, caught.value.retryable) == (0, True)
        return call()

    ref = repeated(lambda: desk.open(system, TICKET))
    repeated(lambda: desk.note(ref, "restarted", "agent-service was restarted"))
    desk.note(ref, "restarted", "agent-service was restarted")
    desk.note(ref, "restarted-2", "and once more")
    (open_still,) = tickets(stage)
    texts = [note["text"] for note in open_still["notes"]]
    assert len(texts) == 2, texts
    assert "agent-service was restarted" in texts[0]
    repeated(lambda: desk.close(ref, "Recovered"))
    (closed,) = tickets(stage)
    assert closed["closed"]
    assert sum("Recovered" in str(note) for note in closed["notes"]) <= 1
    stage.from_now()
    desk.close(ref, "Recovered")
    assert not [write for write in stage.writes if HOSTS[system] in write["host"]], "it is closed already"


@systems
@pytest.mark.parametrize(
    ("kind", "details", "status", "after"),
    [
        ("throttle", {"retry_after": 17}, 429, 17),
        ("error", {"status": 500}, 500, None),
        ("ticket_system_down", {}, 503, None),
    ],
)
def test_what_time_may_cure_is_retryable(
    stage: Stage, system: str, kind: str, details: Any, status: int, after: Any
) -> None:
    fault = stage.lab.fault(kind, HOSTS[system], **details)
    with pytest.raises(AzureCallFailed) as caught:
        stage.azure.tickets.open(system, TICKET)
    assert (caught.value.status, caught.value.retryable, caught.value.retry_after) == (status, True, after)
    stage.lab.end(fault)
    stage.azure.tickets.open(system, TICKET)
    assert len(tickets(stage)) == 1


@systems
def test_a_wrong_password_is_said_and_not_retried(stage: Stage, system: str) -> None:
    stage.azure.secret_values.set("https://kv-fas-ops.vault.azure.net", f"tickets-{system}", "wrong-password")
    with pytest.raises(AzureCallFailed) as caught:
        stage.azure.tickets.open(system, TICKET)
    assert (caught.value.status, caught.value.retryable) == (401, False)
    assert "wrong-password" not in str(caught.value)


@systems
def test_a_preview_sends_nothing_and_knows_no_number(stage: Stage, system: str) -> None:
    connection = Connection(
        stage.estate.subscription_id, endpoint=stage.azure.connection.endpoint, preview=Preview()
    )
    assert connection.preview is not None
    connection.preview.step = "step"
    azure = Azure(connection, mail_endpoint="", mail_sender="", escalation=stage.estate.escalation)
    try:
        ref = azure.tickets.open(system, TICKET)
        azure.tickets.note(ref, "n", "note")
    finally:
        connection.close()
    assert ref.number == "{{step.number}}"
    assert len(connection.preview.writes) == 2
    assert not tickets(stage)


def test_a_jira_note_is_found_behind_a_hundred_others(stage: Stage) -> None:
    desk = stage.azure.tickets
    ref = desk.open("jira", TICKET)
    for number in range(101):
        stage.azure.tickets._desk("jira").add_note(ref, f"n{number}", "note")
    desk.note(ref, "n100", "note")
    assert len(tickets(stage)[0]["notes"]) == 101


def test_a_pager_keeps_one_alert_until_it_is_resolved(stage: Stage) -> None:
    desk = stage.azure.tickets
    for _ in range(2):
        ref = desk.open("pagerduty", TICKET)
    desk.note(ref, "n", "agent-service was restarted")
    (alert,) = stage.truth["pages"]
    assert (alert["service"], alert["key"], alert["status"]) == ("tickets-pagerduty", KEY, "triggered")
    assert alert["severity"] == "critical"
    for _ in range(2):
        desk.close(ref, "Recovered")
    (alert,) = stage.truth["pages"]
    assert alert["status"] == "resolved"
    assert "a1c05fd1c94d4b0ab1d27e0f34f8a001" not in str(stage.lab.ledger()), (
        "the integration key is a secret"
    )


def test_a_system_that_the_estate_does_not_name_is_said(stage: Stage) -> None:
    with pytest.raises(AzureCallFailed, match="is no ticket system of the estate") as caught:
        stage.azure.tickets.open("remedy", TICKET)
    assert not caught.value.retryable


def test_what_is_no_label_becomes_its_hash_and_a_long_title_is_cut() -> None:
    # Written down: another label would open the tickets of incidents in flight once more after an upgrade.
    assert label(KEY) == KEY
    assert label("a b") == "c8687a08aa5d6ed2044328fa6a697ab8e96dc34291e8c2034ae8c38e6fcc6d65"
    assert one_line("a\n b" + "c" * 300, 10) == "a bcccccc…"
