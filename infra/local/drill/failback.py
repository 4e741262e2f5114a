"""The way back: an outage and the recovery from it go before, and in the end everything must be as it was."""

from datetime import datetime
from typing import ClassVar

from infra.local.drill.home import HOME, not_home
from infra.local.drill.runs import carry_out
from infra.local.drill.scenario import Scenario
from infra.local.drill.scene import Scene
from infra.local.drill.truth import Truth
from shared.model.plan import Mode


class Failback(Scenario):
    """What was lost is back; an operator starts the way back from where `outage` has led to."""

    modes = (Mode.REAL,)
    outage: ClassVar[Scenario]
    """The scenario that everything left home in."""

    def prepare(self, scene: Scene) -> None:
        out = self.outage
        scene.notes[HOME] = scene.look()
        scene.began = scene.notes[HOME].read_at
        faults = [scene.inject(fault) for fault in out.faults(scene)]
        since = scene.until(
            out.pain, lambda: out.hurts_since(scene, scene.look()), simulated=out.hurts_within
        )
        scene.say(out.pain)
        carry_out(
            scene,
            out.plan,
            mode=scene.mode,
            reason=out.why(scene),
            since=since,
            started_by=out.started_by,
            **out.parameters(scene),
        )
        for fault in faults:
            scene.mend(fault)

    def hurts_since(self, scene: Scene, truth: Truth) -> datetime | None:
        return None if self.outage.cured(scene, truth) else truth.read_at

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        return not_home(scene.notes[HOME], truth)
