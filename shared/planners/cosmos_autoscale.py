"""Whether a Cosmos DB container gets more or less throughput: more when load has lasted, less when quiet has.

    decide(Throughput(mode="manual", ru=1000, minimum=400), limits, usage, changed_at=..., now=...)
    -> Decision(ru=2000, why="over 80 % for 3 minutes")

The rule is that of seed 000, section 6.1.1. Up is fast: refused requests hurt at once. Down is slow: Azure bills each
clock hour by the highest throughput in it, so quiet of less than an hour saves nothing. In between nothing happens, and
nothing that was measured of an older throughput counts, because it is a share of something else. Pure and without a
memory: the same again, the same answer.
"""

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from shared.model.throughput import Throughput, ThroughputRange
from shared.model.wire import Frozen
from shared.planners.throughput import allowed

OVER, UNDER = 80.0, 20.0
"""Percent of its throughput above which a container gets twice, and below which it gets half as much (the seed's)."""

AUTOSCALE_UNDER = 10.0
"""The same of an autoscale container. It pays for what it uses, but for a tenth of its maximum at least (Microsoft
Learn, Autoscale throughput): only below that a smaller maximum costs less, and above it would only take room away."""

UP_AFTER = 3
"""The newest minutes that must all be over the limit; they may lie so far back, for metrics come late:"""
FRESH = timedelta(minutes=8)
COOL_DOWN = timedelta(minutes=5)
"""For how long nothing is changed after a change, whoever made it."""

DOWN_AFTER = timedelta(hours=1)
USED, QUIET = 0.8, 0.9
"""The share of that hour's minutes that must have been measured with some load, and of those that must be under the
limit."""

LOOK_BACK = DOWN_AFTER + timedelta(minutes=20)
"""What is worth asking for: that hour, and what the grain of five minutes makes of the change before it."""

type Minute = tuple[datetime, float | None]
"""What was measured in an interval, by its beginning; None where nothing was."""


class Decision(Frozen):
    """The RU/s that the container is to have (what it has: it is kept), and why, in words."""

    ru: int
    why: str


def decide(
    has: Throughput,
    limits: ThroughputRange,
    usage: Iterable[Minute],
    *,
    changed_at: datetime | None,
    now: datetime,
) -> Decision:
    """What to do now with a container that uses so many percent of its throughput.

    `usage` is NormalizedRUConsumption (Maximum) by the minute; `changed_at` is since when it has what it has.
    """
    if has.changing:
        return _keep(has, "Azure is still at its last change")
    if changed_at is None:
        return _keep(has, "nothing tells when it was last changed")
    if now - changed_at < COOL_DOWN:
        return _keep(
            has, f"it was changed {_minutes(now - changed_at)} ago, and cools down for {_minutes(COOL_DOWN)}"
        )
    measured = [(at, value) for at, value in sorted(usage) if changed_at <= at < now and value is not None]
    newest = [value for at, value in measured if at > now - FRESH][-UP_AFTER:]
    if len(newest) < UP_AFTER:
        return _keep(has, f"only {len(newest)} of its last {_minutes(FRESH)} were measured")
    if min(newest) > OVER:
        return _up(has, limits, newest)
    return _down(has, limits, [value for at, value in measured if at >= now - DOWN_AFTER], changed_at, now)


def settled_since(
    provisioned: Iterable[Minute], ru: int, *, every: timedelta, now: datetime
) -> datetime | None:
    """Since when a container certainly has that throughput, by the metric of what it had; None when that is silent.

    The interval in which it changed holds both, so it does not count. A container that has had it all the time has it
    since the first interval.
    """
    measured = [(at, value) for at, value in sorted(provisioned) if value is not None]
    if not measured:
        return None
    same = list(itertools.takewhile(lambda one: one[1] == ru, reversed(measured)))
    if not same:
        return now
    first = same[-1][0]
    return first if len(same) == len(measured) else min(first + every, now)


def _up(has: Throughput, limits: ThroughputRange, newest: Sequence[float]) -> Decision:
    wanted = allowed(has.ru * 2, has, cap=limits.most, floor=limits.least)
    over = f"over {OVER:.0f} % for {UP_AFTER} minutes ({', '.join(f'{one:.0f}' for one in newest)})"
    if wanted <= has.ru:
        return _keep(has, f"{over}, but the estate allows {limits.most} RU/s at most")
    return Decision(ru=wanted, why=over)


def _down(
    has: Throughput, limits: ThroughputRange, window: Sequence[float], changed_at: datetime, now: datetime
) -> Decision:
    # Nothing at all is what an outage looks like too; who lowers by it meets the returning load with half as much.
    window = [value for value in window if value > 0]
    if not window:
        return _keep(has, "nothing is asked of it, as in an outage: that is no reason to lower it")
    under = AUTOSCALE_UNDER if has.mode == "autoscale" else UNDER
    quiet = sum(value < under for value in window)
    if quiet < QUIET * len(window):
        return _keep(has, f"it uses {window[-1]:.0f} %, {max(window):.0f} % at most in the last hour")
    if changed_at > now - DOWN_AFTER:
        return _keep(has, f"quiet since {_minutes(now - changed_at)}: an hour of it is needed")
    if len(window) < USED * (DOWN_AFTER / timedelta(minutes=1)):
        return _keep(has, f"quiet, but only {len(window)} minutes of the last hour had any load")
    # Whoever gave it more than the cap gets it back by halves too.
    wanted = allowed(has.ru / 2, has, cap=max(limits.most, has.ru), floor=limits.least)
    if wanted >= has.ru:
        return _keep(has, f"quiet, and it has the least that it may have ({has.ru} RU/s)")
    peak = max(window) * has.ru / wanted
    if peak > OVER:
        return _keep(has, f"quiet, but of {wanted} RU/s it would have used {peak:.0f} % at its peak")
    return Decision(ru=wanted, why=f"under {under:.0f} % for an hour, {max(window):.0f} % at most")


def _keep(has: Throughput, why: str) -> Decision:
    return Decision(ru=has.ru, why=why)


def _minutes(time: timedelta) -> str:
    return f"{time / timedelta(minutes=1):.0f} minutes"
