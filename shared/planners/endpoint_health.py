"""When an endpoint counts as down, and as recovered (seed 000, section 6.2.1): pure, on counts that an entity keeps."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from shared.model.wire import Frozen

DOWN_AFTER = 3
"""Failures in a row."""
WORSE_AFTER = timedelta(minutes=10)
UP_AFTER = 2
"""Answers in a row: one alone may be luck."""


class Seen(Frozen):
    """What one probe saw."""

    healthy: bool
    said: str = ""


class Watched(Frozen):
    """One endpoint: how often in a row it failed or answered, and since when."""

    failures: int = 0
    answers: int = 0
    since: datetime | None = None
    down: bool = False
    worse: bool = False
    said: str = ""


class Health(Frozen):
    """Every endpoint that is not simply well, by name."""

    watched: dict[str, Watched] = Field(default_factory=dict[str, Watched])


class Change(Frozen):
    """What is new: `down`, `worse` (it has been down for long) or `up`, with the first failure's time."""

    endpoint: str
    what: Literal["down", "worse", "up"]
    since: datetime
    failures: int
    said: str


def watch(health: Health, seen: Mapping[str, Seen], now: datetime) -> tuple[Health, tuple[Change, ...]]:
    """The counts after another round of probes, and what has changed.

    An endpoint that is asked about no more is forgotten. The same round told twice changes nothing more, so a process
    that died between telling and keeping tells the same changes again, under the same time.
    """
    kept: dict[str, Watched] = {}
    changes: list[Change] = []
    for name, one in seen.items():
        before = health.watched.get(name, Watched())
        after = _after(before, one, now)
        for what in _news(before, after):
            since = before.since or after.since or now
            failures = max(before.failures, after.failures)
            changes.append(
                Change(
                    endpoint=name, what=what, since=since, failures=failures, said=after.said or before.said
                )
            )
        if after.since is not None:
            kept[name] = after
    return Health(watched=kept), tuple(changes)


def _after(before: Watched, seen: Seen, now: datetime) -> Watched:
    if seen.healthy:
        answers = before.answers + 1
        if not before.down or answers >= UP_AFTER:
            return Watched()
        return before.model_copy(update={"answers": answers})
    since = before.since or now
    failures = before.failures + 1
    down = before.down or failures >= DOWN_AFTER
    return Watched(
        failures=failures,
        since=since,
        down=down,
        worse=before.worse or (down and now - since >= WORSE_AFTER),
        said=seen.said,
    )


def _news(before: Watched, after: Watched) -> tuple[Literal["down", "worse", "up"], ...]:
    if before.down and not after.down:
        return ("up",)
    found: list[Literal["down", "worse", "up"]] = []
    if after.down and not before.down:
        found.append("down")
    if after.worse and not before.worse:
        found.append("worse")
    return tuple(found)
