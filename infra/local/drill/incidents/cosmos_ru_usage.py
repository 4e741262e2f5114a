"""A container is asked for nearly all the throughput that it has."""

from collections.abc import Sequence

from infra.local.drill.scene import Fault, Scene
from infra.local.drill.trouble import Trouble


class CosmosRuUsage(Trouble):
    """The container gets twice the throughput, and its metric proves that it is enough."""

    rule = "CosmosRuUsage"
    pain = "messages uses 96 % of its throughput"

    def faults(self, scene: Scene) -> Sequence[Fault]:
        return ({"kind": "high_load", "target": "messages", "load": 96},)


TROUBLE = CosmosRuUsage()
