"""The HTTP contract of starting, steering and reading runs."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.orchestrations.machine import ALICE, BOB, DAVE, Machine, asks, plan, statuses, step

NOW = datetime.now(UTC)
DRILL = {"mode": "drill", "reason": "quarterly drill"}


def problem(answer, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": "no mode said"}, "mode"),
        ({"mode": "real", "reason": "no start said"}, "outage_started_at"),
        ({"mode": "live", "reason": "unknown mode"}, "mode"),
        ({"mode": 1, "reason": "wrong type"}, "mode"),
        ({"mode": None, "reason": "wrong type"}, "mode"),
        ({"mode": "drill"}, "reason"),
        ({"mode": "drill", "reason": ""}, "reason"),
        ({"mode": "drill", "reason": "  \n "}, "reason"),
        ({"mode": "drill", "reason": 5}, "reason"),
        ({"mode": "drill", "reason": "x" * 1001}, "reason"),
        ({**DRILL, "force": True}, "force"),
        ({**DRILL, "parameters": []}, "parameters"),
        ({**DRILL, "parameters": {"no_such": 1}}, "parameters.no_such"),
        ({**DRILL, "outage_started_at": "yesterday"}, "outage_started_at"),
        ({**DRILL, "outage_started_at": 1700000000}, "outage_started_at"),
        ({**DRILL, "outage_started_at": "2026-01-01T00:00:00"}, "outage_started_at"),
        ({**DRILL, "outage_started_at": (NOW + timedelta(hours=1)).isoformat()}, "outage_started_at"),
        ({**DRILL, "outage_started_at": (NOW - timedelta(days=31)).isoformat()}, "outage_started_at"),
        ([], "(body)"),
        ("text", "(body)"),
    ],
)
def test_a_wrong_start_names_the_field(machine: Machine, body: object, field: str):
    found = problem(machine.call("POST", "recovery/region_outage", json=body), 400)
    assert field in [error["field"] for error in found["errors"]]
    assert field in found["detail"]


@pytest.mark.parametrize(
    "content", [b"{", b"null", b"\xff\xfe", b"mode=drill", b'{"mode": NaN}', b"[" * 100_000, b'"\\ud800"']
)
def test_what_is_not_json_is_a_400(machine: Machine, content: bytes):
    problem(machine.call("POST", "recovery/region_outage", content=content), 400)


def test_an_empty_body_names_what_is_missing(machine: Machine):
    found = problem(machine.call("POST", "recovery/region_outage", content=b""), 400)
    assert [error["field"] for error in found["errors"]] == ["mode", "reason"]


def test_a_body_that_is_too_large_is_a_413(machine: Machine):
    body = {**DRILL, "reason": "x" * 300_000}
    problem(machine.call("POST", "recovery/region_outage", json=body), 413)


def test_an_unknown_plan_names_the_known_ones(machine: Machine):
    found = problem(machine.call("POST", "recovery/no_such_plan", json=DRILL), 404)
    assert {"region_outage", "daily"} <= set(found["known"])
    problem(machine.call("GET", "plans/no_such_plan", DAVE), 404)


def test_a_plan_starts_under_its_own_kind_only(machine: Machine):
    problem(machine.call("POST", "recovery/daily", json=DRILL), 404)
    problem(machine.call("POST", "maintenance/region_outage", json={"reason": "wrong door"}), 404)


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("POST", "recovery/region_outage", "Operator"),
        ("POST", "maintenance/daily", "Operator"),
        ("POST", "runs/recovery-x/pause", "Operator"),
        ("POST", "runs/recovery-x/resume", "Operator"),
        ("POST", "runs/recovery-x/abort", "Operator"),
        ("POST", "runs/recovery-x/decisions", "Operator"),
        ("POST", "runs/recovery-x/approvals", "Approver"),
    ],
)
def test_who_may_only_read_may_not_act(machine: Machine, method: str, path: str, role: str):
    found = problem(machine.call(method, path, DAVE, json={}), 403)
    assert role in found["detail"]
    problem(machine.call(method, path, None, json={}), 401)


@pytest.mark.parametrize("path", ["runs", "runs/recovery-x", "plans", "automation"])
def test_nobody_reads_without_signing_in(machine: Machine, path: str):
    problem(machine.call("GET", path, None), 401)
    assert machine.call("GET", path, "stranger@example.com").status_code == 401


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("runs?color=red", "color"),
        ("runs?kind=disaster", "kind"),
        ("runs?status=happy", "status"),
        ("runs?since=yesterday", "since"),
        ("runs?since=2026-11-01T00:00:00", "since"),
        ("runs?limit=0", "limit"),
        ("runs?limit=501", "limit"),
        ("runs?limit=ten", "limit"),
        ("runs?limit=-1", "limit"),
        ("runs?limit=٣", "limit"),
        ("plans?x=1", "x"),
        ("automation?x=1", "x"),
        ("runs/recovery-x?full=1", "full"),
        ("runs/recovery-x/report?kind=pdf", "kind"),
    ],
)
def test_wrong_query_parameters_are_named(machine: Machine, path: str, field: str):
    found = problem(machine.call("GET", path, DAVE), 400)
    assert found["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "run", ["recovery-no-such-run", "nonsense", "recovery-", "recovery-%00", "x" * 300, "@entity@x"]
)
def test_an_unknown_run_is_a_404(machine: Machine, run: str):
    problem(machine.call("GET", f"runs/{run}", DAVE), 404)
    problem(machine.steer(run, "pause"), 404)
    problem(machine.approve(run, BOB), 404)
    problem(machine.decide(run, "a", "retry"), 404)


def test_runs_are_listed_by_kind_and_status_the_newest_first(machine: Machine):
    made = [machine.start_run(plan(step("a"), kind=kind)) for kind in ("operation", "drill", "operation")]
    for run in made:
        machine.end_of(run)
    waiting = machine.start_run(plan(step("a"), kind="operation", approval=asks()))

    def listed(query: str) -> list[str]:
        answer = machine.call("GET", f"runs?{query}", DAVE)
        assert answer.status_code == 200
        return [run["run_id"] for run in answer.json()["runs"]]

    assert listed("kind=operation&status=succeeded&limit=2") == [made[2], made[0]]
    assert listed("kind=drill&limit=1") == [made[1]]
    assert listed("status=waiting_for_approval&kind=operation") == [waiting]
    assert listed("limit=1") == [waiting]
    started = machine.record(made[2])["started_at"]
    assert waiting in listed(f"kind=operation&since={started}")
    assert made[0] not in listed(f"kind=operation&since={started}")
    assert listed("since=2126-01-01T00:00:00%2B09:00") == []
    machine.steer(waiting, "abort")
    machine.end_of(waiting)
    assert listed("status=waiting_for_approval&kind=operation") == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decision": "retry", "reason": "no step"}, "step"),
        ({"step": "a", "decision": "redo", "reason": "unknown"}, "decision"),
        ({"step": "a", "decision": "retry"}, "reason"),
        ({"step": "a", "decision": "retry", "reason": "too much", "undo": True}, "undo"),
        ({"step": "a", "decision": "abort", "reason": "wrong type", "undo": "yes"}, "undo"),
        ({"step": "a", "decision": "retry", "reason": "unknown", "force": 1}, "force"),
    ],
)
def test_a_wrong_decision_names_the_field(machine: Machine, waiting: str, body: dict, field: str):
    found = problem(machine.call("POST", f"runs/{waiting}/decisions", json=body), 400)
    assert found["errors"][0]["field"] == field


@pytest.fixture(scope="module")
def waiting(machine: Machine):
    run = machine.start_run(plan(step("a", script=["fatal"]), step("b", "a")))
    machine.until(run, "waiting_for_operator")
    yield run
    machine.decide(run, "a", "abort")
    machine.end_of(run)


def test_a_decision_for_what_does_not_wait_is_a_409(machine: Machine, waiting: str):
    assert problem(machine.decide(waiting, "b", "skip"), 409)["waiting"] == ["a"]
    problem(machine.decide(waiting, "no_such_step", "skip"), 409)
    problem(machine.approve(waiting, BOB), 403)
    assert statuses(machine.record(waiting))["a"] == "waiting_for_operator"


def test_what_is_over_cannot_be_steered(machine: Machine):
    run = machine.start_run(plan(step("a")))
    machine.output(run)
    for verb in ("pause", "resume", "abort"):
        problem(machine.steer(run, verb), 409)
    problem(machine.decide(run, "a", "retry"), 409)
    for body in ({}, {"reason": "why", "undo": True}, {"reason": 5}):
        problem(machine.call("POST", f"runs/{run}/pause", json=body), 400)


def test_a_flood_of_decisions_keeps_no_run_from_its_end(machine: Machine):
    run = machine.start_run(plan(step("a", action="scripted_look", seconds=0.5), step("b", "a")))

    def steered(_: int) -> int:
        return machine.steer(run, "resume").status_code

    with ThreadPoolExecutor(8) as everybody:
        answers = list(everybody.map(steered, range(80)))
    assert set(answers) <= {202, 409}
    assert machine.end_of(run)["status"] == "succeeded"


def test_a_start_answers_where_to_look(machine: Machine):
    answer = machine.call("POST", "maintenance/daily", ALICE, json={"reason": "by hand"})
    assert answer.status_code == 202
    body = answer.json()
    assert body["status_url"] == f"/api/runs/{body['run_id']}"
    assert body["approvals_url"] == f"/api/runs/{body['run_id']}/approvals"
    record = machine.client.get(body["status_url"], headers={"x-local-user": DAVE}).json()
    assert (record["plan"], record["requested_by"], record["reason"]) == ("daily", ALICE, "by hand")


def test_a_real_recovery_counts_from_the_outage(machine: Machine):
    since = (NOW - timedelta(minutes=20)).isoformat()
    body = {"mode": "real", "reason": "the region is gone", "outage_started_at": since}
    answer = machine.call("POST", "recovery/region_outage", ALICE, json=body)
    assert answer.status_code == 202, answer.text
    run = answer.json()["run_id"]
    record = machine.record(run)
    assert record["status"] == "waiting_for_approval"
    assert record["rto"]["basis"] == "operator"
    assert datetime.fromisoformat(record["rto"]["started_at"]) == datetime.fromisoformat(since)
    machine.steer(run, "abort")
    assert machine.end_of(run)["status"] == "rejected"


def test_without_a_word_it_counts_from_the_last_good_probe(machine: Machine):
    def kept(state: object) -> None:
        machine.client.post(
            "/runtime/webhooks/durabletask/entities/endpoint_health/all",
            params={"code": "local-durable", "op": "keep"},
            json=state,
        ).raise_for_status()

    def answer(status: int):
        body = {"mode": "real", "reason": "the region is gone"}
        deadline = time.monotonic() + 10
        while (got := machine.call("POST", "recovery/region_outage", ALICE, json=body)).status_code != status:
            assert time.monotonic() < deadline, got.text
            time.sleep(0.1)
        return got.json()

    failed = NOW - timedelta(minutes=7)
    down = {"failures": 4, "down": True, "since": failed.isoformat()}
    once = {"failures": 1, "since": (failed - timedelta(hours=1)).isoformat()}
    kept({"watched": {"agent-service": down, "front-door": once, "training-data": once}})
    run = answer(202)["run_id"]
    record = machine.record(run)
    assert record["rto"]["basis"] == "probe"
    assert datetime.fromisoformat(record["rto"]["started_at"]) == failed - timedelta(minutes=1)
    machine.steer(run, "abort")
    assert machine.end_of(run)["status"] == "rejected"
    for state in ({"watched": 7}, {"watched": {"agent-service": once}}, {}):
        kept(state)
        refused = answer(400)
        assert "neither Service Health nor the health monitor" in refused["detail"]


def test_reports_come_in_three_formats(machine: Machine):
    run = machine.start_run(plan(step("a")))
    machine.output(run)
    kinds = {"html": "text/html", "pdf": "application/pdf", "json": "application/json"}
    for name, kind in kinds.items():
        answer = machine.call("GET", f"runs/{run}/report?format={name}", DAVE)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
    found = problem(machine.call("GET", f"runs/{run}/report?format=doc", DAVE), 400)
    assert found["errors"][0]["field"] == "format"


def test_the_switch_says_what_it_is_now(machine: Machine):
    off = {"enabled": False, "reason": "testing it"}
    problem(machine.call("PUT", "automation", DAVE, json=off), 403)
    problem(machine.call("PUT", "automation", ALICE, json={"enabled": "no", "reason": "wrong type"}), 400)
    for _ in range(3):
        for enabled in (False, True):
            body = {"enabled": enabled, "reason": "testing it"}
            answer = machine.call("PUT", "automation", BOB, json=body)
            assert answer.status_code == 200
            assert machine.call("GET", "automation", DAVE).json() == answer.json()


def test_health_tells_details_to_readers_only(machine: Machine):
    assert machine.call("GET", "health", None).json() == {"status": "ok"}
    assert machine.call("GET", "health", DAVE).json()["estate"] == "contoso"
