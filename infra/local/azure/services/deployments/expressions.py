"""Evaluates the expressions of ARM templates: `[concat(parameters('x'), '-y')]`."""

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from infra.local.azure.core.errors import ArmError

type Function = Callable[..., Any]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[()\[\].,]))"
)


def invalid(message: str) -> ArmError:
    """400 as ARM answers a template that it cannot process."""
    return ArmError(400, "InvalidTemplate", f"Unable to process template language expressions: '{message}'.")


def evaluate(value: Any, functions: dict[str, Function]) -> Any:  # noqa: ANN401 - JSON of any shape
    """Return the value with every expression in it replaced by what it means."""
    if isinstance(value, dict):
        return {key: evaluate(item, functions) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluate(item, functions) for item in value]
    if isinstance(value, str) and value.startswith("[["):
        return value[1:]
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        return _Parser(
            value[1:-1], {**PURE, **{name.lower(): function for name, function in functions.items()}}
        ).run()
    return value


class _Parser:
    """One pass over an expression; function names ignore case, as ARM does."""

    def __init__(self, text: str, functions: dict[str, Function]) -> None:
        self._text, self._functions = text, functions
        self._tokens = self._split(text)
        self._place = 0

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if found is None:
                raise invalid(f"unexpected character at {at} in {text}")
            tokens.append((str(found.lastgroup), found.group(str(found.lastgroup))))
            at = found.end()
        return tokens

    def run(self) -> Any:  # noqa: ANN401 - JSON of any shape
        value = self._value()
        if self._place != len(self._tokens):
            raise invalid(f"unexpected end of {self._text}")
        return value

    def _peek(self) -> str:
        return self._tokens[self._place][1] if self._place < len(self._tokens) else ""

    def _take(self, expected: str = "") -> tuple[str, str]:
        if self._place >= len(self._tokens) or (expected and self._peek() != expected):
            raise invalid(f"expected '{expected}' in {self._text}")
        self._place += 1
        return self._tokens[self._place - 1]

    def _value(self) -> Any:  # noqa: ANN401 - JSON of any shape
        kind, text = self._take()
        if kind == "text":
            value: Any = text[1:-1].replace("''", "'")
        elif kind == "number":
            value = int(text)
        elif kind == "name":
            value = self._call(text)
        else:
            raise invalid(f"unexpected '{text}' in {self._text}")
        while self._peek() in {".", "["}:
            value = self._below(value)
        return value

    def _call(self, name: str) -> Any:  # noqa: ANN401 - JSON of any shape
        function = self._functions.get(name.lower())
        if function is None:
            raise invalid(f"'{name}' is not a valid function")
        self._take("(")
        arguments: list[Any] = []
        while self._peek() != ")":
            arguments.append(self._value())
            if self._peek() == ",":
                self._take()
        self._take(")")
        try:
            return function(*arguments)
        except (TypeError, ValueError, LookupError) as error:
            raise invalid(f"{name}: {error}") from error

    def _below(self, value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
        if self._take()[1] == ".":
            key: Any = self._take()[1]
        else:
            key = self._value()
            self._take("]")
        try:
            return value[key]
        except (LookupError, TypeError) as error:
            raise invalid(f"the property '{key}' does not exist in {self._text}") from error


def _unique(*seeds: str) -> str:
    """Return 13 letters that depend on the seeds only, as ARM's do (though not the same ones)."""
    return base64.b32encode(hashlib.sha256("|".join(seeds).encode()).digest()).decode().lower()[:13]


def _concat(*parts: Any) -> Any:  # noqa: ANN401 - text or arrays
    if parts and all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    return "".join(_text(part) for part in parts)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value)
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _union(first: Any, *others: Any) -> Any:  # noqa: ANN401 - objects or arrays
    if isinstance(first, dict):
        return {key: value for one in (first, *others) for key, value in one.items()}
    result: list[Any] = []
    for item in _concat(first, *others):
        if item not in result:
            result.append(item)
    return result


def _object(*pairs: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON of any shape
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def _last(value: Any) -> Any:  # noqa: ANN401 - text or array
    return value[-1]


PURE: dict[str, Function] = {
    "concat": _concat,
    "format": lambda text, *values: re.sub(r"\{(\d+)\}", lambda found: _text(values[int(found[1])]), text),
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "replace": lambda text, old, new: text.replace(old, new),
    "split": lambda text, mark: text.split(mark),
    "join": lambda items, mark: mark.join(items),
    "substring": lambda text, start, length=None: text[start : None if length is None else start + length],
    "take": lambda value, count: value[:count],
    "first": lambda value: value[0],
    "last": _last,
    "length": len,
    "empty": lambda value: not value,
    "contains": lambda value, item: item in value,
    "startswith": lambda text, start: text.lower().startswith(start.lower()),
    "string": _text,
    "int": int,
    "bool": lambda value: str(value).lower() in {"true", "1"},
    "json": json.loads,
    "null": lambda: None,
    "true": lambda: True,
    "false": lambda: False,
    "if": lambda test, yes, no: yes if test else no,
    "equals": lambda left, right: left == right,
    "not": lambda value: not value,
    "and": lambda *values: all(values),
    "or": lambda *values: any(values),
    "greater": lambda left, right: left > right,
    "less": lambda left, right: left < right,
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "mul": lambda left, right: left * right,
    "min": min,
    "max": max,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "createarray": lambda *items: list(items),
    "createobject": _object,
    "union": _union,
    "range": lambda start, count: list(range(start, start + count)),
    "uniquestring": _unique,
    "guid": lambda *seeds: str(uuid.uuid5(uuid.NAMESPACE_URL, "|".join(seeds))),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
}
