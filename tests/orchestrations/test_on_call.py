"""`/on-call` and `/silences` over HTTP, as people and browsers ask."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.orchestrations.machine import ALICE, BOB, DAVE, Machine
from tests.orchestrations.test_http import problem

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SATURDAY = "2026-06-20T11:00:00+09:00"


def teams(answer) -> dict:
    return {team["name"]: team for team in answer.json()["teams"]}


def ladders(answer, policy: str) -> dict:
    (found,) = [one for one in answer.json()["policies"] if one["name"] == policy]
    return {one["severity"]: one["rungs"] for one in found["ladders"]}


def until(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def test_who_is_on_call_then(machine: Machine):
    answer = machine.call("GET", "on-call", DAVE, params={"at": SATURDAY})
    assert answer.status_code == 200
    found = teams(answer)
    assert found["l1-support"]["duty"]["on_duty"]
    assert not found["l2-support"]["duty"]["on_duty"]
    assert found["l2-support"]["duty"]["begins"] == "2026-06-22T00:00:00Z"
    assert (found["l3-support"]["duty"]["to"], found["l3-support"]["duty"]["then"]) == (
        ["bob@contoso.com"],
        "carol@contoso.com",
    )
    high = ladders(answer, "operations")["high"]
    assert [(rung["team"], rung["level"]) for rung in high] == [("l3-support", 2)]
    (policy,) = [one for one in answer.json()["policies"] if one["name"] == "landing-zone"]
    assert "inference-api" in policy["services"]


def test_who_is_on_call_now_and_at_a_local_time(machine: Machine):
    now = machine.call("GET", "on-call", DAVE).json()
    assert abs(datetime.fromisoformat(now["at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    # The estate's own time; and an offset whose plus nobody has escaped.
    assert machine.call("GET", "on-call?at=2026-06-20T11:00", DAVE).json()["at"] == "2026-06-20T02:00:00Z"
    assert machine.call("GET", f"on-call?at={SATURDAY}", DAVE).json()["at"] == "2026-06-20T02:00:00Z"


@pytest.mark.parametrize(
    "at", ["tomorrow", "2026-13-01T00:00Z", "1999-12-31T00:00Z", "2101-01-01", "9" * 400]
)
def test_a_time_that_is_none_is_named(machine: Machine, at: str):
    assert problem(machine.call("GET", "on-call", DAVE, params={"at": at}), 400)["errors"][0]["field"] == "at"


def test_a_browser_gets_a_page_that_loads_nothing_and_runs_nothing(machine: Machine):
    answer = machine.call("GET", "on-call", DAVE, params={"at": SATURDAY}, headers=BROWSER)
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    text = answer.text
    for words in (
        "Sat 20 Jun 2026, 11:00",
        "L2 Support</bdi>",
        "off duty",
        "back Mon 22 Jun 2026, 09:00",
        "carol@contoso.com from Mon 22 Jun 2026, 09:00",
        "L2 Support is off duty until Mon 2026-06-22 09:00 (Asia/Tokyo), and high does not wait",
        "Escalation: <bdi>AI landing zone</bdi>",
        'scope="rowgroup"',
        '<html lang="en">',
    ):
        assert words in text, words
    assert "<script" not in text
    assert "http" not in text.replace("https://", "http").split("<body>")[1]
    # Who asks for JSON, or for anything, gets JSON.
    for accept in ("application/json, text/html", "*/*", ""):
        other = machine.call("GET", "on-call", DAVE, headers={"Accept": accept})
        assert other.headers["content-type"].startswith("application/json"), accept


def test_a_silence_is_made_listed_and_ended(machine: Machine):
    body = {
        "rule": "HighErrorRate",
        "resource": "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-fas-japaneast",
        "dimensions": {"tenantId": "fabrikam"},
        "expires_at": until(2),
        "reason": "fabrikam tests its limits",
    }
    made = machine.call("POST", "silences", ALICE, json=body)
    assert made.status_code == 201, made.text
    silence = made.json()
    assert {name: silence[name] for name in ("rule", "resource", "dimensions", "reason")} == {
        name: body[name] for name in ("rule", "resource", "dimensions", "reason")
    }
    assert (silence["active"], silence["by"]) == (True, ALICE)
    assert "signature" not in silence
    assert silence in machine.call("GET", "silences", DAVE).json()["silences"]
    ended = machine.call("DELETE", f"silences/{silence['id']}", BOB)
    assert ended.status_code == 200, ended.text
    assert (ended.json()["active"], ended.json()["ended_by"], ended.json()["by"]) == (False, BOB, ALICE)
    assert ended.json() in machine.call("GET", "silences", DAVE).json()["silences"], "it is remembered"
    problem(machine.call("DELETE", f"silences/{silence['id']}", BOB), 409)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"expires_at": None}, "expires_at"),
        ({"expires_at": "2026-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2027-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "P1D"}, "expires_at"),
        ({"expires_at": until(24 * 7 + 1)}, "expires_at"),
        ({"rule": ""}, "rule"),
        ({"rule": "", "resource": "/"}, "rule"),
        ({"rule": "  "}, "rule"),
        ({"resource": "rg-fas"}, "resource"),
        ({"dimensions": {"tenantId": 1}}, "dimensions.tenantId"),
        ({"dimensions": {str(number): "x" for number in range(11)}}, "dimensions"),
        ({"reason": "x"}, "reason"),
        ({"for": "ever"}, "for"),
    ],
)
def test_a_wrong_silence_names_the_field(machine: Machine, change: dict, field: str):
    body = {"rule": "HighErrorRate", "expires_at": until(1), "reason": "known trouble", **change}
    found = problem(machine.call("POST", "silences", ALICE, json=body), 400)
    assert [error["field"] for error in found["errors"]] == [field]


def test_a_silence_without_an_end_is_refused(machine: Machine):
    found = problem(machine.call("POST", "silences", ALICE, json={"rule": "x", "reason": "known"}), 400)
    assert found["errors"][0]["field"] == "expires_at"


def test_who_may_silence(machine: Machine):
    body = {"rule": "HighErrorRate", "expires_at": until(1), "reason": "known trouble"}
    problem(machine.call("POST", "silences", DAVE, json=body), 403)
    problem(machine.call("DELETE", "silences/sil-1", DAVE), 403)
    for path in ("silences", "on-call"):
        problem(machine.call("GET", path, None), 401)
    problem(machine.call("DELETE", "silences/sil-000000000000", ALICE), 404)


def test_what_this_app_has_not_signed_silences_nothing(machine: Machine):
    body = {"rule": "CostAnomaly", "expires_at": until(1), "reason": "known trouble"}
    made = machine.call("POST", "silences", ALICE, json=body).json()
    forged = {**made, "id": "sil-forged", "rule": "SecurityAlert", "signature": "0" * 64}
    for content in (forged, {"id": "sil-garbage"}, {"id": 7}, None, [1]):
        machine.client.post(
            "/runtime/webhooks/durabletask/entities/silences/all",
            params={"code": "local-durable", "op": "put"},
            json=content,
        ).raise_for_status()
    # Another good one comes after them, so they have been looked at by then.
    after = machine.call("POST", "silences", ALICE, json=body).json()
    known = machine.call("GET", "silences", DAVE).json()["silences"]
    assert [one["id"] for one in known[:2]] == [after["id"], made["id"]]
    assert not {"sil-forged", "sil-garbage"} & {one["id"] for one in known}
    for one in (made, after):
        machine.call("DELETE", f"silences/{one['id']}", ALICE)
