"""The throughput of a Cosmos DB container."""

from typing import Literal

from pydantic import Field, model_validator

from shared.model.wire import Frozen, Strict


class Throughput(Frozen):
    """What a container has: RU/s (of autoscale the maximum), and the least that the service would take now."""

    mode: Literal["manual", "autoscale"]
    ru: int
    minimum: int
    changing: bool = False


class ThroughputRange(Strict):
    """Between how many RU/s a container may be scaled; of an autoscale container its maximum is meant."""

    least: int = Field(ge=400, le=1_000_000)
    most: int = Field(ge=400, le=1_000_000)

    @model_validator(mode="after")
    def _in_order(self) -> "ThroughputRange":
        if self.least > self.most:
            raise ValueError(f"at least {self.least} RU/s are more than at most {self.most}")
        return self
