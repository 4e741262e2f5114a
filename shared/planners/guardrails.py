"""What automation may change without anybody being asked: cool-downs, changes an hour, blast radius, blackouts.

Pure: the entity `guardrails` keeps the state and asks this before every changing step of a run that an alert or a
timer started. What is admitted counts at once, so that nothing is lost when the app dies in the midst of it, and is
given back only when it is known to have changed nothing. Runs that people approved are not bound; the kill switch
stands before all of it.
"""

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from shared.model.run import Blackout
from shared.model.wire import Frozen

HOUR = 3600.0


class Ask(Frozen):
    """A step that wants to change something. `touches` says what: `service:agents-db`, `tenant:fabrikam`."""

    run_id: str
    step: str
    action: str
    kind: str
    touches: tuple[str, ...] = ()
    at: datetime
    cool_down_seconds: float
    changes_per_hour: int
    # The largest number of different things of a kind that may be touched within an hour, by the kind's name.
    at_once: dict[str, int] = Field(default_factory=dict[str, int])
    blackouts: tuple[Blackout, ...] = ()


class Change(Frozen):
    """A step that was admitted, at a time in seconds since 1970."""

    run_id: str
    step: str
    action: str
    touches: tuple[str, ...]
    at: float


class Guarded(Frozen):
    """The changes of the last hours, the oldest first."""

    changes: tuple[Change, ...] = ()


ONE_SETTING = ("container:",)
"""Kinds of things of which automation changes one setting: of a Cosmos DB container, its throughput."""
EMERGENCIES = frozenset({"remediation", "recovery"})
REMEMBERED = timedelta(hours=24)


def admit(guarded: Guarded, ask: Ask) -> tuple[str, Guarded]:
    """Why the step may not begin, or nothing; and what is known after it. Asked again by the same step: the same."""
    now = ask.at.timestamp()
    if any((one.run_id, one.step) == (ask.run_id, ask.step) for one in guarded.changes):
        return "", guarded
    refusal = _refusal(guarded, ask, now)
    if refusal:
        return refusal, guarded
    kept = [one for one in guarded.changes if one.at > now - REMEMBERED.total_seconds()]
    change = Change(run_id=ask.run_id, step=ask.step, action=ask.action, touches=ask.touches, at=now)
    return "", Guarded(changes=(*kept, change))


def give_back(guarded: Guarded, run_id: str, step: str) -> Guarded:
    """Without a step that was admitted, and of which it is known that it has changed nothing."""
    kept = tuple(one for one in guarded.changes if (one.run_id, one.step) != (run_id, step))
    return Guarded(changes=kept)


def _refusal(guarded: Guarded, ask: Ask, now: float) -> str:
    for blackout in ask.blackouts:
        if ask.kind not in EMERGENCIES and blackout.begins <= ask.at < blackout.ends:
            return f"blackout until {blackout.ends:%Y-%m-%d %H:%M} UTC: {blackout.reason}"
    for one in reversed(guarded.changes):
        left = one.at + ask.cool_down_seconds - now
        # The steps of one run belong together; what waits is another run that would do it again.
        if left > 0 and one.run_id != ask.run_id and (both := _the_same(one, ask)):
            return (
                f"cool-down: {one.action} changed {', '.join(sorted(both))} {_ago(now - one.at)} ago "
                f"({one.run_id}); again in {_ago(left)}"
            )
    lately = [one for one in guarded.changes if one.at > now - HOUR]
    if len(lately) >= ask.changes_per_hour:
        return f"rate limit: {len(lately)} changes in the last hour, {ask.changes_per_hour} are allowed"
    for kind, limit in ask.at_once.items():
        mine = {name for name in ask.touches if name.startswith(f"{kind}:")}
        others = {name for one in lately for name in one.touches if name.startswith(f"{kind}:")}
        if mine - others and len(mine | others) > limit:
            return (
                f"blast radius: {len(others)} {kind}s were touched in the last hour, "
                f"{limit} at once are allowed"
            )
    return ""


def _the_same(change: Change, ask: Ask) -> set[str]:
    """What a step would change again: by the same action, or, of a thing with one setting, by whatever action."""
    both = set(change.touches) & set(ask.touches)
    return both if change.action == ask.action else {name for name in both if name.startswith(ONE_SETTING)}


def _ago(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def admitted(state: dict[str, Any], ask: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """`admit` on plain JSON, as the entity keeps it."""
    refusal, guarded = admit(Guarded.from_wire(state or {}), Ask.from_wire(ask))
    return refusal, guarded.to_wire()


def given_back(state: dict[str, Any], unused: dict[str, str]) -> dict[str, Any]:
    """`give_back` on plain JSON."""
    return give_back(Guarded.from_wire(state or {}), unused["run_id"], unused["step"]).to_wire()
