"""Load that lasts doubles, quiet that lasts halves, and nothing else changes anything."""

import csv
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.model.throughput import Throughput, ThroughputRange
from shared.planners.cosmos_autoscale import COOL_DOWN, DOWN_AFTER, LOOK_BACK, OVER, decide, settled_since
from shared.planners.throughput import STEP

LIMITS = ThroughputRange(least=400, most=20_000)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RECORDED = Path(__file__).parents[2] / "fixtures" / "ru_usage"
Mode = Literal["manual", "autoscale"]


def has(ru: int, mode: Mode = "manual", minimum: int = 400, *, changing: bool = False) -> Throughput:
    return Throughput(mode=mode, ru=ru, minimum=minimum, changing=changing)


def minutes(values: Sequence[float | None], until: datetime = NOW) -> list[tuple[datetime, float | None]]:
    """The newest minute last."""
    return [(until - MINUTE * (len(values) - place), value) for place, value in enumerate(values)]


def decided(
    values: Sequence[float | None],
    throughput: Throughput,
    since: timedelta = LOOK_BACK,
    limits: ThroughputRange = LIMITS,
) -> tuple[int, str]:
    found = decide(throughput, limits, minutes(values), changed_at=NOW - since, now=NOW)
    return found.ru, found.why


@pytest.mark.parametrize(
    ("values", "throughput", "ru", "why"),
    [
        ([50] * 57 + [81, 92, 88], has(1000), 2000, "over 80 % for 3 minutes (81, 92, 88)"),
        ([95] * 60, has(4000, "autoscale", 1000), 8000, "over 80 % for 3 minutes (95, 95, 95)"),
        ([95] * 60, has(15_000), 20_000, "over 80 %"),
        ([95] * 60, has(20_000), 20_000, "but the estate allows 20000 RU/s at most"),
        ([95] * 60, has(30_000), 30_000, "but the estate allows 20000 RU/s at most"),
        ([50] * 58 + [100, 100], has(1000), 1000, "it uses 100 %, 100 % at most in the last hour"),
        ([95] * 58 + [70, 95], has(1000), 1000, "it uses 95 %"),
        ([95] * 57 + [None] * 3, has(1000), 2000, "over 80 %"),
        ([95] * 52 + [None] * 8, has(1000), 1000, "only 0 of its last 8 minutes were measured"),
        ([12] * 60, has(1000), 500, "under 20 % for an hour, 12 % at most"),
        ([12] * 60, has(500), 400, "under 20 %"),
        ([12] * 60, has(400), 400, "it has the least that it may have (400 RU/s)"),
        ([12] * 60, has(1000, minimum=900), 900, "under 20 %"),
        ([12] * 60, has(1000, minimum=1000), 1000, "the least that it may have"),
        ([12] * 56 + [35] * 4, has(1000), 500, "under 20 % for an hour, 35 % at most"),
        ([12] * 56 + [45] * 4, has(1000), 1000, "of 500 RU/s it would have used 90 % at its peak"),
        ([12] * 50 + [25] * 10, has(1000), 1000, "it uses 25 %"),
        (
            [12] * 30 + [None] * 20 + [12] * 10,
            has(1000),
            1000,
            "only 40 minutes of the last hour had any load",
        ),
        ([0] * 60, has(1000), 1000, "as in an outage: that is no reason to lower it"),
        ([15] * 10 + [0] * 40 + [15] * 10, has(1000), 1000, "only 20 minutes of the last hour had any load"),
        ([12] * 60, has(4000, "autoscale", 1000), 4000, "it uses 12 %, 12 % at most in the last hour"),
        ([7] * 60, has(4000, "autoscale", 1000), 2000, "under 10 % for an hour, 7 % at most"),
        ([7] * 60, has(3000, "autoscale", 1000), 2000, "under 10 %"),
        ([7] * 60, has(1000, "autoscale", 1000), 1000, "the least that it may have"),
        ([95] * 60, has(1000, changing=True), 1000, "Azure is still at its last change"),
        ([], has(1000), 1000, "only 0 of its last 8 minutes"),
    ],
)
def test_decisions(values: list[float | None], throughput: Throughput, ru: int, why: str) -> None:
    found = decided(values, throughput)
    assert found[0] == ru
    assert why in found[1]


