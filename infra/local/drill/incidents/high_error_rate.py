"""The agents fail until there are more of them: neither a restart nor an empty cache helps."""

from collections.abc import Sequence
from datetime import datetime

from infra.local.drill.scene import Fault, Scene
from infra.local.drill.trouble import Trouble, failing_since
from infra.local.drill.truth import Truth
from shared.model.estate import ContainerApp


class HighErrorRate(Trouble):
    """The whole ladder is climbed, rung by rung, until one has helped."""

    rule = "HighErrorRate"
    pain = "requests fail, and a restart will not help"

    def faults(self, scene: Scene) -> Sequence[Fault]:
        app = scene.estate.of_kind(ContainerApp)[0]
        return ({"kind": "endpoint_down", "target": app.resource_id, "cured_by": "scale"},)

    def hurts_since(self, scene: Scene, truth: Truth) -> datetime | None:
        return failing_since(scene, truth)


TROUBLE = HighErrorRate()
