"""What operators decide: retry, skip, abort, undo, pause; paging; the kill switch."""

import time
from collections.abc import Iterator

import pytest

from tests.infra.local.host.process import eventually
from tests.orchestrations.machine import (
    ALICE,
    BOB,
    DAVE,
    Machine,
    plan,
    said,
    statuses,
    step,
    steps,
)


def undoable(name: str, *needs: str, undo: dict | None = None, **fields) -> dict:
    return step(name, *needs, undo=step("back", **(undo or {})), **fields)


def test_a_critical_failure_waits_and_pages_again_and_again(machine: Machine):
    run = machine.start_run(plan(step("a", script=["fatal", "ok"], text="disk is gone"), step("b", "a")))
    record = machine.until(run, "waiting_for_operator")
    assert statuses(record) == {"a": "waiting_for_operator", "b": "pending"}
    pages = eventually(lambda: machine.azure.mails(run), lambda found: len(found) >= 3)
    subjects = [page["body"]["content"]["subject"] for page in pages]
    # Each waits for its own mail to be taken, so one may pass another.
    assert {"[1]", "[2]", "[3]"} <= {subject[:3] for subject in subjects}
    assert len(subjects) == len(set(subjects))
    assert "disk is gone" in pages[0]["body"]["content"]["plainText"]
    assert machine.world.count(run, "called", "b") == 0
    assert machine.decide(run, "a", "retry").status_code == 202
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert steps(record)["a"]["attempts"] == 2
    sent = len(machine.azure.mails(run))
    time.sleep(2)
    assert len(machine.azure.mails(run)) == sent


def test_a_page_waits_for_a_broken_mail_service_and_the_run_does_not(machine: Machine):
    fault = machine.azure.fault(kind="error", target="acs-fas-prod.communication.azure.com", status=503)
    try:
        run = machine.start_run(plan(step("a", script=["fatal"])))
        machine.until(run, "waiting_for_operator")
        time.sleep(0.5)
        assert machine.azure.mails(run) == []
    finally:
        machine.azure.heal(fault)
    eventually(lambda: machine.azure.mails(run), bool)
    assert machine.decide(run, "a", "skip").status_code == 202
    assert machine.end_of(run)["status"] == "succeeded"


def test_a_skipped_step_lets_the_next_go_on(machine: Machine):
    run = machine.start_run(plan(step("a", script=["fatal"]), step("b", "a")))
    machine.until(run, "waiting_for_operator")
    assert machine.decide(run, "a", "skip").status_code == 202
    record = machine.end_of(run)
    assert statuses(record) == {"a": "skipped", "b": "succeeded"}
    assert record["status"] == "succeeded"
    assert "skipped: a" in record["status_reason"]
    assert record["rto"]["measured_seconds"] is None


def test_an_abort_of_a_step_ends_the_run_and_undoes_nothing_unasked(machine: Machine):
    run = machine.start_run(plan(undoable("a"), step("b", "a", script=["fatal"]), step("c", "b")))
    machine.until(run, "waiting_for_operator")
    assert machine.decide(run, "b", "abort").status_code == 202
    record = machine.end_of(run)
    assert record["status"] == "aborted"
    assert statuses(record) == {"a": "succeeded", "b": "failed", "c": "skipped"}
    assert "alice" in record["status_reason"].lower()


def test_undo_goes_back_in_reverse_order_of_completion(machine: Machine):
    run = machine.start_run(
        plan(
            undoable("slow", seconds=0.5),
            undoable("quick"),
            undoable("middle", "quick", seconds=0.1),
            step("plain"),
            step("last", "slow", "middle", script=["fatal"]),
        )
    )
    machine.until(run, "waiting_for_operator")
    assert machine.decide(run, "last", "abort", undo=True).status_code == 202
    record = machine.end_of(run)
    assert record["status"] == "aborted"
    undone = ["undo_slow", "undo_middle", "undo_quick"]
    assert [name for name in machine.world.steps(run, "effect") if name.startswith("undo_")] == undone
    found = statuses(record)
    assert {found[name] for name in ("slow", "middle", "quick")} == {"undone"}
    assert found["plain"] == "succeeded"
    calls, ends = machine.world.notes(run, "called"), machine.world.notes(run, "answered")
    begun = {name: at for at, name in calls if name in undone}
    ended = {name: at for at, name in ends if name in undone}
    assert ended["undo_slow"] < begun["undo_middle"]
    assert ended["undo_middle"] < begun["undo_quick"]


