"""Route templates of HTTP triggers as ASP.NET reads them; pure."""

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import unquote

_PARAMETER = re.compile(
    r"\{(?P<stars>\*{0,2})(?P<name>[A-Za-z_]\w*)(?P<constraints>(?::(?:[^{}()=?]|\((?:[^()]|\\.|\([^()]*\))*\))+)*)"
    r"(?:=(?P<default>[^{}]*))?(?P<optional>\?)?\}"
)
_CONSTRAINT = re.compile(r":(\w+)(?:\(((?:[^()]|\([^()]*\))*)\))?")


class RouteInvalid(ValueError):  # noqa: N818 - named for what happened
    """A template that no path can be matched against."""


def _number(low: float = float("-inf"), high: float = float("inf")) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(r"[+-]?[0-9]+", value) is not None and low <= int(value) <= high


def _length(low: int, high: int | None = None) -> Callable[[str], bool]:
    return lambda value: low <= len(value) and (high is None or len(value) <= high)


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        try:
            parse(value)
        except ValueError:
            return False
        return True

    return check


def _check(name: str, argument: str | None) -> Callable[[str], bool]:
    numbers = [int(each) for each in (argument or "").split(",") if re.fullmatch(r"\s*-?[0-9]+\s*", each)]
    match name.lower(), numbers:
        case "int", _:
            return _number(-(2**31), 2**31 - 1)
        case "long", _:
            return _number(-(2**63), 2**63 - 1)
        case (("decimal" | "double" | "float"), _):
            return lambda value: (
                re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", value) is not None
            )
        case "bool", _:
            return lambda value: value.lower() in ("true", "false")
        case "alpha", _:
            return lambda value: re.fullmatch(r"[A-Za-z]*", value) is not None
        case "guid", _:
            return _parses(uuid.UUID)
        case "datetime", _:
            return _parses(datetime.fromisoformat)
        case "length", [exact]:
            return _length(exact, exact)
        case "length", [low, high]:
            return _length(low, high)
        case "minlength", [low]:
            return _length(low)
        case "maxlength", [high]:
            return _length(0, high)
        case "min", [low]:
            return _number(low=low)
        case "max", [high]:
            return _number(high=high)
        case "range", [low, high]:
            return _number(low, high)
        case "regex", _ if argument:
            pattern = re.compile(argument.replace("{{", "{").replace("}}", "}"), re.IGNORECASE)
            return lambda value: pattern.search(value) is not None
        case "required", _:
            return bool
        case _:
            raise RouteInvalid(f"The route constraint '{name}' is not known.")


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    checks: tuple[Callable[[str], bool], ...]
    default: str | None


@dataclass(frozen=True)
class Route:
    """One template, such as `orders/{id:int}/{*rest}`, relative to the prefix."""

    template: str

    def __post_init__(self) -> None:
        _ = self._compiled

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[str], tuple[_Parameter, ...], tuple[int, ...]]:
        pattern = ""
        parameters: list[_Parameter] = []
        ranks: list[int] = []
        segments = [each for each in _split(self.template) if each]
        for index, segment in enumerate(segments):
            last = index == len(segments) - 1
            found = list(_PARAMETER.finditer(segment))
            rest = _PARAMETER.sub("", segment)
            if "{" in rest or "}" in rest:
                raise RouteInvalid(f"The route '{self.template}' is not valid at '{segment}'.")
            whole = found[0] if len(found) == 1 and not rest else None
            if not found:
                pattern += "/" + re.escape(segment)
                ranks.append(1)
            elif whole is None:
                pattern += "/" + _mixed(segment, found)
                ranks.append(2)
            else:
                open_end = bool(whole["optional"]) or whole["default"] is not None
                if (whole["stars"] or open_end) and not last:
                    raise RouteInvalid(
                        f"In the route '{self.template}', only the last segment may be left out."
                    )
                if whole["stars"]:
                    pattern += "(?:/(.*))?"
                else:
                    pattern += "(?:/([^/]+))?" if open_end else "/([^/]+)"
                ranks.append((4 if whole["stars"] else 2) + (0 if whole["constraints"] else 1))
            for each in found:
                checks = tuple(
                    _check(name, argument) for name, argument in _CONSTRAINT.findall(each["constraints"])
                )
                parameters.append(_Parameter(each["name"], checks, each["default"]))
        return re.compile(pattern + "/?", re.IGNORECASE), tuple(parameters), tuple(ranks)

    @property
    def rank(self) -> tuple[int, ...]:
        """Lower goes first: literals before constrained parameters before free ones before catch-alls."""
        return self._compiled[2]

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters of a percent-encoded path that starts with `/`, or None if it is another's."""
        pattern, parameters, _ = self._compiled
        found = pattern.fullmatch(path)
        if found is None:
            return None
        values: dict[str, str] = {}
        for parameter, raw in zip(parameters, found.groups(), strict=True):
            value = unquote(raw) if raw else parameter.default
            if value is None:
                continue
            if not all(check(value) for check in parameter.checks):
                return None
            values[parameter.name] = value
        return values


def _split(template: str) -> list[str]:
    """Split at slashes that stand outside of braces (a regex constraint may hold some)."""
    depth = 0
    segments = [""]
    for character in template.strip("/"):
        depth += (character == "{") - (character == "}")
        if character == "/" and depth == 0:
            segments.append("")
        else:
            segments[-1] += character
    return segments


def _mixed(segment: str, found: list[re.Match[str]]) -> str:
    pattern = ""
    position = 0
    for each in found:
        pattern += re.escape(segment[position : each.start()]) + "([^/]+)"
        position = each.end()
    return pattern + re.escape(segment[position:])


@dataclass(frozen=True, slots=True)
class Endpoint[T]:
    """What a route leads to; no methods means all."""

    route: Route
    methods: frozenset[str]
    target: T

    def allows(self, method: str) -> bool:
        return not self.methods or method in self.methods or (method == "HEAD" and "GET" in self.methods)


@dataclass(frozen=True, slots=True)
class Found[T]:
    """The endpoint of a request; without a target, `allowed` names the methods that the path does take."""

    target: T | None
    values: Mapping[str, str]
    allowed: frozenset[str]


def find[T](endpoints: Iterable[Endpoint[T]], method: str, path: str) -> Found[T]:
    """The best endpoint for a request, whatever order the endpoints come in."""
    allowed: frozenset[str] = frozenset()
    for endpoint in sorted(endpoints, key=lambda each: each.route.rank):
        values = endpoint.route.match(path)
        if values is None:
            continue
        if endpoint.allows(method):
            return Found(endpoint.target, values, endpoint.methods)
        allowed |= endpoint.methods
    return Found(None, {}, allowed)
