"""The plain JSON that travels between host and functions, and how types become it and come back."""

from typing import Any, Self, cast

from pydantic import BaseModel, ConfigDict

Wire = dict[str, Any]


class Frozen(BaseModel):
    """A value of ours: immutable, and lenient when decoded, so that two releases can share a task hub."""

    # Validators are built when a type is first used: a cold start builds only those that it needs.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    def to_wire(self) -> Wire:
        """As plain JSON values: no module paths reach history, so moving a file breaks no run in flight."""
        return self.model_dump(mode="json")

    @classmethod
    def from_wire(cls, wire: object) -> Self:
        """Decode what this app wrote itself; unknown fields of a newer release are ignored."""
        return cls.model_validate(cast("Any", wire), extra="ignore")


class Strict(Frozen):
    """A value that comes from outside: hostile until parsed, and every unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)