def test_what_was_measured_before_the_last_change_counts_for_nothing() -> None:
    assert decided([95] * 60, has(2000), since=6 * MINUTE)[0] == 4000
    assert "cools down for 5 minutes" in decided([95] * 60, has(2000), since=4 * MINUTE)[1]
    late = [95.0] * 55 + [None, None, None, 95, 95]
    assert "only 2 of" in decided(late, has(2000), since=5 * MINUTE)[1]
    assert "quiet since 59 minutes" in decided([5] * 60, has(2000), since=59 * MINUTE)[1]
    nothing = decide(has(1000), LIMITS, minutes([95] * 60), changed_at=None, now=NOW)
    assert (nothing.ru, nothing.why) == (1000, "nothing tells when it was last changed")


class TestSettled:
    """`settled_since`: by the intervals of five minutes in which the metric of what was provisioned comes."""

    EVERY = timedelta(minutes=5)

    def since(self, *values: float | None, ru: int = 2000) -> datetime | None:
        points = [(NOW - self.EVERY * (len(values) - place), value) for place, value in enumerate(values)]
        return settled_since(points, ru, every=self.EVERY, now=NOW)

    def test_the_interval_of_the_change_does_not_count(self) -> None:
        assert self.since(1000, 1000, 2000, 2000, 2000) == NOW - 2 * self.EVERY
        assert self.since(1000, None, 2000, None, 2000) == NOW - 2 * self.EVERY
        assert self.since(2000, 1000, 2000) == NOW

    def test_always_the_same_is_as_long_as_is_known(self) -> None:
        assert self.since(2000, 2000, 2000) == NOW - 3 * self.EVERY

    def test_a_metric_that_has_not_seen_the_change_yet_means_just_now(self) -> None:
        assert self.since(1000, 1000) == NOW

    def test_silence_tells_nothing(self) -> None:
        assert self.since() is None
        assert self.since(None, None) is None


# --- whatever is measured

PERCENT = st.one_of(st.none(), st.floats(0, 100))
SERIES = st.lists(PERCENT, max_size=90)


