"""The estate file, read and checked: an `Estate`, or every mistake with its file, line and field."""

import json
from pathlib import Path

from pydantic import ValidationError

from shared.errors import EstateInvalid
from shared.estate.checks import check
from shared.estate.document import Mistake, read
from shared.estate.explain import explain
from shared.model.estate import Estate

LARGEST_FILE = 1024 * 1024
_MOST_LINES = 100


def load(path: Path) -> Estate:
    """The estate in that file. Raises EstateInvalid, with a line for each mistake."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise EstateInvalid(f"{path}: cannot be read: {error.strerror}; check the path") from error
    if len(content) > LARGEST_FILE:
        raise EstateInvalid(
            f"{path}: is larger than 1 MiB; an estate has a few hundred lines, so check the path"
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{content[error.start]:02x} is no UTF-8; save the file as UTF-8"
        raise EstateInvalid(f"{path}:{line}: {message}") from error
    return parse(text, name=str(path))


def parse(text: str, *, name: str) -> Estate:
    """The estate in that text; `name` is what errors call the file. Raises EstateInvalid as `load` does."""
    if len(text) > LARGEST_FILE:
        raise EstateInvalid(f"{name}: is larger than 1 MiB; an estate has a few hundred lines")
    document = read(text)
    mistakes = document.mistakes
    if document.broken:
        raise _invalid(name, mistakes)
    if document.values is None and not mistakes:
        raise EstateInvalid(f"{name}:1: is empty; start from a copy of shared/estate/contoso.yaml")
    try:
        # Strict JSON: a duration is written PT4H and never 4, a number is never text. Forbidding unknown
        # fields here reaches the lenient types too that the estate shares with plans.
        estate = Estate.model_validate_json(json.dumps(document.values), strict=True, extra="forbid")
    except ValidationError as error:
        raise _invalid(name, mistakes + explain(error, document)) from error
    if mistakes := mistakes + check(estate, document):
        raise _invalid(name, mistakes)
    return estate


def _invalid(name: str, mistakes: list[Mistake]) -> EstateInvalid:
    mistakes = sorted(mistakes, key=lambda one: one.line)
    lines = [_printable(f"{name}:{one.line}: {one.text}") for one in mistakes[:_MOST_LINES]]
    if len(mistakes) > _MOST_LINES:
        lines.append(f"{name}: and {len(mistakes) - _MOST_LINES} more; correct these first")
    return EstateInvalid("\n".join(lines))


def _printable(text: str) -> str:
    """Escaped control characters: a value from the file may neither break a line nor steer a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
