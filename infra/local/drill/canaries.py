"""Canaries written before anything breaks, so that a recovery can measure what the outage cost (RPO)."""

from infra.local.azure import durations
from infra.local.drill.runs import carry_out
from infra.local.drill.scene import Scene
from shared.model.estate import CosmosDb, Storage

COPIED_WITHIN = 30.0
"""Simulated seconds until what is old enough to be copied certainly has been."""


def write_canaries(scene: Scene) -> None:
    """Write one, and a second one when the first has been copied.

    When the region goes at once, the copy of the files holds the first one and never gets the second: that is lost.
    """
    if not scene.estate.of_kind(CosmosDb) and not scene.estate.of_kind(Storage):
        return
    _write(scene)
    scene.let_pass(durations.STORAGE_REPLICATION_LAG + COPIED_WITHIN)
    _write(scene)


def _write(scene: Scene) -> None:
    carry_out(scene, "canary", mode=scene.mode, reason="make drill: a write to measure the data loss by")
