"""YAML text as plain values, with the line that every value stands on."""

import re
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

type Path = tuple[str | int, ...]

# The C parser is ten times faster; both hand out the same events.
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# libyaml recurses once a level when it composes, and a megabyte of "[" ends the process: we count instead.
_DEEPEST = 20

# YAML forbids control characters; NEL, LS and PS are line breaks to YAML and to no editor.
_FORBIDDEN = re.compile("[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")

# YAML 1.2's core schema. YAML 1.1, PyYAML's own, reads 12:30 as 750 and `no` as false.
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,2})?")


@dataclass(frozen=True)
class Mistake:
    """One thing to put right: where it stands, and what to do about it."""

    line: int
    path: Path
    message: str

    @property
    def field(self) -> str:
        """The path as it is written in code: `services[2].rto`; empty for the file itself."""
        return "".join(
            f".{part}" if isinstance(part, str) and _PLAIN_NAME.fullmatch(part) else f"[{part!r}]"
            for part in self.path
        ).removeprefix(".")

    @property
    def text(self) -> str:
        """`services[2].rto: is missing; add it`."""
        return f"{self.field}: {self.message}" if self.path else self.message


@dataclass
class Document:
    """What the file says. `broken` means that it is no YAML, so nothing more can be said about it."""

    values: object = None
    lines: dict[Path, int] = field(default_factory=dict[Path, int])
    mistakes: list[Mistake] = field(default_factory=list[Mistake])
    broken: bool = False

    def line(self, path: Path) -> int:
        """Where that value stands; for one that is not written, where its mapping begins."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def mistake(self, path: Path, message: str) -> Mistake:
        """A mistake at that value."""
        return Mistake(self.line(path), path, message)


def read(text: str) -> Document:
    """Parse one YAML document; what is wrong with it as YAML is in its mistakes."""
    if hit := _FORBIDDEN.search(text):
        line = len(re.findall(r"\r\n|\r|\n", text[: hit.start()])) + 1
        message = f"the character U+{ord(hit[0]):04X} may not stand in YAML; remove it"
        return Document(mistakes=[Mistake(line, (), message)], broken=True)
    document = Document()
    try:
        _Reader(document, text).read()
    except _TooDeep as stop:
        document.broken = True
        message = f"is nested more than {_DEEPEST} levels deep; an estate needs six"
        document.mistakes.append(Mistake(stop.line, (), message))
    except yaml.MarkedYAMLError as error:
        document.broken = True
        document.mistakes.append(_syntax(error))
    return document


def _syntax(error: yaml.MarkedYAMLError) -> Mistake:
    """YAML's own complaint. Where a bracket or quote stays open, the line of its start helps more."""
    mark, start = error.problem_mark or error.context_mark, error.context_mark
    line = mark.line + 1 if mark else 1
    context = f" {error.context} that begins on line {start.line + 1}" if error.context and start else ""
    tab = "; indent with spaces, not tabs" if "cannot start any token" in str(error.problem) else ""
    return Mistake(
        line, (), f"this is no valid YAML: {error.problem}{context}{tab}; correct it here or just above"
    )


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


class _TooDeep(Exception):  # noqa: N818 - ends the reading, never leaves this file
    def __init__(self, line: int) -> None:
        self.line = line


class _Reader:
    """Builds values straight from the parser's events: each has its line, and no alias is ever expanded."""

    def __init__(self, document: Document, text: str) -> None:
        self._document = document
        self._events = yaml.parse(text, Loader=_LOADER)

    def read(self) -> None:
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            self._document.lines[()] = 1
            return
        self._document.values = self._node(next(self._events), (), 1)
        next(self._events)  # the document's end
        if isinstance(event := next(self._events), yaml.DocumentStartEvent):
            self._wrong(event, (), "a second document begins here; an estate is one document, so remove this")

    def _wrong(self, event: yaml.Event, path: Path, message: str) -> None:
        self._document.mistakes.append(Mistake(_line(event), path, message))

    def _node(self, event: yaml.Event, path: Path, depth: int) -> object:
        if depth > _DEEPEST:
            raise _TooDeep(_line(event))
        self._document.lines.setdefault(path, _line(event))
        if isinstance(event, yaml.AliasEvent):
            self._wrong(event, path, f"*{event.anchor} is an alias; write the value out")
            return None
        if tag := getattr(event, "tag", None):
            self._wrong(event, path, f"the tag {tag} is not understood; remove it")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        scalar = cast("yaml.ScalarEvent", event)  # no other event can stand where a value is due
        return _plain(scalar.value) if scalar.implicit[0] else scalar.value

    def _sequence(self, path: Path, depth: int) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items)), depth + 1))
        return items

    def _mapping(self, path: Path, depth: int) -> dict[str, object]:
        values: dict[str, object] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._wrong(event, path, "a list, mapping or alias cannot name a field; write a plain name")
                self._node(event, (*path, "?"), depth + 1)
                self._node(next(self._events), (*path, "?"), depth + 1)
                continue
            key = event.value
            here = (*path, key)
            if key in values:
                first = self._document.lines[here]
                self._wrong(event, here, f"is given twice (first on line {first}); keep one of the two")
                self._node(next(self._events), (*path, "?"), depth + 1)
                continue
            self._document.lines[here] = _line(event)
            values[key] = self._node(next(self._events), here, depth + 1)
        return values


def _plain(text: str) -> object:
    """An unquoted scalar: null, a truth value, a number, or simply text."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
