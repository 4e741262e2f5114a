"""What people do with an incident, and what nothing but a person may do."""

import email
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path
from typing import Any

import pytest

from shared.estate.load import load
from shared.model.alert import Alert
from tests.e2e.incidents import KEY, Ward, closed, said, ward
from tests.e2e.machine import SAMPLE
from tests.e2e.test_alert import FRONT_DOOR, alert

AGENTS = load(SAMPLE).service("agent-service").resource_id
INFERENCE = load(SAMPLE).service("inference-api")


WINDOW = timedelta(seconds=25)
"""How long the maintenance lasts that is under way when all begins."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """While the database and its app are being worked on, an alert comes about each; one goes on after the work."""
    begins = datetime.now(UTC)
    window = {
        "begins": begins.isoformat(),
        "ends": (begins + WINDOW).isoformat(),
        "reason": "the database moves",
        "services": ["agents-db", "agent-service"],
    }
    more = f"\nmaintenance_windows: {json.dumps([window])}\n"
    with ward(tmp_path_factory.mktemp("incidents"), more=more) as found:
        found.fault("high_load", "messages", load=96)
        send(found, "HighErrorRate", number="w1", target=AGENTS)
        yield found


def send(here: Ward, rule: str, **more: Any) -> str:
    """An alert that this world has no rule for; the id of its incident."""
    content = alert(rule=rule, fired=f"{datetime.now(UTC).isoformat()[:26]}Z", **more)
    answer = here.machine.call("POST", "/api/alerts", None, headers=KEY, json=content)
    assert answer.status_code == 202, answer.text
    return answer.json()["incident_id"]


def link_in(here: Ward, rule: str) -> str:
    """The path of the link that the first mail about that rule brings."""

    def found() -> str:
        for mail in here.truth["mails"]:
            if rule in mail["subject"] and mail["file"]:
                message = email.message_from_bytes(Path(mail["file"]).read_bytes(), policy=policy.default)
                body = message.get_body(("plain",))
                assert body is not None
                if link := re.search(r"http://\S+?(/api/acknowledgements/\S+)", body.get_content()):
                    return link[1]
        return ""

    return here.until(found)


def test_maintenance_holds_back_nothing_that_somebody_asks_for(here: Ward) -> None:
    send(here, "EndpointUnhealthy", number="m1", target=AGENTS)
    held = here.incident("EndpointUnhealthy", lambda one: "maintenance until" in said(one))
    assert held["run_ids"] == []
    here.decide(held, "remediate")
    incident = here.incident("EndpointUnhealthy", lambda one: bool(one["run_ids"]))
    assert datetime.now(UTC) < datetime.fromisoformat(incident["silenced_until"])
    here.decide(incident, "resolve")


def test_a_rule_that_the_estate_does_not_know_goes_to_people(here: Ward) -> None:
    send(here, "DiskOnFire", number="u1")
    incident = here.incident("DiskOnFire", lambda one: one["ticket"] is not None)
    assert "the estate names no plan for DiskOnFire" in said(incident)
    assert (incident["run_ids"], incident["plan"], incident["service"]) == ([], "", "front-door")
    due = {to for rung in incident["ladder"] for to in rung["to"]}
    here.until(lambda: {to for to, _ in here.mails(incident)} == due)
    here.decide(incident, "resolve")
    assert here.incident("DiskOnFire", closed)["closed_by"] == "alice@contoso.com"
    here.until(lambda: [one["closed"] for one in here.tickets(incident)] == [True])


def test_it_is_taken_on_the_page_behind_the_link_in_its_mail(here: Ward) -> None:
    send(here, "QueueIsLong", number="q1")
    path = link_in(here, "QueueIsLong")
    page = here.machine.call("GET", path, "bob")
    assert page.status_code == 200
    assert "Acknowledge: I am on it" in page.text
    assert "<form" not in here.machine.call("GET", path, "dave").text, "who may not decide is offered nothing"
    body = {"decision": "acknowledge", "reason": "looking at the queue"}
    assert here.machine.call("POST", path, "dave", data=body).status_code == 403
    taken = here.machine.call("POST", path, "bob", data=body)
    assert taken.status_code == 200
    assert "You took it." in taken.text
    incident = here.incident("QueueIsLong", lambda one: one["state"] == "acknowledged")
    assert incident["acknowledged_by"] == "bob@contoso.com"
    forged = path[:-3] + ("aaa" if not path.endswith("aaa") else "bbb")
    assert here.machine.call("GET", forged, "bob").status_code == 403
    here.decide(incident, "resolve")
    here.incident("QueueIsLong", closed)


def silence(here: Ward, rule: str, *, seconds: float) -> str:
    """As alice; the silence's id."""
    until = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    body = {"rule": rule, "expires_at": until, "reason": "the door is being painted"}
    answer = here.machine.call("POST", "/api/silences", "alice", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_a_silence_wakes_nobody(here: Ward) -> None:
    silence(here, "DoorOpen", seconds=3600)
    send(here, "DoorOpen", number="s1")
    incident = here.incident("DoorOpen", lambda one: one["ticket"] is not None)
    assert "silenced by alice@contoso.com" in said(incident)
    assert incident["silenced_until"] is not None
    time.sleep(1)
    assert here.mails(incident) == {}
    assert here.pages(incident) == []
    here.decide(incident, "resolve")
    here.incident("DoorOpen", closed)
    time.sleep(1)
    assert here.mails(incident) == {}, "who was never woken is not told that it is over"


def test_people_are_told_as_soon_as_a_silence_is_over(here: Ward) -> None:
    silence(here, "GateOpen", seconds=4)
    early = silence(here, "WallOpen", seconds=3600)
    for rule in ("GateOpen", "WallOpen"):
        send(here, rule, number=rule)
        assert here.mails(here.incident(rule, lambda one: bool(one["ladder"]))) == {}
    assert here.machine.call("DELETE", f"/api/silences/{early}", "alice").status_code == 200
    here.until(lambda: here.mails(here.incidents("WallOpen")[0]), seconds=5)
    (wall,) = here.incidents("WallOpen")
    assert "silent no more" in said(wall)
    assert datetime.fromisoformat(wall["ladder"][0]["due_at"]) <= datetime.now(UTC)
    here.until(lambda: here.mails(here.incidents("GateOpen")[0]), seconds=9)
    # And one that begins in the midst of an incident is heard of too.
    silence(here, "WallOpen", seconds=3600)
    here.until(lambda: "silenced by alice" in said(here.incidents("WallOpen")[0]).split("silent no more")[1])
    for rule in ("GateOpen", "WallOpen"):
        here.decide(here.incidents(rule)[0], "resolve")


def test_resolved_is_a_hint_that_closes_after_a_quiet_time(here: Ward) -> None:
    send(here, "CertificateOdd", number="r1", target=FRONT_DOOR)
    here.incident("CertificateOdd", lambda one: bool(one["ladder"]))
    send(here, "CertificateOdd", number="r1", condition="Resolved", target=FRONT_DOOR)
    here.incident("CertificateOdd", lambda one: one["state"] == "mitigated")
    incident = here.incident("CertificateOdd", closed)
    assert incident["closed_by"] == "system"
    mitigated, over = (datetime.fromisoformat(incident[name]) for name in ("mitigated_at", "closed_at"))
    assert over - mitigated >= timedelta(seconds=3)


def test_what_nobody_was_woken_for_is_found_before_it_closes(here: Ward) -> None:
    """As when the app dies between keeping an alert and waking its incident."""
    told = "RelapseOdd"
    for condition in ("Fired", "Resolved"):
        number = send(here, told, number="q1", condition=condition, target=FRONT_DOOR)
        here.incident(told, lambda one: bool(one["ladder"]))
    here.incident(told, lambda one: one["state"] == "mitigated")
    fired = Alert.model_validate(here.incidents(told)[0]["alert"])
    order = {
        "alert": fired.to_wire(),
        "seen_as": "once more",
        "at": datetime.now(UTC).timestamp(),
    }
    where = f"/runtime/webhooks/durabletask/entities/open_incident/{fired.fingerprint}"
    params = {"code": "local-durable", "op": "report"}
    here.machine.client.post(where, params=params, json=order).raise_for_status()
    again = here.incident(told, lambda one: "open again: it came back" in said(one), seconds=20)
    assert (again["id"], again["state"]) == (number, "open")
    here.decide(again, "resolve")


def test_a_hint_that_came_too_early_is_followed_up(here: Ward) -> None:
    down = here.fault("endpoint_down", INFERENCE.health_url or "")
    for condition in ("Fired", "Resolved"):
        send(here, "InferenceOdd", number="h1", condition=condition, target=INFERENCE.resource_id)
        here.incident("InferenceOdd", lambda one: bool(one["ladder"]))
    here.incident("InferenceOdd", lambda one: "not over: https://ml-inference" in said(one))
    here.mend(down)
    incident = here.incident("InferenceOdd", closed)
    assert incident["closed_by"] == "system"
    assert incident["signals"]["resolved"] == 1, "nobody had to say it again"


def test_what_a_maintenance_window_held_back_is_looked_at_when_it_ends(here: Ward) -> None:
    well = here.incident("HighErrorRate", closed)
    assert "mitigated: the maintenance is over: all that the plan would bring about is so already" in said(
        well
    )
    assert (well["run_ids"], well["closed_by"]) == ([], "system")
    broken = here.incident("CosmosRuUsage", lambda one: one["remediation"] == "helped")
    ends = datetime.fromisoformat(broken["silenced_until"])
    for one in (well, broken):
        assert "maintenance until" in said(one)
        assert datetime.fromisoformat(one["opened_at"]) < ends
    record = here.machine.record(broken["run_ids"][0])
    assert datetime.fromisoformat(record["started_at"]) >= ends
    assert [step["changed"] for step in record["steps"]][:1] == [True]
    told = [datetime.fromisoformat(rung["told_at"]) for rung in well["ladder"] if rung["told_at"]]
    assert told == [], "whoever is told of what is well again is told in vain"
    assert all(datetime.fromisoformat(rung["due_at"]) >= ends for rung in broken["ladder"])


def test_nothing_but_a_person_closes_what_is_about_security(here: Ward) -> None:
    here.fault("boundary_violation", "fabrikam")
    incident = here.incident("TenantBoundaryViolation", lambda one: one["state"] == "mitigated")
    assert incident["security"] is True
    assert incident["tenant"] == "fabrikam"
    gate = here.truth["tenant_gate"]
    assert set(gate) == {"fabrikam"}, "the one who reached for others' data is turned away, and nobody else"
    time.sleep(6)  # twice the quiet time
    assert here.incident("TenantBoundaryViolation", bool)["state"] == "mitigated"
    assert here.truth["tenant_gate"] == gate
    body = {"reason": "the leak is closed", "parameters": {"tenant": "fabrikam"}}
    answer = here.machine.call("POST", "/api/operations/tenant_readmission", "alice", json=body)
    assert answer.status_code == 202, answer.text
    run = answer.json()["run_id"]
    here.machine.wait_until(run, lambda record: record["status"] == "waiting_for_approval", seconds=20)
    assert here.truth["tenant_gate"] == gate, "lifting waits for somebody else's approval"
    here.decide(incident, "resolve")
    assert here.incident("TenantBoundaryViolation", closed)["closed_by"] == "alice@contoso.com"
