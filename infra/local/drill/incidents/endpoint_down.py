"""The agents answer 503 until their app is restarted."""

from collections.abc import Sequence
from datetime import datetime

from infra.local.drill.scene import Fault, Scene
from infra.local.drill.trouble import Trouble, failing_since
from infra.local.drill.truth import Truth
from shared.model.estate import ContainerApp


class EndpointDown(Trouble):
    """Availability drops, the ladder begins with a restart, and that is the cure."""

    rule = "SystemAvailabilityDrop"
    pain = "the agents answer 503"

    def faults(self, scene: Scene) -> Sequence[Fault]:
        app = scene.estate.of_kind(ContainerApp)[0]
        return ({"kind": "endpoint_down", "target": app.resource_id, "cured_by": "restart"},)

    def hurts_since(self, scene: Scene, truth: Truth) -> datetime | None:
        return failing_since(scene, truth)


TROUBLE = EndpointDown()
