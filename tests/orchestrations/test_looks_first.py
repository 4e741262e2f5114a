"""What the clock begins every few minutes looks first: only what it finds to do is asked for, told and kept."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.local.host.process import eventually
from tests.orchestrations.machine import ALICE, BOB, DAVE, Machine, plan, said, steps
from tests.orchestrations.machine import step as scripted_step

CLOCK = "system:schedule/tender"


def step(name: str, **fields: Any) -> dict[str, Any]:
    return scripted_step(name, action="scripted_tender", **fields)


def tender(name: str, *made: dict[str, Any]) -> dict[str, Any]:
    return plan(*made, kind="maintenance", name=name)


def listed(machine: Machine, run: str) -> bool:
    runs = machine.call("GET", "runs?kind=maintenance&limit=200", DAVE).json()["runs"]
    return run in {one["run_id"] for one in runs}


def end_of(machine: Machine, run: str) -> dict[str, Any]:
    """The record when the orchestration is over, and whatever it keeps is kept."""
    eventually(lambda: machine.status(run)["runtimeStatus"], lambda found: found == "Completed")
    return machine.record(run)


@pytest.fixture
def automation_off(machine: Machine) -> Iterator[None]:
    body = {"enabled": False, "reason": "maintenance of the platform"}
    assert machine.call("PUT", "automation", ALICE, json=body).status_code == 200
    yield
    machine.call("PUT", "automation", BOB, json={"enabled": True, "reason": "over"})


def test_nothing_to_do_leaves_no_trace(machine: Machine) -> None:
    made = tender("quiet", step("a", script=["idle"]), step("b", script=["idle"]))
    run = machine.start_run(made, by=CLOCK)
    record = end_of(machine, run)
    assert record["status"] == "succeeded"
    assert {one["summary"] for one in record["steps"]} == {"there is nothing to do"}
    assert sorted(machine.world.steps(run, "looked")) == ["a", "b"]
    assert machine.world.steps(run, "called") == []
    assert machine.azure.blob_names(run) == set()
    assert not listed(machine, run)
    by_person = machine.start_run(made)
    end_of(machine, by_person)
    assert listed(machine, by_person), "whoever asks for it wants to see what came of it"


def test_what_is_done_is_told_and_kept_like_every_other_run(machine: Machine) -> None:
    run = machine.start_run(tender("busy", step("a", script=["idle"]), step("b", polls=1)), by=CLOCK)
    record = end_of(machine, run)
    assert [(one["changed"], one["attempts"]) for one in record["steps"]] == [(False, 1), (True, 1)]
    assert "done with {'act': True}" in steps(record)["b"]["summary"]
    assert listed(machine, run)
    assert any(name.endswith("record.json") for name in machine.azure.blob_names(run))


def test_a_look_that_fails_is_told_too_but_files_are_not_heaped_up(machine: Machine) -> None:
    """In an outage it fails every few minutes."""
    run = machine.start_run(tender("blind", step("a", script=["blind"], critical=False)), by=CLOCK)
    record = end_of(machine, run)
    assert (record["status"], steps(record)["a"]["error"]) == ("failed", "nothing can be seen")
    assert listed(machine, run)
    assert machine.azure.blob_names(run) == set()


def test_the_guardrails_count_what_is_done_and_no_look(machine: Machine) -> None:
    touched = ["container:agents-db/threads"]
    looks = [tender("looks", step("a", script=["idle"], touches=touched)) for _ in range(2)]
    for made in looks:
        end_of(machine, machine.start_run(made, by=CLOCK))
    first = end_of(machine, machine.start_run(tender("first", step("a", touches=touched)), by=CLOCK))
    assert steps(first)["a"]["changed"]
    run = machine.start_run(tender("second", step("a", touches=touched)), by=CLOCK)
    record = end_of(machine, run)
    assert record["status"] == "succeeded"
    assert steps(record)["a"]["summary"].startswith("left as it is: guardrails: cool-down: scripted_tender")
    assert machine.world.steps(run, "called") == []
    assert not listed(machine, run)
    assert machine.azure.blob_names(run) == set()
    asked = end_of(machine, machine.start_run(tender("third", step("a", touches=touched))))
    assert steps(asked)["a"]["changed"], "what a person starts is not bound"


@pytest.mark.usefixtures("automation_off")
def test_while_automation_is_off_it_looks_and_waits_for_nothing(machine: Machine) -> None:
    touched = ["container:agents-db/files"]
    run = machine.start_run(tender("off", step("a", touches=touched)), by=CLOCK)
    record = end_of(machine, run)
    assert record["status"] == "succeeded"
    assert steps(record)["a"]["summary"] == "left as it is: automation is off"
    assert said(record, "held") == []
    assert (machine.world.steps(run, "looked"), machine.world.steps(run, "called")) == (["a"], [])
    assert not listed(machine, run)
