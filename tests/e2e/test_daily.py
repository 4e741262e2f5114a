"""The tick starts what the estate's schedule says is due, once, and one failing task stops no other."""

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.machine import ROOT, SAMPLE, MachineProcess

MASTER = {"x-functions-key": "local-master"}


def estate_with_daily_at(folder: Path, moment: datetime) -> Path:
    sample = (ROOT / "shared/estate/contoso.yaml").read_text(encoding="utf-8")
    assert sample.count("at: 02:00") == 1
    path = folder / "estate.yaml"
    path.write_text(sample.replace("at: 02:00", f"at: {moment:%H:%M}"), encoding="utf-8")
    return path


def tick(machine: MachineProcess) -> None:
    answer = machine.call("POST", "/admin/functions/tick", None, headers=MASTER, json={})
    assert answer.status_code == 202, answer.text


def runs_of(machine: MachineProcess, plan: str, *, seconds: float) -> list[dict[str, Any]]:
    """The maintenance runs of a plan once one has ended, or after some seconds."""
    deadline = time.monotonic() + seconds
    while True:
        found = machine.call("GET", f"/api/runs?kind=maintenance&plan={plan}").json()["runs"]
        runs = [run for run in found if run["plan"] == plan]
        ended = [run for run in runs if run["status"] in {"succeeded", "failed"}]
        if ended or time.monotonic() > deadline:
            return runs
        time.sleep(0.1)


@pytest.fixture
def just_now() -> datetime:
    """A minute ago in the estate's time zone; not at midnight, when the day would change under the test."""
    return datetime.now(ZoneInfo("Asia/Tokyo")) - timedelta(minutes=1)


def test_due_maintenance_runs_once_and_reports_what_it_finds(tmp_path: Path, just_now: datetime) -> None:
    with MachineProcess(tmp_path, speed=100, estate=estate_with_daily_at(tmp_path, just_now)) as machine:
        tick(machine)
        runs = runs_of(machine, "daily", seconds=20)
        assert [run["run_id"] for run in runs] == [f"maintenance-daily-{just_now:%Y%m%dT%H%M}"]
        assert runs[0]["status"] == "succeeded", runs[0]
        assert runs[0]["requested_by"] == "the schedule"
        titles = [finding["title"] for finding in runs[0]["findings"]]
        assert any("hooks-fas-contoso-com ends in" in title for title in titles), titles
        assert len({step["started_at"] for step in runs[0]["steps"]}) == 1, "side by side"

        tick(machine)
        time.sleep(1.0)
        machine.kill()
        machine.start()
        tick(machine)
        time.sleep(1.0)
        assert len(runs_of(machine, "daily", seconds=5)) == 1, "an occurrence starts once"


def test_one_task_that_fails_stops_no_other(tmp_path: Path, just_now: datetime) -> None:
    with MachineProcess(tmp_path, speed=100, estate=estate_with_daily_at(tmp_path, just_now)) as machine:
        machine.fault(kind="error", target="kv-fas-japanwest.vault.azure.net", status=403)
        tick(machine)
        run = runs_of(machine, "daily", seconds=40)[0]
        states = {step["name"]: step["status"] for step in run["steps"]}
        assert states == {
            "check_certificate_expiry": "failed",
            "validate_backup_integrity": "succeeded",
            "record_integrity_manifest": "succeeded",
            "check_readiness": "succeeded",
        }, run
        assert run["status"] == "succeeded"
        assert "check_certificate_expiry" in run["status_reason"]


def test_canaries_are_written_by_the_clock_even_while_automation_is_off(tmp_path: Path) -> None:
    with MachineProcess(tmp_path, speed=100, estate=SAMPLE) as machine:
        off = {"enabled": False, "reason": "an audit: nothing may start"}
        assert machine.call("PUT", "/api/automation", "bob", json=off).status_code == 200
        began = datetime.now(ZoneInfo("UTC"))
        tick(machine)
        tick(machine)
        (run,) = [
            run
            for run in runs_of(machine, "canary", seconds=20)
            if run["run_id"]
            == f"maintenance-canary-{began - timedelta(minutes=began.minute % 5):%Y%m%dT%H%MZ}"
        ]
        assert run["status"] == "succeeded", run
        assert {step["name"] for step in run["steps"] if step["status"] == "succeeded"} >= {
            "write_canary_agents_db",
            "write_canary_agent_files",
        }
        blobs = machine.world()["blobs"]
        assert "stfasprod/foundry-ops-canary/canary.json" in blobs
        assert not [name for name in blobs if run["run_id"] in name]
        # It comes every few minutes: only whoever asks for it by name sees it among the runs.
        shown = machine.call("GET", "/api/runs").json()["runs"]
        assert not [found for found in shown if found["plan"] == "canary"]
