"""Reads a question, and binds values into it so that no value can become a part of the query.

A file is a whole query that runs as it stands. It begins with its parameters and their defaults, one line each:

    let minimum_requests = 20; // below that a share says nothing

It has no filter of its own on time: the caller gives the timespan, and so does an alert rule by its window.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

type Value = str | bool | int | float | datetime | timedelta

_FOLDER = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LET = re.compile(r"^let (?P<name>[a-z][a-z0-9_]*) = (?P<default>[^;]+);(?P<rest> *(//.*)?)$")
_KINDS: tuple[tuple[str, type[Value]], ...] = (
    (r'".*"', str),
    (r"true|false", bool),
    (r"-?\d+", int),
    (r"-?\d+\.\d+", float),
    (r"datetime\(.*\)", datetime),
    (r"\d+[smhd]", timedelta),
)
_TICKS_A_SECOND = 10_000_000


@dataclass(frozen=True)
class Question:
    """A query with its parameters: name -> type, as their defaults in the file say it."""

    name: str
    text: str
    parameters: dict[str, type[Value]]

    def bound(self, **values: Value) -> str:
        """The query with these values instead of defaults.

        Raises TypeError for a parameter that it does not have or a value of another type, ValueError for a value
        that cannot be written in a query.
        """
        if unknown := sorted(set(values) - set(self.parameters)):
            raise TypeError(
                f"{self.name} has no parameter {', '.join(unknown)}; it has {', '.join(self.parameters)}"
            )
        literals = {name: literal(_fitting(self, name, value)) for name, value in values.items()}
        lines = self.text.splitlines()
        for place, line in enumerate(lines):
            found = _LET.match(line)
            if found and found["name"] in literals:
                lines[place] = f"let {found['name']} = {literals.pop(found['name'])};{found['rest']}"
        return "\n".join(lines) + "\n"


@cache
def question(name: str) -> Question:
    """The question of that name; KeyError when there is none."""
    path = _FOLDER / f"{name}.kql"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise KeyError(f"no question '{name}'; there are: {', '.join(questions())}")
    text = path.read_text(encoding="utf-8")
    parameters: dict[str, type[Value]] = {}
    for line in text.splitlines():
        if found := _LET.match(line):
            parameters[found["name"]] = _kind(path, found["default"])
        elif line and not line.startswith("//"):
            break
    return Question(name, text, parameters)


def questions() -> tuple[str, ...]:
    """The names of all questions."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.kql")))


def literal(value: Value) -> str:
    """A value as KQL writes it (Kusto, scalar data types); ValueError for one that it cannot write.

    Text may hold whatever can be printed. A control character or half a surrogate is in no name of anything, and
    is refused rather than escaped.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            if not value.isprintable():
                raise ValueError(f"{value[:60]!r} holds characters that cannot be printed")
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case int():
            if not -(2**63) <= value < 2**63:
                raise ValueError(f"{value} is no 64-bit number")
            return f"long({value})"
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{value} is no number")
            return f"real({value!r})"
        case datetime():
            if value.tzinfo is None:
                raise ValueError(f"{value} says no time zone")
            return f"datetime({value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z)"
        case timedelta():
            ticks = value // timedelta(microseconds=1) * 10
            if abs(ticks) >= 2**63:
                raise ValueError(f"{value} is longer than Kusto can count")
            return f"{'-' if ticks < 0 else ''}time({_clock(abs(ticks))})"


def _clock(ticks: int) -> str:
    """`days.hours:minutes:seconds.fraction`."""
    seconds, fraction = divmod(ticks, _TICKS_A_SECOND)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days}.{hours:02}:{minutes:02}:{seconds:02}.{fraction:07}"


def _fitting(asked: Question, name: str, value: Value) -> Value:
    wanted = asked.parameters[name]
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted and not (wanted is datetime and isinstance(value, datetime)):
        raise TypeError(f"{asked.name}: {name} is a {wanted.__name__}, not a {type(value).__name__}")
    return value


def _kind(path: Path, default: str) -> type[Value]:
    for pattern, kind in _KINDS:
        if re.fullmatch(pattern, default):
            return kind
    raise ValueError(f"{path.name}: '{default}' is no default value that is known here")
