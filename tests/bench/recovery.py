"""How near `region_outage` comes to the critical path of what Azure itself takes."""

import time
from datetime import datetime
from pathlib import Path

from infra.local.azure import durations
from shared.estate.load import load
from shared.model.plan import Mode, Plan
from shared.plans.planning import PlanRequest
from shared.plans.recovery.region_outage import region_outage
from tests.bench.figures import Figure
from tests.e2e.machine import MachineProcess

SPEED = 30.0
ROOT = Path(__file__).parents[2]

OPERATION_SECONDS = {
    "validate_dr_region": durations.WHAT_IF,
    "failover_cosmos_db": durations.COSMOS_OFFLINE_REGION,
    "load_search_snapshot": durations.SEARCH_SNAPSHOT,
    "restore_ai_search": durations.SEARCH_DELTA,
    "deploy_container_apps": durations.CONTAINER_APP_DEPLOYMENT,
    "failover_storage": durations.STORAGE_FAILOVER,
    "recover_key_vault": durations.KEY_VAULT_RECOVERY,
    "update_dns_records": durations.DNS_TTL,
    "validate_services": durations.TENANT_TRANSACTION,
    "measure_rpo": 0.0,
    "notify_stakeholders": durations.MAIL,
    "notify_tenants": durations.MAIL,
}
"""What each action waits for in the simulated Azure, in simulated seconds."""

SEQUENTIAL = (
    durations.WHAT_IF
    + durations.COSMOS_OFFLINE_REGION
    + durations.SEARCH_FULL
    + durations.CONTAINER_APP_DEPLOYMENT
    + durations.DNS_TTL
    + durations.TENANT_TRANSACTION
    + durations.MAIL
)
"""The source document's way: its seven steps one after the other, the index rebuilt from nothing."""


def critical_path(plan: Plan) -> float:
    """The longest way through the plan's graph to its last critical step, in simulated seconds."""
    ends: dict[str, float] = {}
    for step in plan.steps:
        ends[step.name] = (
            max((ends[need] for need in step.needs), default=0.0) + OPERATION_SECONDS[step.action]
        )
    return max(ends[step.name] for step in plan.steps if step.critical)


def recovery_time(folder: Path) -> list[Figure]:
    """A real outage in the simulated Azure, approvals given at once; from the start to the passed validation."""
    path = critical_path(
        region_outage(load(ROOT / "shared/estate/contoso.yaml"), PlanRequest(mode=Mode.REAL))
    )
    best = 1e9
    for number in range(2):
        with MachineProcess(folder / str(number), speed=SPEED) as machine:
            machine.wait_until_warm()  # disasters seldom come in an app's first ten seconds
            machine.take_region_away("japaneast")
            time.sleep(1.0)
            run_id = machine.start_recovery(mode="real")
            machine.approve(run_id)
            record = machine.wait_until_over(run_id, seconds=120)
            assert record["status"] == "succeeded", record["status_reason"]
            passed = next(step for step in record["steps"] if step["name"] == "validate_services")[
                "finished_at"
            ]
            took = (_at(passed) - _at(record["started_at"])).total_seconds()
            best = min(best, took * SPEED)
    measured = f"{best:.0f} simulated s ({best / SPEED:.1f} s at speed {SPEED:g})"
    return [
        Figure("recovery over critical path", best / path, 1.10, measured, f"{path:.0f} s critical path"),
        Figure(
            "recovery over sequential", best / SEQUENTIAL, 0.65, measured, f"{SEQUENTIAL:.0f} s in sequence"
        ),
    ]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
