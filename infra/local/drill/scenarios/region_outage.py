"""The primary region goes away, and every tenant must be served from the recovery region."""

from collections.abc import Sequence
from datetime import datetime

from infra.local.drill import verdict
from infra.local.drill.canaries import write_canaries
from infra.local.drill.failures import DrillFailed
from infra.local.drill.scenario import Scenario
from infra.local.drill.scene import Fault, Scene
from infra.local.drill.truth import Truth
from shared.model.estate import Estate, TrafficRoute
from shared.model.plan import Mode


class RegionOutage(Scenario):
    """The region of the front door is out; its availability alert offers the plan."""

    rule = "SystemAvailabilityDrop"
    pain = "no tenant is served any more"
    renewed = ("/aliases(",)

    def why(self, scene: Scene) -> str:
        return "make drill: the region is out" if scene.mode is Mode.REAL else "make drill: a planned move"

    def prepare(self, scene: Scene) -> None:
        write_canaries(scene)

    def faults(self, scene: Scene) -> Sequence[Fault]:
        return ({"kind": "region_outage", "target": route_of(scene.estate).region},)

    def hurts_since(self, scene: Scene, truth: Truth) -> datetime | None:
        seen = truth.at(route_of(scene.estate).dns_name)
        return (seen.failing_since(scene.began) or seen.read_at) if seen.all_failing else None

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        route = route_of(scene.estate)
        return verdict.unserved(truth.at(route.dns_name), route.recovery_region)

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        news = "Service is back" if scene.mode is Mode.REAL else "Service has moved"
        return news, f"{verdict.places(truth.at(route_of(scene.estate).dns_name))}."


def route_of(estate: Estate) -> TrafficRoute:
    """The front door that is watched."""
    routes = estate.of_kind(TrafficRoute)
    if not routes:
        raise DrillFailed("the estate has no traffic_route, so no traffic can be watched")
    return routes[0]


SCENARIO = RegionOutage()
