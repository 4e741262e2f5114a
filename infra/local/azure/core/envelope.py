"""The shape that every ARM resource has around its properties; a body of another shape is refused."""

from typing import Any

from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.store import Json

SHAPES: dict[str, type] = {
    "location": str,
    "tags": dict,
    "properties": dict,
    "sku": dict,
    "identity": dict,
    "kind": str,
    "name": str,
    "type": str,
    "id": str,
}


def check(body: Json) -> None:
    """Raise 400 where a part of the envelope is of the wrong kind."""
    for name, kind in SHAPES.items():
        shaped(body.get(name), kind, name)


def shaped(value: Any, shape: Any, path: str = "properties") -> None:  # noqa: ANN401 - JSON of any shape
    """Raise 400 where a value is not of the shape: a type, `[shape]` or `{name: shape}`; null is absent."""
    if value is None:
        return
    kind = type(shape) if isinstance(shape, dict | list) else shape
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        text = (
            f"The request content was invalid and could not be deserialized: '{path}' is of the wrong kind."
        )
        raise ArmError(400, "InvalidRequestContent", text)
    if isinstance(shape, dict):
        for name, below in shape.items():
            shaped(value.get(name), below, f"{path}.{name}")
    elif isinstance(shape, list):
        for place, item in enumerate(value):
            # A null in a list is no resource, no record and no container.
            shaped({} if item is None and isinstance(shape[0], dict) else item, shape[0], f"{path}[{place}]")
