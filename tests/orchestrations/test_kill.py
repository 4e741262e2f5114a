"""`kill -9` at any moment: every run ends as if nothing had happened, and no effect happens twice."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.infra.local.host.process import eventually
from tests.orchestrations.machine import (
    ALICE,
    BOB,
    CAROL,
    OVER,
    AzureProcess,
    Machine,
    asks,
    plan,
    running,
    said,
    statuses,
    step,
    steps,
)

SLOW = 1.2


@dataclass
class Survivors:
    """A machine after its kill, and the runs that were in the middle of something."""

    machine: Machine
    runs: dict[str, str]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, azure: AzureProcess) -> Iterator[Survivors]:
    with running(tmp_path_factory.mktemp("killed"), azure) as machine:
        yield Survivors(machine, in_the_middle(machine))


def in_the_middle(machine: Machine) -> dict[str, str]:
    """Runs in every kind of wait and work, by name, when the host has been killed and started again."""
    off = {"enabled": False, "reason": "held over the kill"}
    assert machine.call("PUT", "automation", ALICE, json=off).status_code == 200
    back = step("back", seconds=SLOW)
    retry = {"attempts": 3, "delay": 2.0}
    plans = {
        "attempt": plan(step("a", seconds=SLOW), step("b", "a"), services=["kept"]),
        "two_phase": plan(step("a", action="scripted_twice", seconds=SLOW), step("b", "a")),
        "poll": plan(step("a", polls=40), step("b", "a")),
        "retry": plan(step("a", script=["retryable", "ok"], retry=retry)),
        "approval": plan(step("a"), approval=asks()),
        "paused": plan(step("a", seconds=3), step("b", "a")),
        "operator": plan(step("a", script=["fatal", "ok"]), step("b", "a")),
        "undo": plan(step("a", undo=back), step("b", "a", undo=back), step("c", "b", script=["fatal"])),
        "drill": plan(step("a", undo=back), step("b", "a", script=["fatal"])),
    }
    runs = {
        name: machine.start_run(made, mode="drill" if name == "drill" else "real")
        for name, made in plans.items()
        if name not in {"attempt", "two_phase", "drill"}
    }
    runs["held"] = machine.start_run(plan(step("a")), by="system:schedule/x")
    machine.until_step(runs["paused"], "a", "running")
    machine.steer(runs["paused"], "pause")
    machine.until(runs["paused"], "paused")
    machine.until_step(runs["paused"], "a", "succeeded")
    machine.until(runs["approval"], "waiting_for_approval")
    machine.approve(runs["approval"], BOB)
    eventually(lambda: machine.record(runs["approval"])["approvals"], bool)
    eventually(lambda: said(machine.record(runs["held"]), "held"), bool)
    machine.until(runs["operator"], "waiting_for_operator")
    machine.until(runs["undo"], "waiting_for_operator")
    for name in ("attempt", "two_phase", "drill"):
        runs[name] = machine.start_run(plans[name], mode="drill" if name == "drill" else "real")
    machine.decide(runs["undo"], "c", "abort", undo=True)
    for name, inside in {"attempt": "a", "two_phase": "a", "drill": "undo_a", "undo": "undo_b"}.items():
        eventually(lambda: machine.world.count(runs[name], "called", inside), lambda count: count == 1)  # noqa: B023
    machine.kill()
    machine.start()
    return runs


def test_an_attempt_that_was_killed_is_made_again_and_takes_effect_once(killed: Survivors):
    machine, run = killed.machine, killed.runs["attempt"]
    record = machine.end_of(run)
    assert statuses(record) == {"a": "succeeded", "b": "succeeded"}
    assert steps(record)["a"]["attempts"] == 1
    assert machine.world.count(run, "called", "a") == 2
    assert machine.world.steps(run, "effect") == ["a", "b"]


def test_what_was_claimed_before_the_kill_is_claimed_after_it(killed: Survivors):
    machine, run = killed.machine, killed.runs["attempt"]
    machine.end_of(run)
    eventually(lambda: machine.claims("kept"), lambda holder: holder == "")
    second = machine.start_run(plan(step("a"), services=["kept"]))
    assert machine.end_of(second)["status"] == "succeeded"


def test_two_phases_keep_what_was_observed(killed: Survivors):
    machine, run = killed.machine, killed.runs["two_phase"]
    record = machine.end_of(run)
    assert steps(record)["a"]["summary"].startswith("done with {'seen': 0}")
    assert machine.world.count(run, "observed", "a") == 1
    assert machine.world.count(run, "effect", "a") == 1


def test_polls_go_on_where_they_were(killed: Survivors):
    machine, run = killed.machine, killed.runs["poll"]
    record = machine.end_of(run)
    assert steps(record)["a"]["summary"] == "done with nothing after 40 polls"
    assert 41 <= machine.world.count(run, "called", "a") <= 42
    assert machine.world.steps(run, "effect") == ["a", "b"]


def test_a_retry_comes_in_its_time(killed: Survivors):
    machine, run = killed.machine, killed.runs["retry"]
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert steps(record)["a"]["attempts"] == 2
    first, second = (at for at, _ in machine.world.notes(run, "called"))
    assert second - first >= 2.0


def test_approvals_that_were_given_still_count(killed: Survivors):
    machine, run = killed.machine, killed.runs["approval"]
    assert machine.world.steps(run, "called") == []
    assert machine.approve(run, BOB).status_code == 409
    assert machine.approve(run, CAROL).status_code == 202
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert len(record["approvals"]) == 2
    assert len(machine.azure.mails(run)) == 3  # one for each approver, and none twice


def test_a_pause_stays_one(killed: Survivors):
    machine, run = killed.machine, killed.runs["paused"]
    assert machine.record(run)["status"] == "paused"
    assert machine.world.steps(run, "called") == ["a"]
    machine.steer(run, "resume")
    assert statuses(machine.end_of(run)) == {"a": "succeeded", "b": "succeeded"}


def test_a_question_stays_open_and_no_page_goes_out_twice(killed: Survivors):
    machine, run = killed.machine, killed.runs["operator"]
    assert machine.record(run)["status"] == "waiting_for_operator"
    pages = len(machine.azure.mails(run))
    eventually(lambda: len(machine.azure.mails(run)), lambda count: count > pages)
    machine.decide(run, "a", "retry")
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert steps(record)["a"]["attempts"] == 2
    subjects = [mail["body"]["content"]["subject"] for mail in machine.azure.mails(run)]
    assert len(subjects) == len(set(subjects))


@pytest.mark.parametrize("name", ["undo", "drill"])
def test_the_way_back_goes_on(killed: Survivors, name: str):
    machine, run = killed.machine, killed.runs[name]
    record = machine.end_of(run)
    assert record["status"] == "aborted"
    expected = {"undo": ["undo_b", "undo_a"], "drill": ["undo_a"]}[name]
    assert [one for one in machine.world.steps(run, "effect") if one.startswith("undo")] == expected
    assert all(steps(record)[one[5:]]["status"] == "undone" for one in expected)
    assert machine.world.count(run, "called", expected[0]) == 2


def test_what_was_held_is_held_until_the_switch_is_on(killed: Survivors):
    machine, run = killed.machine, killed.runs["held"]
    assert machine.world.steps(run, "called") == []
    assert machine.call("GET", "automation", BOB).json()["reason"] == "held over the kill"
    machine.call("PUT", "automation", BOB, json={"enabled": True, "reason": "over"})
    assert machine.end_of(run)["status"] == "succeeded"


def test_every_record_is_kept(killed: Survivors):
    machine = killed.machine
    for run in killed.runs.values():
        if machine.record(run)["status"] in OVER:
            machine.output(run, within=30)
            assert f"{run}/record.json" in machine.azure.blob_names(run)


def test_killed_at_every_boundary_it_ends_as_if_nothing_had_happened(tmp_path, azure: AzureProcess):
    """A run that does a little of everything, killed at the begin and end of each step; a long one beside it."""
    with running(tmp_path, azure) as machine:
        kill_at_every_boundary(machine)


def kill_at_every_boundary(machine: Machine) -> None:
    made = plan(
        step("first", seconds=0.2, undo=step("back", seconds=0.2)),
        step("phases", "first", action="scripted_twice", seconds=0.2, undo=step("back", seconds=0.2)),
        step("polled", "first", polls=4),
        step("last", "phases", "polled", script=["fatal"], seconds=0.2),
        services=["one", "two"],
        approval=asks(),
    )
    run = machine.start_run(made)
    long = machine.start_run(plan(step("a", polls=50)))
    seen: set[tuple[str, str]] = set()
    kills = 0
    approved: set[str] = set()
    deadline = time.monotonic() + 240
    while True:
        assert time.monotonic() < deadline, machine.record(run)
        record = machine.record(run)
        if record["status"] in OVER:
            break
        new = {
            (what, name)
            for what in ("called", "effect", "answered")
            for name in machine.world.steps(run, what)
        } - seen
        waiting = record["status"] == "waiting_for_operator" and ("asked", "last") not in seen
        for who in (BOB, CAROL):
            if record["status"] == "waiting_for_approval" and who not in approved:
                assert machine.approve(run, who).status_code == 202
                approved.add(who)
                new.add(("approved", who))
                break
        if waiting:
            assert machine.decide(run, "last", "abort", undo=True).status_code == 202
            new.add(("asked", "last"))
        if new:
            seen |= new
            kills += 1
            machine.kill()
            machine.start()
        time.sleep(0.01)
    assert kills >= 12
    assert statuses(record) == {
        "first": "undone",
        "phases": "undone",
        "polled": "succeeded",
        "last": "failed",
        "undo_phases": "succeeded",
        "undo_first": "succeeded",
    }
    assert record["status"] == "aborted"
    assert all(one["attempts"] == 1 for one in record["steps"])
    effects = machine.world.steps(run, "effect")
    assert len(effects) == len(set(effects))
    assert effects[0] == "first"
    assert effects[-2:] == ["undo_phases", "undo_first"]
    assert [approval["approver"] for approval in record["approvals"]] == [BOB, CAROL]
    for service in ("one", "two"):
        eventually(lambda: machine.claims(service), lambda holder: holder == "")  # noqa: B023
    # Hours of waiting cost a few events a poll, however often the host went down meanwhile.
    record = machine.end_of(long, within=60)
    assert record["status"] == "succeeded", record
    assert machine.world.count(long, "effect", "a") == 1
    assert machine.world.count(long, "called", "a") <= 51 + kills
    assert len(machine.history(long)) <= 3 * 50 + 15
