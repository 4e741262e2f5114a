"""What nobody agreed to is bound by the guardrails; what a person started is not, and each refusal says why."""

import time

from tests.infra.local.host.process import SYSTEM as KEY
from tests.infra.local.host.process import eventually
from tests.orchestrations.machine import Machine, plan, said, statuses, step, steps

SYSTEM = "system:alert/inc-0123456789abcdef-1"


def remedy(*made: dict, kind: str = "remediation", **more: object) -> dict:
    return plan(*made, kind=kind, **more)


def test_the_same_action_on_the_same_service_waits_for_its_cool_down(machine: Machine):
    first = machine.start_run(remedy(step("a"), services=["cool-a"]), by=SYSTEM)
    assert machine.end_of(first)["status"] == "succeeded"
    second = machine.start_run(remedy(step("a"), step("b", "a"), services=["cool-a"]), by=SYSTEM)
    record = machine.end_of(second)
    assert record["status"] == "failed"
    assert statuses(record) == {"a": "failed", "b": "skipped"}
    assert steps(record)["a"]["error"].startswith("guardrails: cool-down: scripted changed service:cool-a")
    assert record["status_reason"].startswith("a failed: guardrails: cool-down")
    assert said(record, "refused by the guardrails")
    assert machine.world.steps(second, "called") == [], "nothing was touched"
    other = machine.start_run(remedy(step("a"), services=["cool-b"]), by=SYSTEM)
    assert machine.end_of(other)["status"] == "succeeded", "another service is not held up"


def test_a_person_is_not_bound(machine: Machine):
    for _ in range(2):
        run = machine.start_run(remedy(step("a"), services=["cool-c"]))
        assert machine.end_of(run)["status"] == "succeeded"


def test_what_only_looks_is_not_counted(machine: Machine):
    for _ in range(2):
        run = machine.start_run(remedy(step("a", action="scripted_look"), services=["cool-d"]), by=SYSTEM)
        assert machine.end_of(run)["status"] == "succeeded"


def test_a_remediation_that_fails_ends_and_pages_nobody_itself(machine: Machine):
    run = machine.start_run(
        remedy(step("a", script=["fatal"]), step("b", "a"), step("c"), services=["cool-e"]), by=SYSTEM
    )
    record = machine.end_of(run)
    assert record["status"] == "failed"
    assert statuses(record) == {"a": "failed", "b": "skipped", "c": "succeeded"}
    assert record["status_reason"].startswith("a failed")


def test_the_same_remediation_by_a_person_waits_for_that_person(machine: Machine):
    run = machine.start_run(remedy(step("a", script=["fatal"]), services=["cool-f"]))
    machine.until(run, "waiting_for_operator")
    machine.decide(run, "a", "skip")
    assert machine.end_of(run)["status"] == "succeeded"


def test_the_kill_switch_holds_what_an_alert_started_within_a_second(machine: Machine):
    chain = [step("s0", seconds=0.5)]
    chain += [step(f"s{number}", f"s{number - 1}", seconds=0.5) for number in range(1, 8)]
    run = machine.start_run(remedy(*chain), by=SYSTEM)
    machine.until_step(run, "s1", "succeeded")
    assert machine.call("PUT", "automation", json={"enabled": False, "reason": "stop"}).status_code == 200
    off = time.time()
    try:
        time.sleep(2.0)
        begun = [at for at, _ in machine.world.notes(run, "called")]
        assert max(begun) - off < 1.0
        assert len(begun) < 8
    finally:
        machine.steer(run, "abort")
        on = {"enabled": True, "reason": "go on"}
        assert machine.call("PUT", "automation", "bob@contoso.com", json=on).status_code == 200
    assert machine.end_of(run)["status"] == "aborted"


def after_a_refused_rung(machine: Machine, action: str) -> tuple[str, dict]:
    """The run whose first rung the guardrails refuse and whose second is that action, and its record."""
    machine.end_of(machine.start_run(remedy(step("a"), services=["cool-a"]), by=SYSTEM))  # or one before it
    rungs = step("a"), step("b", "a", action=action), step("c", "b")
    second = machine.start_run(remedy(*rungs, mode="first_success", services=["cool-a"]), by=SYSTEM)
    record = machine.end_of(second)
    assert record["status"] == "succeeded"
    assert statuses(record) == {"a": "failed", "b": "succeeded", "c": "skipped"}
    return second, record


def test_a_rung_that_is_refused_gives_way_to_the_next(machine: Machine):
    second, _ = after_a_refused_rung(machine, "scripted_look")
    assert machine.world.steps(second, "called") == ["b"]


def test_the_next_rung_may_change_what_the_refused_one_did_not(machine: Machine):
    second, record = after_a_refused_rung(machine, "scripted_twice")
    assert "guardrails: cool-down" in steps(record)["a"]["error"]
    assert machine.world.steps(second, "effect") == ["b"]
    assert admitted(machine, second) == {"b"}


def admitted(machine: Machine, run: str) -> set[str]:
    """The steps of a run that the guardrails count."""
    found = machine.client.get("/runtime/webhooks/durabletask/entities/guardrails/automation", params=KEY)
    return {one["step"] for one in found.json()["changes"] if one["run_id"] == run}


def test_a_step_that_changed_nothing_uses_up_nothing(machine: Machine):
    """Neither the next one's cool-down nor the hour's changes; what may have changed something does."""
    looks = remedy(step("a", script=["unchanged"]), step("b", script=["fatal"]), services=["cool-g"])
    run = machine.start_run(looks, by=SYSTEM)
    machine.end_of(run)
    eventually(lambda: admitted(machine, run), lambda found: found == set())
    for script in (["lost", "unchanged"], ["lost", "fatal"], ["ok"]):
        made = remedy(step("a", script=script, touches=[f"thing:{'-'.join(script)}"]))
        run = machine.start_run(made, by=SYSTEM)
        machine.end_of(run)
        time.sleep(0.3)
        assert admitted(machine, run) == {"a"}, script
