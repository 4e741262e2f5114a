"""A region goes out, is recovered from, comes back, and everything returns to it, over HTTP and the real engine."""

from pathlib import Path
from typing import Any

from tests.e2e.azure import AzureThread
from tests.e2e.machine import MachineProcess
from tests.e2e.outage import outage

SPEED = 120.0
VOLATILE = {"lastGeoFailoverTime", "latestRevisionName", "latestReadyRevisionName"}


def shape(azure: AzureThread) -> Any:
    """Every protected resource as it really is, without what Azure keeps of what was once done."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items() if key not in VOLATILE}
        return [plain(one) for one in value] if isinstance(value, list) else value

    return plain({key: row for key, row in azure.truth()["resources"].items() if "rg-fas-ops" not in key})


def run(machine: MachineProcess, plan: str, **body: Any) -> dict[str, Any]:
    answer = machine.call(
        "POST", f"/api/recovery/{plan}", "alice", json={"mode": "real", "reason": "the test", **body}
    )
    assert answer.status_code == 202, answer.text
    run_id = answer.json()["run_id"]
    machine.approve(run_id)
    record = machine.wait_until_over(run_id, seconds=120)
    assert record["status"] == "succeeded", [
        (one["name"], one["status"], one["error"]) for one in record["steps"]
    ]
    return record


def served(azure: AzureThread) -> set[str]:
    return {tenant["served_by"] for tenant in azure.truth()["traffic"]["FAS"]["tenants"].values()}


def test_after_outage_recovery_and_failback_the_world_is_what_it_was(tmp_path: Path) -> None:
    with outage(tmp_path, speed=SPEED) as (azure, machine):
        before = shape(azure)
        recovery = machine.start_recovery(mode="real")
        machine.approve(recovery)
        assert machine.wait_until_over(recovery, seconds=120)["status"] == "succeeded"
        assert served(azure) == {"japanwest"}
        azure.do(
            lambda: [azure.world.faults.end(one["id"]) for one in azure.world.faults.active("region_outage")]
        )
        record = run(machine, "region_failback")
        assert served(azure) == {"japaneast"}
        assert shape(azure) == before
        assert record["rto"]["target_seconds"] is None, "nobody waits for a failback"
        assert {step["status"] for step in record["steps"]} == {"succeeded"}