def test_an_abort_lets_running_steps_finish_and_undoes_them_too(machine: Machine):
    run = machine.start_run(
        plan(undoable("a"), undoable("long", seconds=1.0), undoable("polled", polls=12), step("next", "long"))
    )
    machine.until_step(run, "a", "succeeded")
    assert machine.steer(run, "abort", undo=True).status_code == 202
    record = machine.end_of(run)
    assert record["status"] == "aborted"
    effects = machine.world.steps(run, "effect")
    assert set(effects[:3]) == {"a", "long", "polled"}
    assert set(effects[3:]) == {"undo_a", "undo_long", "undo_polled"}
    assert effects[-1] == "undo_a"
    assert statuses(record)["next"] == "skipped"


def test_an_abort_does_not_wait_for_the_next_attempt(machine: Machine):
    retry = {"attempts": 3, "delay": 30.0, "max_delay": 30.0}
    run = machine.start_run(plan(step("a", script=["retryable"], retry=retry), step("b", "a")))
    eventually(lambda: machine.step(run, "a"), lambda found: found["error"] == "not yet")
    machine.steer(run, "abort")
    record = machine.end_of(run, within=5)
    assert statuses(record) == {"a": "failed", "b": "skipped"}
    assert machine.world.count(run, "called", "a") == 1


def test_undo_can_be_asked_for_after_an_abort_while_steps_still_run(machine: Machine):
    run = machine.start_run(plan(undoable("a"), undoable("long", seconds=1.5)))
    machine.until_step(run, "a", "succeeded")
    machine.steer(run, "abort")
    eventually(lambda: said(machine.record(run), "abort"), bool)
    machine.steer(run, "abort", undo=True)
    record = machine.end_of(run)
    assert statuses(record)["a"] == "undone"
    assert statuses(record)["long"] == "undone"


def test_an_undo_that_fails_waits_for_the_operator(machine: Machine):
    run = machine.start_run(
        plan(
            undoable("a"),
            undoable("b", "a", undo={"script": ["fatal", "ok"]}),
            step("c", "b", script=["fatal"]),
        )
    )
    machine.until(run, "waiting_for_operator")
    machine.decide(run, "c", "abort", undo=True)
    machine.until_step(run, "undo_b", "waiting_for_operator")
    assert machine.step(run, "b")["status"] == "undoing"
    assert machine.world.count(run, "called", "undo_a") == 0
    assert machine.decide(run, "undo_b", "retry").status_code == 202
    record = machine.end_of(run)
    assert statuses(record) == {
        "a": "undone",
        "b": "undone",
        "c": "failed",
        "undo_a": "succeeded",
        "undo_b": "succeeded",
    }


def test_an_undo_that_is_skipped_leaves_its_step_done(machine: Machine):
    run = machine.start_run(
        plan(undoable("a"), undoable("b", "a", undo={"script": ["fatal"]}), step("c", "b", script=["fatal"]))
    )
    machine.until(run, "waiting_for_operator")
    machine.decide(run, "c", "abort", undo=True)
    machine.until_step(run, "undo_b", "waiting_for_operator")
    machine.decide(run, "undo_b", "skip")
    record = machine.end_of(run)
    assert statuses(record)["b"] == "succeeded"
    assert statuses(record)["a"] == "undone"


def test_a_drill_aborts_itself_and_goes_back(machine: Machine):
    run = machine.start_run(
        plan(undoable("a"), step("b", "a", script=["fatal"], text="no quorum"), step("c", "b")), mode="drill"
    )
    record = machine.end_of(run)
    assert record["status"] == "aborted"
    assert "no quorum" in record["status_reason"]
    assert statuses(record) == {"a": "undone", "b": "failed", "c": "skipped", "undo_a": "succeeded"}
    assert machine.azure.mails(run) == []


def test_a_drill_whose_way_back_fails_waits_for_the_operator(machine: Machine):
    run = machine.start_run(
        plan(undoable("a", undo={"script": ["fatal", "ok"]}), step("b", "a", script=["unknown"])),
        mode="drill",
    )
    machine.until(run, "waiting_for_operator")
    machine.decide(run, "undo_a", "retry")
    record = machine.end_of(run)
    assert statuses(record) == {"a": "undone", "b": "unknown", "undo_a": "succeeded"}


def test_an_unknown_effect_of_a_critical_step_asks(machine: Machine):
    run = machine.start_run(plan(step("a", script=["unknown", "ok"])))
    machine.until(run, "waiting_for_operator")
    assert "cannot be proved" in machine.step(run, "a")["summary"]
    machine.decide(run, "a", "retry")
    assert machine.end_of(run)["status"] == "succeeded"


def test_two_steps_wait_for_decisions_of_their_own(machine: Machine):
    run = machine.start_run(
        plan(step("a", script=["fatal", "ok"]), step("b", script=["fatal"]), step("c", "a", "b"))
    )
    for name in ("a", "b"):
        machine.until_step(run, name, "waiting_for_operator")
    assert machine.decide(run, "b", "skip").status_code == 202
    machine.until_step(run, "b", "skipped")
    assert machine.record(run)["status"] == "waiting_for_operator"
    assert machine.decide(run, "a", "retry").status_code == 202
    assert statuses(machine.end_of(run)) == {"a": "succeeded", "b": "skipped", "c": "succeeded"}


