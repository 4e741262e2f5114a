"""The agents answer, but six times as slowly as they did."""

from collections.abc import Sequence

from infra.local.drill.scene import Fault, Scene
from infra.local.drill.trouble import Trouble


class SlowResponses(Trouble):
    """Nothing fails, yet the 95th percentile is too high; more replicas are the cure."""

    rule = "ResponseTimeDegradation"
    pain = "every answer takes six times as long"

    def faults(self, scene: Scene) -> Sequence[Fault]:
        return ({"kind": "slow_responses", "target": "agent-service", "cured_by": "scale"},)


TROUBLE = SlowResponses()
