"""A bad script deletes the curated data of the lake, and in the end every file must be there as it was."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from infra.local.drill.landing_zone import problems_after_blob_recovery
from infra.local.drill.scenario import Scenario
from infra.local.drill.scene import Fault, Scene
from infra.local.drill.truth import Truth
from shared.model.plan import Mode

STORE, LOST = "training-data", "curated/customer-data"


class BlobDataRecovery(Scenario):
    """The customers' curated data is gone from the data lake; an operator starts the plan."""

    modes = (Mode.REAL,)
    pain = f"the files of {LOST} are gone"

    def faults(self, scene: Scene) -> Sequence[Fault]:
        return ({"kind": "lake_damaged", "target": LOST, "details": {"how": "deleted"}},)

    def hurts_since(self, scene: Scene, truth: Truth) -> datetime | None:
        return scene.began if problems_after_blob_recovery(truth.world) else None

    def parameters(self, scene: Scene) -> dict[str, Any]:
        return {"store": STORE}

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        return [*problems_after_blob_recovery(truth.world), *super().cured(scene, truth)]

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        return "The data is back", f"every file of {LOST} is there, and each is what it was."


SCENARIO = BlobDataRecovery()
