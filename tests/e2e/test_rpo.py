"""Canaries before an outage, a recovery, and a measured data loss that the simulator's own truth bears out."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.azure import AzureThread
from tests.e2e.machine import MachineProcess

SPEED = 60.0
PACE = 0.4
"""Seconds between canaries, of the app's own clock: 24 simulated ones."""

REASON = {"reason": "a test of what a recovery loses"}


def canary(machine: MachineProcess) -> dict[str, Any]:
    answer = machine.call("POST", "/api/maintenance/canary", "alice", json=REASON)
    assert answer.status_code == 202, answer.text
    return machine.wait_until_over(answer.json()["run_id"], seconds=30)


@pytest.mark.timeout(180)
def test_the_measured_data_loss_is_the_real_one_to_within_one_write(tmp_path: Path) -> None:
    with (
        AzureThread(tmp_path / "azure.db", speed=SPEED) as azure,
        MachineProcess(tmp_path, speed=SPEED, azure=azure.url) as machine,
    ):
        times: list[float] = []
        while len(times) < 12:
            record = canary(machine)
            times.append(time.time())
            assert record["status"] == "succeeded", record
            time.sleep(PACE)

        def break_down() -> float:
            """How far the copy of the files is behind at that moment, in real seconds."""
            azure.world.faults.inject("region_outage", "japaneast")
            synced = (azure.world.table("storage").peek("stfasprod") or {})["synced"]
            return (azure.world.now - synced) / SPEED

        truly_lost = azure.do(break_down)
        outage_at = datetime.now(UTC)
        run_id = machine.start_recovery(mode="real", since=outage_at)
        machine.approve(run_id)
        record = machine.wait_until_over(run_id, seconds=120)
        html = machine.call("GET", f"/api/runs/{run_id}/report?format=html").text
        kept = [name for name in azure.truth()["blobs"] if "maintenance-canary" in name]

    assert record["status"] == "succeeded", [(one["name"], one["error"]) for one in record["steps"]]
    longest = max(b - a for a, b in zip(times, [*times[1:], outage_at.timestamp()], strict=True)) + PACE
    found = {one["service"]: one for one in record["service_rpo"]}
    assert set(found) == {"agents-db", "agent-files"}
    files = found["agent-files"]
    assert abs(files["measured_seconds"] - truly_lost) <= longest, (files, truly_lost, longest)
    assert files["measured_seconds"] > 0, "two simulated minutes of files had not been copied"
    assert found["agents-db"]["measured_seconds"] <= longest
    assert (files["target_seconds"], files["met"]) == (900.0, True)
    assert record["rpo"]["measured_seconds"] == max(one["measured_seconds"] for one in found.values())
    assert "Data loss of each service" in html
    assert kept == [], "routine leaves no files of its own"
