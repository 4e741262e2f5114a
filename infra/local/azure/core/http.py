"""Requests and answers as the handlers of services see them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.store import Json


@dataclass(frozen=True)
class Request:
    """Header and query names are lower-case; `host` is the real Azure host, without a port."""

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def json(self) -> Json:
        """Return the body as an object; anything else is 400, as ARM answers it."""
        value = self.any_json()
        if not isinstance(value, dict):
            raise ArmError(
                400, "InvalidRequestContent", "The request content was invalid: an object is expected."
            )
        return value

    def any_json(self) -> Any:  # noqa: ANN401 - a JSON document of any shape
        try:
            return json.loads(self.body or b"{}")
        except ValueError as error:
            message = "The request content was invalid and could not be deserialized: "
            raise ArmError(400, "InvalidRequestContent", f"{message}'{error}'.") from error

    def with_params(self, params: Mapping[str, str]) -> "Request":
        return replace(self, params=params)


@dataclass(frozen=True)
class Answer:
    """`body`: a JSON document, text or bytes; `dropped`: the connection closes instead of answering."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    dropped: bool = False


@dataclass(frozen=True)
class Later:
    """An answer that takes simulated time: `then` is called after it, in a transaction of its own."""

    seconds: float
    then: Callable[[], "Answer | Later"]
