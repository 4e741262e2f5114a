"""Corrupted data from end to end: the real host and engine, the plan over HTTP, and the simulator's own truth."""

import time
from datetime import UTC, datetime
from pathlib import Path

from infra.local.drill.corruption import ACCOUNT, FAULT, still_wrong
from tests.e2e.azure import AzureThread
from tests.e2e.machine import MachineProcess

SPEED = 120.0


def test_a_bad_release_is_stopped_and_every_good_document_comes_back(tmp_path: Path) -> None:
    with (
        AzureThread(tmp_path / "azure.db", speed=SPEED) as azure,
        MachineProcess(tmp_path, speed=SPEED, azure=azure.url) as machine,
    ):
        night = machine.call("POST", "/api/maintenance/daily", "alice", json={"reason": "manifests"})
        assert night.status_code == 202, night.text
        assert machine.wait_until_over(night.json()["run_id"], seconds=60)["status"] == "succeeded"
        before = azure.truth()
        _pass(azure, 60)
        azure.do(lambda: azure.world.faults.inject(FAULT["kind"], FAULT["target"], details=FAULT["details"]))
        _pass(azure, 60)
        assert still_wrong(before, azure.truth())

        body = {
            "mode": "real",
            "reason": "tenants see each other's documents",
            # The app's own clock; the restore point is in Azure's, which runs faster here.
            "outage_started_at": datetime.now(UTC).isoformat(),
            "parameters": {"good_at": before["time"].replace("0Z", "Z")},
        }
        started = machine.call("POST", "/api/recovery/data_corruption", "alice", json=body)
        assert started.status_code == 202, started.text
        run_id = started.json()["run_id"]
        machine.approve(run_id)
        record = machine.wait_until_over(run_id, seconds=150)
        assert record["status"] == "succeeded", [
            (step["name"], step["status"], step["error"]) for step in record["steps"]
        ]
        assert record["rto"]["met"]
        _pass(azure, 90)
        truth = azure.truth()
        assert still_wrong(before, truth) == []
        assert not truth["corruption"]["accounts"][ACCOUNT]["serves"]
        assert truth["corruption"]["accounts"][ACCOUNT]["damaged"]["threads"]["bad"] > 0
        kept = [name for name in truth["blobs"] if f"/{run_id}/" in name]
        assert any(name.endswith("/isolation.json") for name in kept), kept


def _pass(azure: AzureThread, seconds: float) -> None:
    """Let simulated time go by."""
    until = azure.do(azure.world.clock.now) + seconds
    while azure.do(azure.world.clock.now) < until:
        time.sleep(0.05)
