"""A region outage in a simulated Azure that outlives the app, and how a recovery of it must end."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.azure import AzureThread
from tests.e2e.effects import effects
from tests.e2e.machine import MachineProcess

SPEED = 120.0


@contextmanager
def outage(folder: Path, *, speed: float = SPEED) -> Generator[tuple[AzureThread, MachineProcess]]:
    """Japaneast is away, and the app has just been started."""
    folder.mkdir(parents=True, exist_ok=True)
    with AzureThread(folder / "azure.db", speed=speed) as azure:
        azure.take_region_away("japaneast")
        with MachineProcess(folder, speed=speed, azure=azure.url) as machine:
            yield azure, machine


def check_recovered(record: dict[str, Any], azure: AzureThread, undisturbed: Counter[str]) -> None:
    """Every step succeeded, every effect happened as often as in an undisturbed recovery, tenants are served."""
    assert record["status"] == "succeeded", [
        (step["name"], step["status"], step["error"]) for step in record["steps"]
    ]
    assert {step["status"] for step in record["steps"]} == {"succeeded"}
    done = effects(azure.ledger())
    assert done == undisturbed, {"more": done - undisturbed, "less": undisturbed - done}
    tenants = azure.truth()["traffic"]["FAS"]["tenants"]
    assert {tenant["served_by"] for tenant in tenants.values()} == {"japanwest"}, tenants
