"""A drill may begin in an approved window that has room for it, in the time of the handover's 'EST'."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.model.estate import DrillDate, Drills
from shared.planners.drill_window import drill_schedules, next_window, refusal, window_at, windows
from shared.planners.schedule import due


def drills(**changes: object) -> Drills:
    dates = (
        DrillDate(date=date(2027, 6, 15), change="CHG-00002", approved_by="CAB"),
        DrillDate(date=date(2027, 3, 15), change="CHG-00001", approved_by="CAB"),
        DrillDate(date=date(2027, 9, 15), change="CHG-00003"),
    )
    return Drills(dates=dates).model_copy(update=changes)


def at(month: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, month, 15, hour, minute, tzinfo=UTC)


def test_it_is_new_york_s_time_in_summer_and_winter() -> None:
    first, second = windows(drills())
    assert (first.begins, first.ends) == (at(3, 6), at(3, 8)), "daylight saving has begun the day before"
    assert second.begins == at(6, 6)
    (winter,) = windows(
        Drills(dates=(DrillDate(date=date(2027, 12, 15), change="CHG-00004", approved_by="CAB"),))
    )
    assert winter.begins == at(12, 7)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (
            at(3, 5, 59),
            "no drill window is open: the next window opens at 2027-03-15 02:00 (America/New_York), CHG-00001",
        ),
        (at(3, 6), ""),
        (at(3, 7), ""),
        (at(3, 7, 1), "closes in 59 min, and a drill takes 60: the next window opens at 2027-06-15 02:00"),
        (at(3, 8), "no drill window is open: the next window opens at 2027-06-15 02:00"),
        (at(6, 9), "no drill window is open: that of 2027-09-15 waits for the approval of CHG-00003"),
        (at(12, 9), "no drill window is open: the estate has no further date"),
    ],
)
def test_why_none_may_begin_is_told_with_when_one_may(moment: datetime, said: str) -> None:
    found = refusal(drills(), moment)
    assert said in found
    assert bool(found) == bool(said)


def test_what_is_not_approved_opens_no_window_and_starts_nothing() -> None:
    open_then = at(9, 6, 30)
    assert window_at(drills(), open_then) is None
    assert next_window(drills(), open_then) is None
    (schedule,) = drill_schedules(drills())
    assert date(2027, 9, 15) not in schedule.dates
    assert drill_schedules(Drills()) == ()


def test_the_clock_starts_one_at_the_beginning_of_its_window_and_none_that_would_not_fit() -> None:
    schedules = drill_schedules(drills())
    (found,) = due(schedules, since=at(3, 5, 55), now=at(3, 6), time_zone="Asia/Tokyo")
    assert (found.plan, found.at, found.id_part) == ("dr_drill", at(3, 6), "20270315T0200")
    late = at(3, 6) + timedelta(minutes=61)
    assert due(schedules, since=at(3, 5, 55), now=late, time_zone="Asia/Tokyo") == ()
