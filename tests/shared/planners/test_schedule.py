"""Schedules against a world that is stepped through minute by minute, on the days when clocks change."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model.estate import Schedule
from shared.planners.schedule import due

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# Zone, and a moment (UTC) at which its clocks change; Tokyo's never do.
CHANGES = [
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2028, 3, 26, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),  # by half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),  # midnight does not exist
    ("America/Sao_Paulo", datetime(2019, 2, 17, 2, tzinfo=UTC)),
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),  # back over midnight, at 00:01
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a day that never was
    ("Pacific/Kwajalein", datetime(1969, 9, 30, 13, tzinfo=UTC)),  # a day that came twice
    ("Asia/Tokyo", datetime(2028, 2, 28, 15, tzinfo=UTC)),  # a leap day begins
]


class World:
    """Four days on either side of a change: for each minute, the furthest that the zone's clock has shown."""

    def __init__(self, zone: str, change: datetime) -> None:
        self.zone, self.begin, self.end = zone, change - 4 * DAY, change + 4 * DAY
        # From a day earlier, so that a first time before the window is known to be one.
        self.minutes = [self.begin - DAY + n * MINUTE for n in range(9 * 24 * 60 + 1)]
        clock = [minute.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for minute in self.minutes]
        self.furthest = [clock[0]]
        for shown in clock[1:]:
            self.furthest.append(max(self.furthest[-1], shown))
        self.days = [clock[0].date() + n * DAY for n in range(-1, 13)]

    def moment(self, local: datetime) -> datetime | None:
        """The first minute at which the clock shows that time or, having skipped it, a later one."""
        index = bisect_left(self.furthest, local)
        return self.minutes[index] if 0 < index < len(self.minutes) else None

    def expected(self, schedule: Schedule) -> list[tuple[datetime, datetime]]:
        """Every occurrence in the window as (moment, local time); of two at one moment the later local time."""
        found: dict[datetime, datetime] = {}
        for day in self.days:
            wanted = (
                day in schedule.dates
                if schedule.dates
                else day.day in schedule.month_days
                if schedule.month_days
                else not schedule.weekdays or f"{day:%a}".lower() in schedule.weekdays
            )
            local = datetime.combine(day, schedule.at)
            moment = self.moment(local) if wanted else None
            if moment and self.begin < moment <= self.end:
                found[moment] = local
        return list(found.items())


@cache
def world(index: int) -> World:
    return World(*CHANGES[index])


worlds = st.integers(0, len(CHANGES) - 1).map(world)
times = st.one_of(
    st.builds(time, st.sampled_from([0, 1, 2, 3, 23]), st.sampled_from([0, 1, 15, 29, 30, 31, 45, 59])),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
)


@st.composite
def schedules(draw, days: list[date], useful_minutes: tuple[int, int]) -> Schedule:
    rule = draw(st.sampled_from(["daily", "weekdays", "month_days", "dates"]))
    content = {"plan": "p", "at": draw(times), "useful_for": draw(st.integers(*useful_minutes)) * MINUTE}
    if rule == "weekdays":
        names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        content[rule] = tuple(draw(st.lists(st.sampled_from(names), min_size=1, unique=True)))
    if rule == "month_days":
        content[rule] = tuple(draw(st.lists(st.integers(1, 31), min_size=1)))
    if rule == "dates":
        content[rule] = tuple(draw(st.lists(st.sampled_from(days), min_size=1)))
    return Schedule(**content)


@st.composite
def cuts(draw, where: World, most: int) -> list[datetime]:
    """The window cut anywhere, to the second."""
    length = int((where.end - where.begin).total_seconds())
    offsets = draw(st.lists(st.integers(0, length), max_size=most))
    return sorted({where.begin, where.end, *(where.begin + n * timedelta(seconds=1) for n in offsets)})


