"""Which alert is silent: a pure question to the silences that are in force."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from pydantic import ValidationError

from shared.model.signing import Signer
from shared.model.silence import Silence


class Cause(Protocol):
    """What an alert is matched by."""

    @property
    def rule(self) -> str: ...

    @property
    def resources(self) -> tuple[str, ...]: ...

    @property
    def dimensions(self) -> dict[str, str]: ...


def silenced(silences: Iterable[Silence], alert: Cause, at: datetime) -> Silence | None:
    """The silence that holds longest over that alert at that moment (aware), or None."""
    holding = [one for one in silences if one.holds(at) and covers(one, alert)]
    return max(holding, key=lambda one: one.expires_at, default=None)


def covers(silence: Silence, alert: Cause) -> bool:
    """Whether a silence is about that alert: all that it names must fit, and every resource lie below its own.

    One that names nothing is about no alert: everything at once is not silenced.
    """
    if not (silence.rule or silence.resource or silence.dimensions):
        return False
    if silence.rule and silence.rule.lower() != alert.rule.lower():
        return False
    if silence.resource and not (
        alert.resources and all(_below(resource, silence.resource) for resource in alert.resources)
    ):
        return False
    given = {name.lower(): value.lower() for name, value in alert.dimensions.items()}
    return all(given.get(name.lower()) == value.lower() for name, value in silence.dimensions.items())


def ours(state: Mapping[str, Any], signer: Signer) -> tuple[Silence, ...]:
    """The silences of the entity's state that this app signed, the newest first; anything else is ignored."""
    found: list[Silence] = []
    for number, wire in state.items():
        try:
            silence = Silence.from_wire(wire)
        except ValidationError:
            continue
        if silence.id == number and signer.is_ours(silence):
            found.append(silence)
    return tuple(sorted(found, key=lambda one: one.created_at, reverse=True))


def _below(resource: str, prefix: str) -> bool:
    """Whether a resource is that one or lies in it: whole segments, whatever their case."""
    own, above = resource.lower().rstrip("/"), prefix.lower().rstrip("/")
    return own == above or own.startswith(f"{above}/")
