"""The landing zone's region is lost, and in the end its standby must serve models, train, and hold the data."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from infra.local.azure.durations import HEALTH_EVENT_LAG
from infra.local.drill import verdict
from infra.local.drill.landing_zone import AWAY, REGION, problems_after_activation
from infra.local.drill.scenario import Scenario
from infra.local.drill.scene import Fault, Scene
from infra.local.drill.truth import Truth


class LandingZoneActivation(Scenario):
    """Azure declares that the data centre is lost, and the incident commander activates the standby."""

    started_by = "incident-commander"
    pain = f"no model answers from {REGION}, and Azure has declared it lost"
    hurts_within = 2 * HEALTH_EVENT_LAG

    def faults(self, scene: Scene) -> Sequence[Fault]:
        return ({"kind": "region_outage", "target": REGION},)

    def hurts_since(self, scene: Scene, truth: Truth) -> datetime | None:
        out = truth.now - next(
            fault["started"] for fault in truth.world["faults"] if fault["target"] == REGION
        )
        if out < HEALTH_EVENT_LAG or truth.world["landing_zone"]["inference"]["healthy"]:
            return None
        return truth.read_at - timedelta(seconds=out / truth.speed)

    def back(self, truth: Truth, after: datetime) -> datetime | None:
        return verdict.back(truth.inference_outages(after))

    def parameters(self, scene: Scene) -> dict[str, Any]:
        return {"trigger": "data_center_failure"}

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        return [*problems_after_activation(truth.world), *super().cured(scene, truth)]

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        return (
            "The standby serves",
            f"models answer from {AWAY}, its workspace trains, and its data is there.",
        )


SCENARIO = LandingZoneActivation()
