"""Curated data is deleted from the lake by a bad script: the plan brings every file back, as previewed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local.drill.landing_zone import damage_lake, problems_after_blob_recovery
from tests.e2e.azure import AzureThread
from tests.e2e.machine import MachineProcess
from tests.shared.plans.previewing import check_the_same

SPEED = 60.0
PLAN = "/api/recovery/blob_data_recovery"


def body(began: datetime, **parameters: Any) -> dict[str, Any]:
    return {
        "mode": "real",
        "reason": "a script has deleted the curated data",
        "outage_started_at": began.isoformat(),
        "parameters": {"store": "training-data", **parameters},
    }


def test_deleted_data_comes_back_as_previewed(tmp_path: Path) -> None:
    with AzureThread(tmp_path / "azure.db", speed=SPEED) as azure:
        began = datetime.now(UTC)
        azure.do(lambda: damage_lake(azure.world.faults.inject))
        with MachineProcess(tmp_path, speed=SPEED, azure=azure.url) as machine:
            assert problems_after_blob_recovery(azure.truth())
            preview = machine.call("POST", f"{PLAN}/preview", "alice", json=body(began))
            assert preview.json()["problems"] == []
            answer = machine.call("POST", PLAN, "alice", json=body(began))
            assert answer.status_code == 202, answer.text
            run = answer.json()["run_id"]
            machine.approve(run)
            record = machine.wait_until_over(run, seconds=120)
            assert record["status"] == "succeeded", record
            assert problems_after_blob_recovery(azure.truth()) == []
            check_the_same(preview.json()["steps"], azure.ledger())
            assert "a data lake, for which Azure has no range restore" in record["steps"][0]["summary"]
            for parameters, field in (
                ({"store": "nothing"}, "parameters.store"),
                ({"containers": ["nothing"]}, "parameters.containers"),
            ):
                refused = machine.call("POST", PLAN, "alice", json=body(began, **parameters))
                assert refused.status_code == 400
                assert refused.json()["errors"][0]["field"] == field
