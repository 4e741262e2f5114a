"""A region outage in a simulated Azure that outlives the app."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.azure import AzureThread
from tests.e2e.machine import MachineProcess

SPEED = 120.0


@contextmanager
def outage(
    folder: Path, *, speed: float = SPEED, warm: bool = False
) -> Generator[tuple[AzureThread, MachineProcess]]:
    """Japaneast is away, and the app has just been started."""
    folder.mkdir(parents=True, exist_ok=True)
    with AzureThread(folder / "azure.db", speed=speed) as azure:
        azure.take_region_away("japaneast")
        machine = MachineProcess(folder, speed=speed, azure=azure.url)
        machine.env["WARM_UP"] = str(warm).lower()
        with machine:
            yield azure, machine
