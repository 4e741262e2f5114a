"""The landing zone's region is back, and in the end models, data and training must be in it as before."""

from infra.local.drill.failback import Failback
from infra.local.drill.landing_zone import AWAY, REGION, problems_after_failback
from infra.local.drill.scenarios import landing_zone_activation
from infra.local.drill.scene import Scene
from infra.local.drill.truth import Truth


class LandingZoneFailback(Failback):
    """The loss of the data centre and the activation of the standby go before."""

    outage = landing_zone_activation.SCENARIO
    pain = f"{REGION} is back, and its landing zone is served from {AWAY}"

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        return [*problems_after_failback(truth.world), *super().cured(scene, truth)]

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        return (
            "The landing zone is home",
            f"models answer from {REGION}, its workspace trains, {AWAY} stands by, nothing else changed.",
        )


SCENARIO = LandingZoneFailback()
