"""An alert of Azure Monitor opens one incident for its cause, tells people, and offers or starts the plan."""

import email
import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from pathlib import Path
from typing import Any

import pytest

from shared.estate.load import load
from shared.planners.on_call import on_duty
from tests.e2e.machine import ROOT, MachineProcess

KEY = {"x-functions-key": "local"}
ESCALATION = load(ROOT / "shared/estate/contoso.yaml").escalation
assert ESCALATION is not None
FRONT_DOOR = (
    "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-fas-global"
    "/providers/Microsoft.Network/trafficManagerProfiles/tm-fas"
)


def alert(
    rule: str = "DataCentreFailureSuspected",
    number: str = "1",
    condition: str = "Fired",
    target: str = FRONT_DOOR,
    fired: str = "2026-11-21T03:00:00.0000000Z",
) -> dict[str, Any]:
    """As an action group sends it (Microsoft Learn, Common alert schema)."""
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": f"/subscriptions/x/providers/Microsoft.AlertsManagement/alerts/{number}",
                "alertRule": rule,
                "severity": "Sev0",
                "signalType": "Log",
                "monitorCondition": condition,
                "monitoringService": "Log Alerts V2",
                "alertTargetIDs": [target],
                "originAlertId": number,
                "firedDateTime": fired,
                "description": "availability below 99.95 %",
                "essentialsVersion": "1.0",
                "alertContextVersion": "1.0",
            },
            "alertContext": {"condition": {"allOf": []}},
            "customProperties": None,
        },
    }


def send(machine: MachineProcess, content: dict[str, Any]) -> dict[str, Any]:
    answer = machine.call("POST", "/api/alerts", None, headers=KEY, json=content)
    assert answer.status_code == 202, answer.text
    return answer.json()


def incident(machine: MachineProcess, incident_id: str) -> dict[str, Any]:
    return machine.call("GET", f"/api/incidents/{incident_id}").json()


def eventually(look: Any, *, seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MachineProcess]:
    folder = tmp_path_factory.mktemp("alerts")
    estate = folder / "estate.yaml"
    sample = (ROOT / "shared/estate/contoso.yaml").read_text(encoding="utf-8")
    rule = "remediation:\n"
    started = "".join(
        f"  - alert_rule: DataCentreFailure{name}\n    plan: region_outage\n    start: {start}\n"
        for name, start in (("Suspected", "offer"), ("Declared", "start"))
    )
    assert sample.count(rule) == 2
    head, middle, tail = sample.split(rule)
    estate.write_text(head + rule + middle + rule + started + tail, encoding="utf-8")
    with MachineProcess(folder, speed=100, estate=estate) as machine:
        yield machine


def test_one_incident_for_a_cause_until_somebody_closes_it(machine: MachineProcess) -> None:
    first = send(machine, alert(number="a1"))
    assert first["deduplicated"] is False
    again = send(machine, alert(number="a1"))
    other = send(machine, alert(number="a2"))
    assert [again, other] == [{**first, "deduplicated": True}] * 2

    answer = machine.call(
        "POST", f"/api/incidents/{first['incident_id']}/acknowledge", "alice", json={"reason": "on it"}
    )
    assert answer.status_code == 202
    assert eventually(lambda: incident(machine, first["incident_id"])["state"] == "acknowledged")
    assert send(machine, alert(number="a2", condition="Resolved")) == {**first, "deduplicated": True}
    hint = eventually(lambda: incident(machine, first["incident_id"])["state"] == "mitigated")
    assert hint, "a resolved alert is a hint, and the front door answers"
    path = f"/api/incidents/{first['incident_id']}/resolve"
    assert machine.call("POST", path, "dave", json={"reason": "not mine to say"}).status_code == 403
    assert machine.call("POST", path, "alice", json={"reason": "region is back"}).status_code == 202
    assert eventually(lambda: incident(machine, first["incident_id"])["state"] == "closed")
    assert machine.call("POST", path, "alice", json={"reason": "once more"}).status_code == 409

    late = send(machine, alert(number="a2"))
    assert late == {**first, "deduplicated": True}, "what has been seen opens nothing"
    late = send(machine, alert(number="a3"))
    assert late == {**first, "deduplicated": True}, "nor what fired before it was closed and came late"
    fresh = eventually(
        lambda: (
            (found := send(machine, alert(number=f"b{time.monotonic_ns()}", fired="2026-11-21T04:00:00Z")))[
                "deduplicated"
            ]
            is False
            and found
        )
    )
    assert fresh["incident_id"].rsplit("-", 1) == [first["incident_id"].rsplit("-", 1)[0], "2"]


