"""The quarterly drill over HTTP and by the clock: within its window only, there and back, nothing left behind."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.drilling import estate_with_drill_at, minutes_ago
from tests.e2e.machine import MachineProcess
from tests.e2e.test_daily import tick

SPEED = 120.0
DRILL = {"mode": "drill", "reason": "the quarterly drill"}


def ask(machine: MachineProcess, **body: Any) -> Any:
    return machine.call("POST", "/api/recovery/dr_drill", "alice", json={**DRILL, **body})


def left(machine: MachineProcess) -> set[str]:
    return {key for key in machine.world()["resources"] if "rg-fas-ops" not in key}


def check_home(machine: MachineProcess, before: set[str]) -> None:
    world = machine.world()
    assert left(machine) == before
    assert {one["served_by"] for one in world["traffic"]["FAS"]["tenants"].values()} == {"japaneast"}
    assert world["cosmos"]["cosmos-fas-prod"]["write_region"] == "japaneast"
    assert world["search"]["srch-fas-japanwest"] == {"indexes": {}, "aliases": {}, "indexers": {}}


def test_it_goes_there_and_back_and_measures_the_recovery_time(tmp_path: Path) -> None:
    estate = estate_with_drill_at(tmp_path, minutes_ago(5))
    with MachineProcess(tmp_path, speed=SPEED, estate=estate) as machine:
        before = left(machine)
        answer = ask(machine)
        assert answer.status_code == 202, answer.text
        run_id = answer.json()["run_id"]
        machine.approve(run_id)
        record = machine.wait_until_over(run_id, seconds=150)
        steps = {step["name"]: step for step in record["steps"]}
        assert record["status"] == "succeeded", [
            (s["name"], s["status"], s["error"]) for s in record["steps"]
        ]
        assert {step["status"] for step in steps.values()} == {"succeeded"}
        restored = datetime.fromisoformat(steps["validate_services"]["finished_at"])
        measured = (restored - datetime.fromisoformat(record["rto"]["started_at"])).total_seconds()
        assert record["rto"]["measured_seconds"] == pytest.approx(measured), "there, not there and back"
        assert record["rto"]["met"]
        check_home(machine, before)
        report = machine.call("GET", f"/api/runs/{run_id}/report?format=html").text
        assert "document_lessons_learned" in report


def test_a_drill_that_is_aborted_on_its_way_goes_back(tmp_path: Path) -> None:
    estate = estate_with_drill_at(tmp_path, minutes_ago(5))
    with MachineProcess(tmp_path, speed=SPEED, estate=estate) as machine:
        before = left(machine)
        run_id = ask(machine).json()["run_id"]
        machine.approve(run_id)

        def moving(record: dict[str, Any]) -> bool:
            return any(
                s["name"] == "failover_cosmos_db" and s["status"] == "running" for s in record["steps"]
            )

        machine.wait_until(run_id, moving, seconds=60)
        answer = machine.call("POST", f"/api/runs/{run_id}/abort", "alice", json={"reason": "enough seen"})
        assert answer.status_code == 202, answer.text
        record = machine.wait_until_over(run_id, seconds=120)
        steps = {step["name"]: step for step in record["steps"]}
        assert record["status"] == "aborted", record["status_reason"]
        assert steps["undo_take_fingerprint"]["status"] == "succeeded", "the configuration is what it was"
        assert steps["undo_check_drill_window"]["status"] == "succeeded", "the lessons are written down"
        check_home(machine, before)


def test_a_step_that_fails_takes_the_drill_back(tmp_path: Path) -> None:
    estate = estate_with_drill_at(tmp_path, minutes_ago(5))
    with MachineProcess(tmp_path, speed=SPEED, estate=estate) as machine:
        before = left(machine)
        machine.fault(
            kind="lro_failed", target="ca-agent-service", count=3, code="Conflict", message="no luck today"
        )
        run_id = ask(machine).json()["run_id"]
        machine.approve(run_id)
        record = machine.wait_until_over(run_id, seconds=150)
        assert record["status"] == "aborted", [(s["name"], s["status"], s["error"]) for s in record["steps"]]
        assert "deploy_container_apps failed" in record["status_reason"]
        check_home(machine, before)


def test_outside_its_window_it_is_refused_with_the_next_one(tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(hours=3)
    with MachineProcess(tmp_path, speed=SPEED, estate=estate_with_drill_at(tmp_path, soon)) as machine:
        answer = ask(machine)
        assert answer.status_code == 409
        assert (
            f"the next window opens at {soon:%Y-%m-%d %H:%M} (Etc/UTC), CHG-00001" in answer.json()["detail"]
        )
        assert answer.json()["next_window"].startswith(f"{soon:%Y-%m-%dT%H:%M}")
        assert ask(machine, mode="real", outage_started_at=datetime.now(UTC).isoformat()).status_code == 400
        assert machine.call("GET", "/api/runs?kind=drill").json()["runs"] == []


def test_the_clock_starts_it_once_and_it_waits_for_its_approvals(tmp_path: Path) -> None:
    estate = estate_with_drill_at(tmp_path, minutes_ago(2))
    with MachineProcess(tmp_path, speed=SPEED, estate=estate) as machine:
        deadline = time.monotonic() + 20
        runs: list[dict[str, Any]] = []
        while not runs and time.monotonic() < deadline:
            tick(machine)
            time.sleep(0.5)
            runs = machine.call("GET", "/api/runs?kind=drill").json()["runs"]
        tick(machine)
        time.sleep(0.5)
        (run,) = machine.call("GET", "/api/runs?kind=drill").json()["runs"]
        assert run["run_id"].startswith("drill-dr_drill-20")
        assert (run["mode"], run["requested_by"]) == ("drill", "the schedule")
        assert run["status"] == "waiting_for_approval"


def test_a_date_that_nobody_approved_starts_nothing(tmp_path: Path) -> None:
    estate = estate_with_drill_at(tmp_path, minutes_ago(2), approved=False)
    with MachineProcess(tmp_path, speed=SPEED, estate=estate) as machine:
        tick(machine)
        time.sleep(1.0)
        assert machine.call("GET", "/api/runs?kind=drill").json()["runs"] == []
        answer = ask(machine)
        assert answer.status_code == 409
        assert "waits for the approval of CHG-00001" in answer.json()["detail"]