def run(schedule: Schedule, where: World, moments: list[datetime]) -> list[tuple[datetime, datetime]]:
    found = [
        occurrence
        for since, now in pairwise(moments)
        for occurrence in due([schedule], since=since, now=now, time_zone=where.zone)
    ]
    assert len({one.id_part for one in found}) == len(found)
    return [(one.at, one.local) for one in found]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_occurrence_comes_exactly_once_however_time_is_cut(data):
    where = data.draw(worlds)
    schedule = data.draw(schedules(where.days, (20_000, 30_000)))
    expected = where.expected(schedule)
    moments = set(data.draw(cuts(where, 40)))
    for (one, _), (following, _) in pairwise(expected):  # no two of them within one tick
        gap = int((following - one).total_seconds())
        moments.add(one + timedelta(seconds=data.draw(st.integers(0, gap - 1))))
    assert run(schedule, where, sorted(moments)) == expected


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_after_an_outage_only_the_latest_comes_and_only_while_useful(data):
    where = data.draw(worlds)
    schedule = data.draw(schedules(where.days, (10, 4000)))
    moments = data.draw(cuts(where, 12))
    expected = []
    for since, now in pairwise(moments):
        missed = [one for one in where.expected(schedule) if since < one[0] <= now]
        expected += [one for one in missed[-1:] if now - one[0] <= schedule.useful_for]
    assert run(schedule, where, moments) == expected


def starts(zone: str, at: str, since: str, now: str, **rule: object) -> list[str]:
    """What is due, as `local time -> UTC`."""
    schedule = Schedule(plan="daily", at=time.fromisoformat(at), **rule)
    begin, end = (datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (since, now))
    return [
        f"{one.id_part} -> {one.at:%d %H:%M}" for one in due([schedule], since=begin, now=end, time_zone=zone)
    ]


@pytest.mark.parametrize(
    ("zone", "at", "since", "now", "expected"),
    [
        ("Asia/Tokyo", "02:00", "2026-11-20T16:59", "2026-11-20T17:00", ["20261121T0200 -> 20 17:00"]),
        ("Asia/Tokyo", "02:00", "2026-11-20T17:00", "2026-11-20T17:05", []),
        ("America/New_York", "02:30", "2026-03-08T06:58", "2026-03-08T07:03", ["20260308T0230 -> 08 07:00"]),
        ("America/New_York", "02:30", "2026-03-08T07:03", "2026-03-09T06:29", []),
        ("America/New_York", "01:30", "2026-11-01T05:28", "2026-11-01T05:33", ["20261101T0130 -> 01 05:30"]),
        ("America/New_York", "01:30", "2026-11-01T05:33", "2026-11-01T07:00", []),
        (
            "Australia/Lord_Howe",
            "02:15",
            "2026-10-03T15:29",
            "2026-10-03T15:31",
            ["20261004T0215 -> 03 15:30"],
        ),
        ("Pacific/Apia", "02:00", "2011-12-30T09:59", "2011-12-30T10:01", ["20111230T0200 -> 30 10:00"]),
        ("Pacific/Apia", "02:00", "2011-12-30T10:01", "2011-12-30T12:01", ["20111231T0200 -> 30 12:00"]),
        ("Africa/Monrovia", "00:10", "1972-01-07T00:43", "1972-01-07T00:46", ["19720107T0010 -> 07 00:45"]),
        # Both midnights are the same moment, and one run is enough.
        ("Pacific/Apia", "00:00", "2011-12-30T09:59", "2011-12-30T10:01", ["20111231T0000 -> 30 10:00"]),
    ],
)
def test_known_moments(zone, at, since, now, expected):
    assert starts(zone, at, since, now) == expected


def test_a_month_without_that_day_is_skipped():
    found = [
        start
        for n in range(365 * 2 + 1)
        for start in starts(
            "UTC",
            "04:00",
            f"{date(2027, 1, 1) + n * DAY}",
            f"{date(2027, 1, 1) + (n + 1) * DAY}",
            month_days=(29, 31),
            useful_for=DAY,
        )
        if start[4:6] in {"02", "04", "12"}
    ]
    assert [start[:8] for start in found] == [
        *("20270429", "20271229", "20271231"),
        *("20280229", "20280429", "20281229", "20281231"),
    ]


def test_listed_dates_and_no_others():
    quarters = {"dates": (date(2027, 6, 15), date(2027, 3, 15), date(1, 1, 1), date(9999, 12, 31))}
    assert starts("America/New_York", "02:00", "2027-03-14T00:00", "2027-03-15T06:05", **quarters) == [
        "20270315T0200 -> 15 06:00"
    ]
    assert starts("America/New_York", "02:00", "2027-03-15T06:05", "2027-06-15T05:59", **quarters) == []
    assert starts("Asia/Tokyo", "02:00", "2027-01-01T00:00", "2027-03-01T00:00", **quarters) == []


