"""What somebody can do who holds Durable's system key, but not the signing key: nothing."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from shared.model.signing import Signer
from tests.infra.local.host.process import eventually
from tests.orchestrations.machine import (
    BOB,
    CAROL,
    DAVE,
    KEY,
    OVER,
    Machine,
    asks,
    plan,
    said,
    statuses,
    step,
)

PLAN = plan(step("a"), services=["forged-service"])
GATED = plan(step("a"), approval=asks(required=1))


def unsigned(wire: dict) -> None:
    wire["signature"] = ""


def other_key(wire: dict) -> None:
    from shared.model.run import RunRequest

    signed = Signer(b"another key that is long enough to be one").sign_request(RunRequest.from_wire(wire))
    wire.clear()
    wire.update(signed.to_wire())


def other_params(wire: dict) -> None:
    wire["plan"]["steps"][0]["params"]["text"] = "mine"


def other_requester(wire: dict) -> None:
    wire["requester_id"] = "system:me"


def no_approval(wire: dict) -> None:
    wire["plan"]["approval"]["required"] = 0


def other_limits(wire: dict) -> None:
    wire["limits"]["poll_seconds"] = 0.001


def no_step_signature(wire: dict) -> None:
    wire["step_signatures"] = {}


def drill(wire: dict) -> None:
    wire["mode"] = "drill"


def time_without_zone(wire: dict) -> None:
    wire["requested_at"] = "2026-01-01T00:00:00"


EDITS = (
    unsigned,
    other_key,
    other_params,
    other_requester,
    no_approval,
    other_limits,
    no_step_signature,
    drill,
    time_without_zone,
)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_a_start_that_was_edited_does_nothing(machine: Machine, edit):
    gated = plan(step("a"), services=["forged-service"], approval=asks())
    wire = machine.request(gated).to_wire()
    edit(wire)
    machine.inject(wire, wire["run_id"])
    record = machine.end_of(wire["run_id"])
    assert record["status"] == "rejected"
    assert "not signed" in record["status_reason"]
    machine.output(wire["run_id"])
    assert machine.world.steps(wire["run_id"], "called") == []
    assert machine.azure.mails(wire["run_id"]) == []
    assert machine.azure.blob_names(wire["run_id"]) == set()
    assert machine.claims("forged-service") == ""


@pytest.mark.parametrize(
    "payload", [None, 7, "text", [1, 2], {}, {"run_id": "x"}, {"plan": {"steps": "none"}}]
)
def test_a_start_that_is_garbage_is_rejected_and_breaks_no_list(machine: Machine, payload):
    run = machine.inject(payload, f"recovery-garbage-{abs(hash(str(payload)))}")
    eventually(
        lambda: machine.status(run), lambda found: found["runtimeStatus"] not in ("Running", "Pending")
    )
    answer = machine.call("GET", f"runs/{run}", DAVE)
    assert answer.status_code in (200, 404)
    if answer.status_code == 200:
        assert answer.json()["status"] in {"rejected", "failed"}
    assert machine.call("GET", "runs?kind=recovery", DAVE).status_code == 200


def test_a_signed_start_of_yesterday_is_refused(machine: Machine):
    request = machine.request(PLAN, requested_at=datetime.now(UTC) - timedelta(minutes=61))
    machine.inject(request.to_wire(), request.run_id)
    record = machine.end_of(request.run_id)
    assert record["status"] == "rejected"
    assert "older" in record["status_reason"]
    assert machine.world.steps(request.run_id, "called") == []


def test_a_signed_start_counts_for_its_own_instance_only(machine: Machine):
    request = machine.request(PLAN)
    run = machine.inject(request.to_wire(), "recovery-test-another")
    state = machine.ended(run)
    assert state["output"]["status"] == "rejected"
    assert request.run_id in state["output"]["status_reason"]
    assert machine.world.steps(request.run_id, "called") == []


def test_a_start_counts_once(machine: Machine):
    run = machine.start_run(PLAN)
    assert machine.end_of(run)["status"] == "succeeded"
    machine.output(run)
    before = machine.azure.blob_names(run)
    answer = machine.post(run, "restart", restartWithNewInstanceId="false")
    assert answer.status_code == 202, answer.text
    record = eventually(lambda: machine.record(run), lambda found: found["status"] == "rejected")
    assert "used before" in record["status_reason"]
    assert machine.world.count(run, "called", "a") == 1
    assert machine.azure.blob_names(run) == before


def test_an_approval_that_nobody_gave_is_ignored_and_told(machine: Machine):
    request = machine.request(GATED)
    run = machine.inject(request.to_wire(), request.run_id)
    machine.until(run, "waiting_for_approval")
    good = machine.approval(request, BOB).to_wire()
    forged = [
        None,
        "approve",
        {},
        {**good, "signature": ""},
        {**good, "approver": CAROL},
        {**good, "approver_id": machine.person(CAROL)},
        {**machine.approval(request, BOB, decision="reject").to_wire(), "decision": "approve"},
        machine.approval(machine.request(GATED), BOB).to_wire(),  # of another run
        machine.approval(request, BOB, plan_digest="0" * 64).to_wire(),  # of another plan
        machine.approval(request, DAVE).to_wire(),  # by no approver
        machine.control(run, "resume").to_wire(),  # signed, but no approval
        machine.approval(request, BOB, decided_at=datetime.now(UTC) - timedelta(days=1)).to_wire(),
    ]
    for wire in forged:
        machine.raise_event(run, "approval", wire)
    # The live log shows the newest ten.
    eventually(lambda: machine.record(run), lambda found: len(said(found, "ignored an approval")) == 10)
    eventually(
        lambda: sum(event.get("FunctionName") == "check_approval" for event in machine.history(run)),
        lambda count: count == len(forged),
    )
    record = machine.record(run)
    assert record["status"] == "waiting_for_approval"
    assert record["approvals"] == []
    machine.raise_event(run, "approval", good)
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    machine.output(run)
    assert len(said(machine.record(run), "ignored an approval")) == len(forged)


def test_a_control_that_nobody_gave_is_ignored_and_told(machine: Machine):
    run = machine.start_run(plan(step("a", polls=20), step("b", "a")))
    machine.until_step(run, "a", "running")
    good = machine.control(run, "abort").to_wire()
    other = machine.control("recovery-other", "abort").to_wire()
    forged = [None, {}, {**good, "signature": ""}, {**good, "undo": True}, {**good, "verb": "pause"}, other]
    for wire in forged:
        machine.raise_event(run, "control", wire)
    machine.raise_event(run, "control", machine.control(run, "skip", step="b", failure_number=1).to_wire())
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert statuses(record) == {"a": "succeeded", "b": "succeeded"}
    machine.output(run)
    assert len(said(machine.record(run), "ignored a decision")) == len(forged) + 1


def test_a_control_counts_once(machine: Machine):
    run = machine.start_run(plan(step("a", polls=20), step("b", "a")))
    machine.until_step(run, "a", "running")
    pause = machine.control(run, "pause").to_wire()
    machine.raise_event(run, "control", pause)
    machine.until(run, "paused")
    machine.steer(run, "resume")
    machine.until(run, {"running"} | OVER)
    machine.raise_event(run, "control", pause)
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert said(record, "taken before")


def test_a_decision_that_nobody_made_is_ignored_and_told(machine: Machine):
    run = machine.start_run(plan(step("a", script=["fatal", "ok"]), step("b", script=["fatal"])))
    for name in ("a", "b"):
        machine.until_step(run, name, "waiting_for_operator")
    good = machine.control(run, "skip", step="a", failure_number=1).to_wire()
    forged = [
        {**good, "signature": ""},
        {**good, "verb": "abort"},
        machine.control(run, "skip", step="b", failure_number=1).to_wire(),
        machine.control(run, "skip", step="a", failure_number=2).to_wire(),
        machine.control(run, "abort").to_wire(),
        machine.control("recovery-other", "skip", step="a", failure_number=1).to_wire(),
    ]
    for wire in forged:
        machine.raise_event(run, "decision-a-1", wire)
    eventually(
        lambda: said(machine.record(run), "ignored a decision"), lambda found: len(found) == len(forged)
    )
    assert machine.step(run, "a")["status"] == "waiting_for_operator"
    machine.decide(run, "a", "retry")
    machine.decide(run, "b", "skip")
    assert statuses(machine.end_of(run)) == {"a": "succeeded", "b": "skipped"}


def test_a_principal_header_from_outside_is_nobodys(machine: Machine):
    from infra.local.machine import encoded_principal

    bob = machine.estate.person_by_mail(BOB)
    assert bob is not None
    header = {"X-MS-CLIENT-PRINCIPAL": encoded_principal(bob)}
    assert machine.call("GET", "runs", None, headers=header).status_code == 401
    run = machine.start_run(GATED)
    machine.until(run, "waiting_for_approval")
    body = {"decision": "approve", "reason": "forged"}
    assert machine.call("POST", f"runs/{run}/approvals", None, headers=header, json=body).status_code == 401
    assert machine.call("POST", f"runs/{run}/approvals", DAVE, headers=header, json=body).status_code == 403
    time.sleep(0.2)
    assert machine.record(run)["approvals"] == []
    machine.steer(run, "abort")


def test_the_management_api_asks_for_its_key(machine: Machine):
    path = "/runtime/webhooks/durabletask/orchestrators/run_plan"
    assert machine.client.post(path, json={}).status_code == 401
    assert machine.client.post(path, params={"code": KEY}, json={}).status_code == 401


def test_the_switch_takes_no_garbage(machine: Machine):
    for garbage in (None, 1, {}, {"enabled": "no"}, {"on": True}):
        machine.client.post(
            "/runtime/webhooks/durabletask/entities/automation/switch",
            params={"code": "local-durable", "op": "set"},
            json=garbage,
        ).raise_for_status()
    time.sleep(0.3)
    assert machine.call("GET", "automation", DAVE).json()["enabled"] is True
    assert machine.end_of(machine.start_run(plan(step("a")), by="system:schedule/x"))["status"] == "succeeded"
