"""A machine learning workspace is deleted by mistake: the plan brings it back from its backup, and it trains."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local.drill.landing_zone import lose_workspace, problems_after_restore
from tests.e2e.azure import AzureThread
from tests.e2e.machine import MachineProcess

SPEED = 120.0


def test_a_deleted_workspace_comes_back_and_trains(tmp_path: Path) -> None:
    with AzureThread(tmp_path / "azure.db", speed=SPEED) as azure:
        began = datetime.now(UTC)
        azure.do(lambda: lose_workspace(azure.world.faults.inject))
        with MachineProcess(tmp_path, speed=SPEED, azure=azure.url) as machine:
            assert problems_after_restore(azure.truth())
            run = machine.start_recovery(mode="real", since=began, plan="ml_workspace_recovery")
            machine.approve(run)
            record = machine.wait_until_over(run, seconds=120)
            assert record["status"] == "succeeded", record
            assert problems_after_restore(azure.truth()) == []
            assert restored(azure) == 3
            assert record["rto"]["met"]
            refused = machine.call(
                "POST", "/api/recovery/ml_workspace_recovery", "alice", json=body("agents-db")
            )
            assert refused.status_code == 400
            assert refused.json()["errors"][0]["field"] == "parameters.workspace"


def restored(azure: AzureThread) -> int:
    """Workspace and clusters: how many resources were made."""
    puts = [entry for entry in azure.ledger() if entry["applied"] and entry["method"] == "PUT"]
    return len([entry for entry in puts if "workspaces/" in entry["path"] and "/jobs/" not in entry["path"]])


def body(workspace: str) -> dict[str, Any]:
    began = datetime.now(UTC).isoformat()
    parameters = {"workspace": workspace}
    return {"mode": "real", "reason": "it is gone", "outage_started_at": began, "parameters": parameters}
