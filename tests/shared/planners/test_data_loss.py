"""Whatever the pace of writing and the lag of the copy, the measure is right to within one write."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.model.canary import Canary
from shared.planners.data_loss import STALE, data_loss

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def canary(sequence: int, minutes: float) -> Canary:
    return Canary(sequence=sequence, at=T0 + timedelta(minutes=minutes), key=f"{sequence}/{minutes}")


def after(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


FIVE = tuple(canary(n, 5 * n) for n in range(1, 6))


def test_the_last_survivor_and_the_outage_give_the_loss():
    loss = data_loss(FIVE, FIVE[2], outage_at=after(27), since=after(27))
    assert (loss.seconds, loss.lost, loss.survived) == (12 * 60, 2, 3)


def test_what_was_all_there_was_not_lost():
    for left in (FIVE[4], canary(6, 30)):
        loss = data_loss(FIVE, left, outage_at=after(27), since=after(27))
        assert (loss.seconds, loss.lost, loss.survived) == (0.0, 0, 5)


def test_writes_after_the_recovery_begin_again_after_the_survivor():
    written = (*FIVE, canary(4, 40), canary(5, 45), canary(6, 50))
    loss = data_loss(written, written[-1], outage_at=after(27), since=after(27))
    assert (loss.seconds, loss.lost, loss.survived) == (12 * 60, 2, 3)


def test_numbers_that_an_earlier_outage_took_do_not_count_again():
    written = (*FIVE, canary(4, 40), canary(5, 45))
    loss = data_loss(written, written[-1], outage_at=after(47), since=after(47))
    assert (loss.seconds, loss.lost, loss.survived) == (0.0, 0, 5)
    loss = data_loss(written, written[-2], outage_at=after(47), since=after(47))
    assert (loss.seconds, loss.lost) == (7 * 60, 1)


def test_an_outage_that_was_said_to_begin_too_early_began_after_the_last_write():
    loss = data_loss(FIVE, FIVE[3], outage_at=after(1), since=after(1))
    assert (loss.seconds, loss.survived) == (5 * 60, 4)


@pytest.mark.parametrize(
    ("written", "left", "outage", "because"),
    [
        ((), None, 27, "no write was on record"),
        (FIVE, FIVE[4], 25 + STALE.total_seconds() / 60 + 1, "too long before"),
        (FIVE[2:], canary(1, 5), 27, "every one on record"),
        (FIVE, None, 27, "every one on record"),
    ],
)
def test_what_cannot_be_told_is_not_told(written, left, outage, because):
    loss = data_loss(written, left, outage_at=after(outage), since=after(outage))
    assert loss.seconds is None
    assert because in loss.because


def test_a_drill_counts_until_the_last_write():
    loss = data_loss(FIVE, FIVE[4], outage_at=None, since=after(27))
    assert loss.seconds == 0.0
    assert data_loss(FIVE, FIVE[4], outage_at=None, since=after(60)).seconds is None


@settings(deadline=None)
@given(
    gaps=st.lists(st.floats(0.1, 10), min_size=2, max_size=40),
    lag=st.floats(0, 60),
    rest=st.floats(0, 1),
    later=st.integers(0, 3),
)
def test_right_to_within_one_write(gaps: list[float], lag: float, rest: float, later: int):
    """Copies are `lag` minutes behind; writing goes on after the recovery, or not."""
    times = [sum(gaps[:n]) for n in range(1, len(gaps) + 1)]
    pace = max([gaps[0], *(b - a for a, b in pairwise(times))])
    outage = times[-1] + rest * pace
    written = [canary(n, at) for n, at in enumerate(times, 1)]
    survivors = [one for one in written if one.at <= after(outage - lag)]
    assume(survivors)
    left = survivors[-1]
    for n in range(later):
        left = canary(left.sequence + 1, outage + 10 + n)
        written.append(left)
    loss = data_loss(written, left, outage_at=after(outage), since=after(outage))
    assert loss.seconds is not None
    truth = (after(outage) - min(after(outage), after(outage - lag))).total_seconds()
    assert abs(loss.seconds - truth) <= pace * 60 + 0.001