def test_a_stale_decision_never_meets_a_later_question(machine: Machine):
    run = machine.start_run(plan(step("a", script=["fatal", "fatal", "ok"])))
    machine.until(run, "waiting_for_operator")
    # Two people answer the same question at the same time; the second one would skip.
    first = machine.control(run, "retry", step="a", failure_number=1)
    second = machine.control(run, "skip", step="a", failure_number=1, actor=BOB)
    for control in (first, second):
        machine.raise_event(run, "decision-a-1", control.to_wire())
    eventually(lambda: machine.step(run, "a"), lambda found: found["failures"] == 2)
    # The same answer once more, now where the second question is asked.
    machine.raise_event(run, "decision-a-2", second.to_wire())
    eventually(lambda: said(machine.record(run), "ignored a decision for a"), bool)
    time.sleep(0.3)
    assert machine.step(run, "a")["status"] == "waiting_for_operator"
    machine.decide(run, "a", "retry")
    assert machine.end_of(run)["status"] == "succeeded"


def test_pause_lets_running_steps_finish_and_starts_none(machine: Machine):
    run = machine.start_run(plan(step("a", seconds=0.8), step("b", "a")))
    machine.until_step(run, "a", "running")
    assert machine.steer(run, "pause").status_code == 202
    machine.until_step(run, "a", "succeeded")
    time.sleep(0.5)
    record = machine.record(run)
    assert record["status"] == "paused"
    assert machine.world.steps(run, "called") == ["a"]
    assert machine.steer(run, "resume").status_code == 202
    assert machine.end_of(run)["status"] == "succeeded"


def test_a_paused_run_can_be_aborted(machine: Machine):
    run = machine.start_run(plan(undoable("a", seconds=0.4), step("b", "a")))
    machine.until_step(run, "a", "running")
    machine.steer(run, "pause")
    machine.until_step(run, "a", "succeeded")
    machine.steer(run, "abort", undo=True)
    record = machine.end_of(run)
    assert statuses(record) == {"a": "undone", "b": "skipped", "undo_a": "succeeded"}


def test_a_run_that_is_paused_when_its_last_step_ends_is_over(machine: Machine):
    run = machine.start_run(plan(step("a", seconds=0.6)))
    machine.until_step(run, "a", "running")
    machine.steer(run, "pause")
    assert machine.end_of(run)["status"] == "succeeded"


@pytest.fixture
def automation_off(machine: Machine) -> Iterator[None]:
    body = {"enabled": False, "reason": "maintenance of the platform"}
    assert machine.call("PUT", "automation", ALICE, json=body).status_code == 200
    yield
    machine.call("PUT", "automation", BOB, json={"enabled": True, "reason": "over"})


@pytest.mark.usefixtures("automation_off")
def test_the_kill_switch_holds_what_the_system_started(machine: Machine):
    assert machine.call("GET", "automation", DAVE).json()["enabled"] is False
    run = machine.start_run(
        plan(step("look", action="scripted_look"), step("a"), step("b")), by="system:schedule/x"
    )
    by_person = machine.start_run(plan(step("a")))
    eventually(lambda: said(machine.record(run), "held"), bool)
    assert machine.end_of(by_person)["status"] == "succeeded"
    time.sleep(0.6)
    assert machine.world.steps(run, "called") == ["look"]
    events = len(machine.history(run))
    time.sleep(1)
    assert len(machine.history(run)) - events < 80
    body = {"enabled": True, "reason": "over"}
    assert machine.call("PUT", "automation", ALICE, json=body).status_code == 403
    assert machine.call("PUT", "automation", BOB, json=body).status_code == 200
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert len(said(record, "held")) == len(said(record, "goes on")) == 1


@pytest.mark.usefixtures("automation_off")
def test_a_run_that_is_held_can_be_aborted(machine: Machine):
    run = machine.start_run(plan(step("a")), by="system:schedule/x")
    eventually(lambda: said(machine.record(run), "held"), bool)
    machine.steer(run, "abort")
    record = machine.end_of(run, within=5)
    assert record["status"] == "aborted"
    assert machine.world.steps(run, "called") == []


def test_undo_that_a_person_asks_for_is_not_held(machine: Machine):
    run = machine.start_run(plan(undoable("a"), step("b", "a", script=["fatal"])), by="system:schedule/x")
    machine.until(run, "waiting_for_operator")
    machine.call("PUT", "automation", ALICE, json={"enabled": False, "reason": "stop it"})
    try:
        machine.decide(run, "b", "abort", undo=True)
        assert statuses(machine.end_of(run))["a"] == "undone"
    finally:
        machine.call("PUT", "automation", BOB, json={"enabled": True, "reason": "over"})
