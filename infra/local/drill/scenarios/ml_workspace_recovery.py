"""Somebody deletes the machine learning workspace, and in the end it must be back and train."""

from collections.abc import Sequence
from datetime import datetime

from infra.local.drill.landing_zone import PRIMARY, problems_after_restore
from infra.local.drill.scenario import Scenario
from infra.local.drill.scene import Fault, Scene
from infra.local.drill.truth import Truth
from shared.model.plan import Mode


class MlWorkspaceRecovery(Scenario):
    """The primary workspace is gone; an operator starts the plan."""

    modes = (Mode.REAL,)
    pain = f"{PRIMARY} runs no jobs any more"

    def faults(self, scene: Scene) -> Sequence[Fault]:
        return ({"kind": "workspace_deleted", "target": PRIMARY},)

    def hurts_since(self, scene: Scene, truth: Truth) -> datetime | None:
        return None if truth.world["landing_zone"]["workspaces"][PRIMARY]["runs_jobs"] else scene.began

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        return [*problems_after_restore(truth.world), *super().cured(scene, truth)]

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        return "The workspace is back", f"{PRIMARY} runs jobs, and one of them is completed."


SCENARIO = MlWorkspaceRecovery()
