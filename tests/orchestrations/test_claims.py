"""One run at a time for a service: who wins, who is told, and that nobody holds a service for good."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.infra.local.host.process import eventually
from tests.orchestrations.machine import ALICE, BOB, Machine, asks, plan, step


def free(machine: Machine, service: str) -> None:
    eventually(lambda: machine.claims(service), lambda holder: holder == "")


def test_of_two_at_the_same_instant_exactly_one_wins(machine: Machine):
    for round_number in range(4):
        services = [f"race-{round_number}-{part}" for part in ("a", "b", "c")]
        plans = [plan(step("a", seconds=0.6), services=order) for order in (services, services[::-1])]
        with ThreadPoolExecutor(2) as both:
            runs = list(both.map(machine.start_run, plans))
        records = [machine.end_of(run) for run in runs]
        assert sorted(record["status"] for record in records) == ["rejected", "succeeded"]
        loser = next(record for record in records if record["status"] == "rejected")
        winner = next(record for record in records if record["status"] == "succeeded")
        assert loser["held_by"] == winner["run_id"]
        assert winner["run_id"] in loser["status_reason"]
        assert machine.world.steps(loser["run_id"], "called") == []
        for service in services:
            free(machine, service)


def test_a_loser_lets_go_of_what_it_had(machine: Machine):
    first = machine.start_run(plan(step("a", seconds=1.0), services=["middle"]))
    machine.until_step(first, "a", "running")
    second = machine.start_run(plan(step("a"), services=["before", "middle", "zz"]))
    assert machine.end_of(second)["status"] == "rejected"
    free(machine, "before")
    assert machine.claims("zz") == ""
    assert machine.claims("middle") == first
    machine.end_of(first)
    free(machine, "middle")


@pytest.mark.parametrize("end", ["succeeded", "failed", "aborted", "rejected", "expired"])
def test_services_are_free_however_a_run_ends(machine: Machine, end: str):
    service = f"ends-{end}"
    made = {
        "succeeded": plan(step("a"), services=[service]),
        "failed": plan(step("a", script=["fatal"], critical=False), services=[service]),
        "aborted": plan(step("a", script=["fatal"]), services=[service]),
        "rejected": plan(step("a"), services=[service], approval=asks()),
        "expired": plan(step("a"), services=[service], approval=asks(expires="PT0.3S")),
    }[end]
    run = machine.start_run(made)
    if end == "aborted":
        machine.until(run, "waiting_for_operator")
        machine.decide(run, "a", "abort")
    if end == "rejected":
        machine.until(run, "waiting_for_approval")
        machine.approve(run, BOB, "reject")
    assert machine.end_of(run)["status"] == {"expired": "rejected"}.get(end, end)
    free(machine, service)


def test_a_claim_of_a_terminated_run_is_taken_over(machine: Machine):
    dead = machine.start_run(plan(step("a", polls=10_000), services=["orphan", "other"]))
    machine.until_step(dead, "a", "running")
    machine.post(dead, "terminate", reason="by hand").raise_for_status()
    record = machine.until(dead, "failed")
    assert "by hand" in record["status_reason"] or "terminated" in record["status_reason"]
    assert record["finished_at"]
    assert machine.claims("orphan") == dead
    run = machine.start_run(plan(step("a"), services=["orphan", "other"]))
    assert machine.end_of(run)["status"] == "succeeded"
    free(machine, "orphan")


def test_http_names_the_run_in_the_way_and_not_one_that_is_dead(machine: Machine):
    body = {"mode": "drill", "reason": "quarterly drill"}
    first = machine.call("POST", "recovery/region_outage", ALICE, json=body)
    assert first.status_code == 202, first.text
    run = first.json()["run_id"]
    machine.until(run, "waiting_for_approval")
    eventually(lambda: machine.claims("agents-db"), lambda holder: holder == run)
    second = machine.call("POST", "recovery/region_outage", BOB, json=body)
    assert second.status_code == 409
    assert second.json()["run_id"] == run
    machine.post(run, "terminate", reason="by hand").raise_for_status()
    machine.until(run, "failed")
    third = machine.call("POST", "recovery/region_outage", BOB, json=body)
    assert third.status_code == 202
    assert machine.approve(run, BOB).status_code == 409
    assert machine.steer(run, "abort").status_code == 409
    machine.until(third.json()["run_id"], "waiting_for_approval")
    machine.steer(third.json()["run_id"], "abort")
    assert machine.end_of(third.json()["run_id"])["status"] == "rejected"
    free(machine, "agents-db")
