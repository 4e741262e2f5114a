"""A region that was lost and left is back, and in the end everything must live in it as before."""

from datetime import datetime

from infra.local.drill.home import HOME, not_home
from infra.local.drill.runs import carry_out
from infra.local.drill.scenario import Scenario
from infra.local.drill.scenarios import region_outage
from infra.local.drill.scene import Scene
from infra.local.drill.truth import Truth
from shared.model.plan import Mode

OUTAGE = region_outage.SCENARIO


class RegionFailback(Scenario):
    """The outage and the recovery from it go before; an operator starts the way back."""

    modes = (Mode.REAL,)
    pain = "the region is back, and every tenant is served from far away"
    renewed = OUTAGE.renewed
    # The indexer has a schedule of its own: when that has run it after the reset, nobody else needs to.
    spared = ("/indexers('agents-live')/search.run",)

    def prepare(self, scene: Scene) -> None:
        scene.notes[HOME] = scene.look()
        scene.began = scene.notes[HOME].read_at
        outages = [scene.inject(fault) for fault in OUTAGE.faults(scene)]
        since = scene.until(
            OUTAGE.pain, lambda: OUTAGE.hurts_since(scene, scene.look()), simulated=OUTAGE.hurts_within
        )
        scene.say(OUTAGE.pain)
        carry_out(scene, OUTAGE.plan, mode=scene.mode, reason="make drill: the region is out", since=since)
        for outage in outages:
            scene.mend(outage)

    def hurts_since(self, scene: Scene, truth: Truth) -> datetime | None:
        return None if OUTAGE.cured(scene, truth) else truth.read_at

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        return not_home(scene.notes[HOME], truth)

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        route = region_outage.route_of(scene.estate)
        return (
            "Everything is home",
            f"tenants are served from {route.region}, {route.recovery_region} is cleared, nothing else changed.",
        )


SCENARIO = RegionFailback()
