"""How many replicas something has at least and at most."""

from pydantic import Field, model_validator

from shared.model.wire import Strict


class ReplicaRange(Strict):
    """How many replicas there are at least and at most."""

    least: int = Field(ge=0, le=1000)
    most: int = Field(ge=1, le=1000)

    @model_validator(mode="after")
    def _in_order(self) -> "ReplicaRange":
        if self.least > self.most:
            raise ValueError(f"at least {self.least} replicas are more than at most {self.most}")
        return self
