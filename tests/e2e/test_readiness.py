"""`GET /readiness`: nothing before the first look, the kept one with its age, and a new one on demand."""

from pathlib import Path

import pytest

from tests.e2e.machine import MachineProcess

SPEED = 100.0


@pytest.fixture
def machine(tmp_path: Path):
    with MachineProcess(tmp_path, speed=SPEED) as running:
        yield running


def test_it_is_looked_at_on_demand_and_kept_with_its_age(machine: MachineProcess) -> None:
    first = machine.call("GET", "/api/readiness")
    assert first.status_code == 404
    assert "refresh=true" in first.json()["detail"]
    assert machine.call("GET", "/api/readiness?refresh=yes").status_code == 400
    assert machine.call("GET", "/api/readiness", None).status_code == 401

    looked = machine.call("GET", "/api/readiness?refresh=true", timeout=60)
    assert looked.status_code == 200, looked.text
    plans = {plan["plan"]: plan for plan in looked.json()["plans"]}
    assert {"region_outage", "region_failback", "dr_drill"} <= set(plans)
    assert plans["region_outage"]["verdict"] == "at_risk"
    assert any("tenant-signing-key" in reason for reason in plans["region_outage"]["reasons"])

    again = machine.call("GET", "/api/readiness?refresh=true", timeout=60).json()
    assert again["checked_at"] == looked.json()["checked_at"], "a minute's own answer is good enough"
    kept = machine.call("GET", "/api/readiness").json()
    assert kept["plans"] == looked.json()["plans"]
    assert 0 <= kept["age_seconds"] < 60
    assert {entry["host"] for entry in machine.ledger()} <= {"stfasops.blob.core.windows.net"}, "reads only"


def test_the_daily_maintenance_keeps_it(machine: MachineProcess) -> None:
    answer = machine.call("POST", "/api/maintenance/daily", "alice", json={"reason": "the test"})
    assert answer.status_code == 202, answer.text
    record = machine.wait_until_over(answer.json()["run_id"], seconds=60)
    steps = {step["name"]: step for step in record["steps"]}
    assert steps["check_readiness"]["status"] == "succeeded", steps["check_readiness"]
    kept = machine.call("GET", "/api/readiness").json()
    assert kept["run_id"] == record["run_id"]
