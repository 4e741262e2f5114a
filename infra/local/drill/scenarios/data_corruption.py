"""A bad release spoils documents, files and secrets, and in the end all must be as good as before it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from infra.local.drill.corruption import ACCOUNT, FAULT, still_wrong
from infra.local.drill.runs import carry_out
from infra.local.drill.scenario import Scenario
from infra.local.drill.scene import Fault, Scene
from infra.local.drill.truth import Truth
from shared.model.plan import Mode

LAST_GOOD = "last good"
GOOD_FOR = 60.0
"""Simulated seconds between the moment that is restored to and the first bad document."""
SPREADS_FOR = 60.0
"""Simulated seconds that the bad release writes before anybody notices."""


class DataCorruption(Scenario):
    """The night before, manifests were written; now tenants see each other's documents."""

    modes = (Mode.REAL,)
    pain = "tenants see each other's documents"
    hurts_within = 2 * SPREADS_FOR

    def prepare(self, scene: Scene) -> None:
        carry_out(scene, "daily", mode=scene.mode, reason="make drill: the manifests of last night")
        scene.notes[LAST_GOOD] = scene.look()
        scene.let_pass(GOOD_FOR)

    def faults(self, scene: Scene) -> Sequence[Fault]:
        return (FAULT,)

    def hurts_since(self, scene: Scene, truth: Truth) -> datetime | None:
        began = next((one["started"] for one in truth.world["faults"] if one["kind"] == FAULT["kind"]), None)
        if began is None or truth.now - began < SPREADS_FOR:
            return None
        damaged = truth.world["corruption"]["accounts"][ACCOUNT]["damaged"]
        return scene.began if any(one["bad"] for one in damaged.values()) else None

    def parameters(self, scene: Scene) -> dict[str, Any]:
        # In Azure's time, which may run faster than the app's own.
        return {"good_at": datetime.fromtimestamp(_last_good(scene).now, UTC).isoformat()}

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        return [*still_wrong(_last_good(scene).world, truth.world), *super().cured(scene, truth)]

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        return "The data is good again", "no document, file or secret is bad or lost, and nobody spoils them."


def _last_good(scene: Scene) -> Truth:
    return scene.notes[LAST_GOOD]


SCENARIO = DataCorruption()