def test_people_on_call_are_told_what_the_estate_offers(machine: MachineProcess) -> None:
    opened = send(
        machine,
        alert(
            rule="datacentrefailuresuspected", number="c1", target=FRONT_DOOR + "/azureEndpoints/japaneast"
        ),
    )
    found = eventually(lambda: (one := incident(machine, opened["incident_id"]))["plan"] and one)
    assert (found["plan"], found["run_ids"]) == ("region_outage", [])

    def told() -> list[dict[str, Any]]:
        mails = machine.world()["mails"]
        return [
            mail for mail in mails if mail["subject"] == "[critical] datacentrefailuresuspected (front-door)"
        ]

    eventually(lambda: len(told()) == 2)
    mails = told()
    l3 = on_duty(ESCALATION, "l3-support", datetime.now(UTC)).to
    assert {address for mail in mails for address in mail["to"]} == {
        *l3,
        "architect@contoso.com",
    }, "who is on duty at the third level, and the architect at once"
    path = Path(mails[0]["file"])
    path = path if path.is_absolute() else machine.folder / "mail" / path.name
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    assert "/remediate to start region_outage" in body.get_content()
    assert FRONT_DOOR in body.get_content()


def test_a_rule_that_starts_its_plan_starts_it_once_and_asks_for_approval(machine: MachineProcess) -> None:
    opened = send(machine, alert(rule="DataCentreFailureDeclared", number="d1"))
    send(machine, alert(rule="DataCentreFailureDeclared", number="d2"))
    found = eventually(lambda: (one := incident(machine, opened["incident_id"]))["run_ids"] and one)
    assert len(found["run_ids"]) == 1
    record = machine.wait_until(
        found["run_ids"][0], lambda record: record["status"] == "waiting_for_approval", seconds=10
    )
    assert record["mode"] == "real"
    assert record["rto"]["basis"] == "alert"
    assert record["rto"]["started_at"] == "2026-11-21T03:00:00Z"
    runs = machine.call("GET", "/api/runs?kind=recovery").json()["runs"]
    assert [run["run_id"] for run in runs] == found["run_ids"]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"no json", "(body)"),
        (b"{}", "schemaId"),
        (b'{"schemaId": "AzureMonitorMetricAlert", "data": {}}', "schemaId"),
        (b'{"schemaId": "azureMonitorCommonAlertSchema", "data": {}}', "data.essentials"),
        (b"\xff\xfe", "(body)"),
        (b"[" * 50_000, "(body)"),
    ],
)
def test_what_is_no_alert_is_refused_and_told(machine: MachineProcess, content: bytes, field: str) -> None:
    def told() -> int:
        return sum(mail["subject"] == "An alert could not be read" for mail in machine.world()["mails"])

    before = told()
    answer = machine.call("POST", "/api/alerts", None, headers=KEY, content=content)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field
    assert eventually(lambda: told() == before + 1), "action groups do not send it again, so people must look"


def test_the_webhook_asks_for_its_key(machine: MachineProcess) -> None:
    assert machine.call("POST", "/api/alerts", "alice", json=alert()).status_code == 401


def test_whatever_comes_is_an_alert_or_refused(machine: MachineProcess) -> None:
    """Recorded shapes with something wrong somewhere; `tests/shared/model/test_common_alert.py` has many more."""
    shapes = sorted((ROOT / "tests/fixtures/alerts").glob("*.json"))
    chance = random.Random(7)
    wrong = [
        None,
        -1,
        1e308,
        True,
        "",
        "x" * 2000,
        "\ud800",
        [],
        {},
        [[]],
        {"name": None},
        "2026-99-99T00:00:00Z",
    ]
    seen: set[int] = set()
    for number in range(120):
        content = json.loads(chance.choice(shapes).read_text(encoding="utf-8"))
        essentials = content["data"]["essentials"]
        essentials["alertRule"] = essentials["alertRule"] and f"Fuzz{number}"
        part = chance.choice([content, content["data"], essentials, content["data"]["alertContext"]])
        part[chance.choice(list(part))] = chance.choice(wrong)
        answer = machine.call("POST", "/api/alerts", None, headers=KEY, content=json.dumps(content))
        assert answer.status_code in {202, 400}, (answer.status_code, answer.text, content)
        seen.add(answer.status_code)
    assert seen == {202, 400}
