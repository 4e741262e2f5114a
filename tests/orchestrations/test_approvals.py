"""The approval gate: m of n, never the requester, once a person, with an expiry."""

import time

from tests.infra.local.host.process import eventually
from tests.orchestrations.machine import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    ERIN,
    Machine,
    asks,
    plan,
    said,
    step,
)

GATED = plan(step("a"), approval=asks())


def test_nothing_is_done_before_enough_people_agree(machine: Machine):
    run = machine.start_run(GATED)
    machine.until(run, "waiting_for_approval")
    assert machine.approve(run, BOB).status_code == 202
    eventually(lambda: machine.record(run)["approvals"], lambda found: len(found) == 1)
    time.sleep(0.4)
    assert machine.world.steps(run, "called") == []
    assert machine.approve(run, CAROL).status_code == 202
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert [approval["approver"] for approval in record["approvals"]] == [BOB, CAROL]
    assert all(approval["signature"] == "" for approval in record["approvals"])
    mails = eventually(lambda: machine.azure.mails(run), lambda sent: len(sent) == 3)
    assert sorted(to["address"] for mail in mails for to in mail["body"]["recipients"]["to"]) == [
        BOB,
        CAROL,
        ERIN,
    ]


def test_an_approval_right_after_the_start_counts(machine: Machine):
    run = machine.start_run(GATED)
    assert machine.approve(run, BOB).status_code == 202
    assert machine.approve(run, CAROL).status_code == 202
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert len(record["approvals"]) == 2


def test_the_record_never_goes_blank_while_a_decision_is_checked(machine: Machine):
    run = machine.start_run(GATED)
    machine.until(run, "waiting_for_approval")
    machine.approve(run, BOB)
    eventually(lambda: machine.record(run)["approvals"], bool)
    seen = []
    for _ in range(5):
        machine.raise_event(run, "approval", "garbage")
        seen += [len(machine.record(run)["approvals"]) for _ in range(10)]
    assert set(seen) == {1}
    machine.approve(run, BOB, "reject")


def test_who_may_not_approve(machine: Machine):
    run = machine.start_run(GATED, by=BOB)
    machine.until(run, "waiting_for_approval")
    refused = {
        BOB: "asked for",  # the requester
        ALICE: "Approver",  # an operator
        DAVE: "Approver",  # a reader
        "mallory@contoso.com": "not among the approvers",  # the role, but not in the estate
        "robot@contoso.com": "application",
    }
    for who, why in refused.items():
        answer = machine.approve(run, who)
        assert answer.status_code == 403, who
        assert answer.headers["content-type"] == "application/problem+json"
        assert why in answer.json()["detail"], who
    assert machine.approve(run, None).status_code == 401
    time.sleep(0.3)
    assert machine.record(run)["approvals"] == []
    machine.steer(run, "abort")


def test_a_decision_is_final(machine: Machine):
    run = machine.start_run(GATED)
    machine.until(run, "waiting_for_approval")
    assert machine.approve(run, BOB).status_code == 202
    eventually(lambda: machine.record(run)["approvals"], bool)
    assert machine.approve(run, BOB).status_code == 409
    assert machine.approve(run, BOB, "reject").status_code == 409
    machine.steer(run, "abort")
    record = machine.end_of(run)
    assert record["status"] == "rejected"
    assert "before approval" in record["status_reason"]
    assert machine.approve(run, CAROL).status_code == 409


def test_one_person_twice_at_the_same_moment_counts_once(machine: Machine):
    request = machine.request(GATED)
    machine.inject(request.to_wire(), request.run_id)
    machine.until(request.run_id, "waiting_for_approval")
    for _ in range(3):
        machine.raise_event(request.run_id, "approval", machine.approval(request, BOB).to_wire())
    record = eventually(
        lambda: machine.record(request.run_id), lambda found: len(said(found, "second decision")) == 2
    )
    assert record["status"] == "waiting_for_approval"
    assert machine.approve(request.run_id, ERIN).status_code == 202
    assert machine.end_of(request.run_id)["status"] == "succeeded"


def test_one_rejection_ends_the_run(machine: Machine):
    run = machine.start_run(GATED)
    machine.until(run, "waiting_for_approval")
    assert machine.approve(run, CAROL, "reject").status_code == 202
    record = machine.end_of(run)
    assert record["status"] == "rejected"
    assert "carol@contoso.com" in record["status_reason"]
    assert machine.world.steps(run, "called") == []


def test_an_approval_expires(machine: Machine):
    run = machine.start_run(plan(step("a"), approval=asks(expires="PT0.7S")))
    machine.until(run, "waiting_for_approval")
    machine.approve(run, BOB)
    record = machine.end_of(run)
    assert record["status"] == "rejected"
    assert "within" in record["status_reason"]
    assert machine.approve(run, CAROL).status_code == 409
    assert machine.world.steps(run, "called") == []


def test_a_late_approval_is_ignored_and_told(machine: Machine):
    request = machine.request(plan(step("a", seconds=1.0), approval=asks(required=1)))
    machine.inject(request.to_wire(), request.run_id)
    machine.approve(request.run_id, BOB)
    machine.until_step(request.run_id, "a", "running")
    machine.raise_event(
        request.run_id, "approval", machine.approval(request, CAROL, decision="reject").to_wire()
    )
    record = machine.end_of(request.run_id)
    assert record["status"] == "succeeded"
    assert len(record["approvals"]) == 1
    assert said(record, "no longer waits")


def test_a_run_that_waits_for_approval_cannot_be_paused(machine: Machine):
    run = machine.start_run(GATED)
    assert machine.steer(run, "pause").status_code == 409
    assert machine.steer(run, "resume").status_code == 409
    machine.steer(run, "abort")
    assert machine.end_of(run)["status"] == "rejected"


def test_mail_that_is_down_does_not_keep_people_from_approving(machine: Machine):
    fault = machine.azure.fault(kind="error", target="acs-fas-prod.communication.azure.com", status=503)
    try:
        run = machine.start_run(GATED)
        machine.approve(run, BOB)
        machine.approve(run, CAROL)
        assert machine.end_of(run)["status"] == "succeeded"
    finally:
        machine.azure.heal(fault)