def test_missed_while_down_runs_once_while_useful():
    late = {"useful_for": 6 * HOUR}
    assert starts("UTC", "02:00", "2026-11-18T00:00", "2026-11-21T08:00", **late) == [
        "20261121T0200 -> 21 02:00"
    ]
    assert starts("UTC", "02:00", "2026-11-18T00:00", "2026-11-21T08:01", **late) == []


def test_each_schedule_has_its_own_zone_and_its_parameters_and_the_earliest_comes_first():
    tokyo = Schedule(plan="daily", at=time(2))
    drill = Schedule(plan="drill", at=time(9), time_zone="America/New_York", parameters={"mode": "drill"})
    since = datetime(2026, 11, 20, 13, tzinfo=UTC)
    found = due([tokyo, drill], since=since, now=since + 5 * HOUR, time_zone="Asia/Tokyo")
    assert [(one.plan, one.id_part, one.parameters) for one in found] == [
        ("drill", "20261120T0900", {"mode": "drill"}),
        ("daily", "20261121T0200", {}),
    ]


def test_moments_in_other_offsets_mean_the_same():
    eastern = ZoneInfo("America/New_York")
    since = datetime(2026, 11, 20, 16, 59, tzinfo=UTC).astimezone(eastern)
    found = due([Schedule(plan="p", at=time(2))], since=since, now=since + 5 * MINUTE, time_zone="Asia/Tokyo")
    assert [one.at for one in found] == [datetime(2026, 11, 20, 17, tzinfo=UTC)]
    assert found[0].at.utcoffset() == timedelta(0)


def test_a_clock_that_went_back_starts_nothing_again():
    now = datetime(2026, 11, 20, 17, 2, tzinfo=UTC)
    assert due([Schedule(plan="p", at=time(2))], since=now + HOUR, now=now, time_zone="Asia/Tokyo") == ()


def test_naive_moments_are_refused():
    aware = datetime(2026, 11, 20, tzinfo=UTC)
    naive = aware.replace(tzinfo=None)
    for since, now in ((aware, naive), (naive, aware)):
        with pytest.raises(ValueError, match="aware"):
            due([], since=since, now=now, time_zone="UTC")


def test_a_century_of_outage_is_answered_at_once():
    begin = datetime(1950, 1, 1, tzinfo=UTC)
    found = due(
        [Schedule(plan="p", at=time(2), month_days=(31,), useful_for=400 * DAY)],
        since=begin,
        now=datetime(2026, 11, 21, tzinfo=UTC),
        time_zone="Europe/Berlin",
    )
    assert [one.id_part for one in found] == ["20261031T0200"]


class TestEvery:
    EVERY = Schedule(plan="canary", every=timedelta(minutes=5), useful_for=timedelta(minutes=10))

    def rounds(self, since: datetime, now: datetime) -> list[str]:
        return [one.id_part for one in due([self.EVERY], since=since, now=now, time_zone="Asia/Tokyo")]

    def test_each_round_comes_once(self):
        start = datetime(2026, 3, 1, 23, 50, 3, tzinfo=UTC)
        ticks = [start + timedelta(minutes=5 * n) for n in range(5)]
        found = [name for since, now in pairwise(ticks) for name in self.rounds(since, now)]
        assert found == ["20260301T2355Z", "20260302T0000Z", "20260302T0005Z", "20260302T0010Z"]

    def test_of_what_was_missed_only_the_latest_comes(self):
        now = datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
        assert self.rounds(now - timedelta(hours=5), now) == ["20260301T1200Z"]
        assert self.rounds(datetime(2026, 3, 1, 12, tzinfo=UTC), now) == []

    @pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
    def test_clocks_that_change_change_nothing(self, zone: str):
        start = datetime(2026, 10, 1, tzinfo=UTC)
        names: list[str] = []
        for n in range(12 * 24 * 45):
            since = start + timedelta(minutes=5 * n)
            found = due([self.EVERY], since=since, now=since + timedelta(minutes=5), time_zone=zone)
            names += [one.id_part for one in found]
        assert len(names) == len(set(names)) == 12 * 24 * 45