@st.composite
def containers(draw: st.DrawFn) -> Throughput:
    mode: Mode = draw(st.sampled_from(["manual", "autoscale"]))
    minimum = draw(st.integers(4, 250)) * 100
    return has(max(draw(st.integers(1, 300)) * STEP[mode], minimum // STEP[mode] * STEP[mode]), mode, minimum)


@given(containers(), SERIES, st.integers(0, 100), st.integers(4, 100), st.integers(0, 400))
@example(has(5000, "autoscale", 1000), [7.0] * 60, 90, 10, 0)
def test_a_change_is_always_one_that_the_service_takes_and_the_estate_allows(
    container: Throughput, values: list[float | None], since: int, least: int, more: int
) -> None:
    limits = ThroughputRange(least=least * 100, most=(least + more) * 100)
    ru, _ = decided(values, container, since=since * MINUTE, limits=limits)
    assert (ru, _) == decided(values, container, since=since * MINUTE, limits=limits)
    if ru != container.ru:
        step = STEP[container.mode]
        assert ru % step == 0
        assert ru >= container.minimum
        assert ru >= limits.least
        assert ru < container.ru or ru <= max(limits.most, container.minimum + step, least * 100 + step)
        assert ru <= 2 * container.ru + step
        assert ru >= container.ru / 2


@given(containers(), st.floats(20, 65), st.lists(st.floats(-15, 15), min_size=80, max_size=80), st.data())
def test_noise_around_a_level_and_lonely_spikes_change_nothing(
    container: Throughput, level: float, noise: list[float], data: st.DataObject
) -> None:
    values = [max(level + one, 20.0) for one in noise]
    for at in data.draw(st.lists(st.integers(0, 26), max_size=20)):
        values[at * 3] = 100.0
    for until in range(60, 81):
        assert decided(values[:until], container)[0] == container.ru


@dataclass(frozen=True)
class Change:
    """At a minute, from so many RU/s to so many."""

    at: int
    was: int
    now: int


def played(
    demand: Callable[[int], float | None],
    length: int,
    container: Throughput,
    *,
    every: int = 5,
    limits: ThroughputRange = LIMITS,
) -> list[Change]:
    """What the autoscaler does with a container of which so many RU/s are asked, minute by minute."""
    changes: list[Change] = []
    usage: list[tuple[datetime, float | None]] = []
    changed_at, start = NOW - LOOK_BACK, NOW
    for minute in range(length):
        now = start + MINUTE * minute
        if minute % every == 0:
            found = decide(
                container,
                limits,
                [one for one in usage if one[0] >= now - LOOK_BACK],
                changed_at=changed_at,
                now=now,
            )
            again = decide(container, limits, usage, changed_at=changed_at, now=now)
            assert found == again, "what is older than LOOK_BACK counts for nothing"
            if found.ru != container.ru:
                changes.append(Change(minute, container.ru, found.ru))
                container, changed_at = container.model_copy(update={"ru": found.ru}), now
                assert decide(container, limits, usage, changed_at=now, now=now).ru == found.ru
        wanted = demand(minute)
        usage.append((now, None if wanted is None else min(100.0, 100 * wanted / container.ru)))
    return changes


@given(
    containers(),
    st.lists(st.tuples(st.integers(1, 40), st.one_of(st.none(), st.floats(0, 40_000))), max_size=15),
    st.sampled_from([1, 5]),
)
def test_it_never_flaps(container: Throughput, phases: list[tuple[int, float | None]], every: int) -> None:
    """Whatever is asked of it: the times between changes hold, and what was raised is not lowered within an hour."""
    demand = [wanted for length, wanted in phases for _ in range(length)]
    changes = played(lambda minute: demand[minute], len(demand), container, every=every)
    for earlier, later in itertools.pairwise(changes):
        apart = (later.at - earlier.at) * MINUTE
        assert apart >= COOL_DOWN
        if later.now < later.was:
            assert apart >= DOWN_AFTER, "up and down again, or down twice, within the hour"


# --- what was recorded: RU/s that were asked of a container, minute by minute


def recorded(name: str) -> list[float | None]:
    with (RECORDED / f"{name}.csv").open(newline="") as file:
        return [float(row["ru_per_second"]) if row["ru_per_second"] else None for row in csv.DictReader(file)]


def over(demand: list[float | None], changes: list[Change], ru: int) -> int:
    """In how many minutes more was asked for than the limit."""
    count = 0
    for minute, wanted in enumerate(demand):
        ru = next((one.now for one in reversed(changes) if one.at <= minute), ru)
        count += wanted is not None and wanted > ru * OVER / 100
    return count


def test_a_day_goes_up_in_the_morning_and_down_in_the_evening() -> None:
    demand = recorded("daily")
    changes = played(lambda minute: demand[minute], len(demand), has(400))
    steps = [(one.was, one.now) for one in changes]
    assert steps == [(400, 800), (800, 1600), (1600, 800), (800, 400)]
    assert [one.at // 60 for one in changes] == [10, 11, 18, 19]
    assert over(demand, changes, 400) < 40


def test_spikes_of_a_minute_or_two_are_ridden_out() -> None:
    demand = recorded("spike")
    assert played(lambda minute: demand[minute], len(demand), has(1000)) == []


def test_a_ramp_is_followed_within_minutes() -> None:
    demand = recorded("ramp")
    changes = played(lambda minute: demand[minute], len(demand), has(1000, "autoscale", 1000))
    assert [one.now for one in changes] == [2000, 4000, 8000]
    assert over(demand, changes, 1000) < 30


def test_where_nothing_was_measured_nothing_is_done() -> None:
    demand = recorded("gap")
    assert played(lambda minute: demand[minute], len(demand), has(1000)) == []
    quiet = [None if one is None else one / 3 for one in demand]
    assert [one.now for one in played(lambda minute: quiet[minute], len(quiet), has(1000))] == [500]
