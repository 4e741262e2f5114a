"""A region that was lost and left is back, and in the end everything must live in it as before."""

from infra.local.drill.failback import Failback
from infra.local.drill.scenarios import region_outage
from infra.local.drill.scene import Scene
from infra.local.drill.truth import Truth


class RegionFailback(Failback):
    """The region's outage and the recovery from it go before."""

    outage = region_outage.SCENARIO
    pain = "the region is back, and every tenant is served from far away"
    # Whoever comes back reads the index anew: what was read in a run that was aborted may be old by now.
    renewed = (*region_outage.SCENARIO.renewed, "/indexers('agents-live')/")
    # The indexer has a schedule of its own: when that has run it after the reset, nobody else needs to.
    spared = ("/indexers('agents-live')/search.run",)

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        route = region_outage.route_of(scene.estate)
        return (
            "Everything is home",
            f"tenants are served from {route.region}, {route.recovery_region} is cleared, nothing else changed.",
        )


SCENARIO = RegionFailback()
