"""The throughput of a Cosmos DB container."""

from typing import Literal

from shared.model.wire import Frozen


class Throughput(Frozen):
    """What a container has: RU/s (of autoscale the maximum), and the least that the service would take now."""

    mode: Literal["manual", "autoscale"]
    ru: int
    minimum: int
    changing: bool = False
