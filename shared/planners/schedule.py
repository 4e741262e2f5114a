"""What the clock says to start: each local time of a schedule once, whatever the clocks of its zone do."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from shared.model.estate import Schedule
from shared.model.wire import Frozen

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_EARLIEST = date(1900, 1, 1)  # near year 1 a local time may have no moment at all
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Occurrence(Frozen):
    """One local time of a schedule, and the moment (UTC) that it means.

    `local` and `id_part` are what the schedule says, also where the clocks skip it: that makes them unique.
    """

    plan: str
    local: datetime
    at: datetime
    id_part: str
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])


def due(
    schedules: Iterable[Schedule], *, since: datetime, now: datetime, time_zone: str
) -> tuple[Occurrence, ...]:
    """What to start for the time after `since` up to and with `now` (both aware), oldest first.

    A local time that the clocks skip counts at the next minute that exists, one that comes twice the first
    time. Of each schedule at most the latest is returned, and only while it is still useful: after an outage
    of the app nothing is caught up on twice. `time_zone` is the estate's; a schedule may have its own.
    """
    if since.tzinfo is None or now.tzinfo is None:
        raise ValueError(
            "since and now must be aware datetimes: a naive one would be taken for some local time"
        )
    found = (
        _latest(schedule, since, now, ZoneInfo(schedule.time_zone or time_zone)) for schedule in schedules
    )
    return tuple(sorted((one for one in found if one), key=lambda one: one.at))


def _latest(schedule: Schedule, since: datetime, now: datetime, zone: ZoneInfo) -> Occurrence | None:
    if schedule.every is not None:
        return _latest_round(schedule, schedule.every, since, now)
    if schedule.at is None:
        return None
    for day in _days_back(schedule, now.astimezone(zone).date()):
        local = datetime.combine(day, schedule.at)
        moment = first_moment(local, zone)
        if moment > now:
            continue
        if moment <= since or now - moment > schedule.useful_for:
            return None  # moments only get older from here
        return Occurrence(
            plan=schedule.plan,
            local=local,
            at=moment,
            id_part=f"{local:%Y%m%dT%H%M}",
            parameters=schedule.parameters,
        )
    return None


def _latest_round(schedule: Schedule, every: timedelta, since: datetime, now: datetime) -> Occurrence | None:
    """Rounds begin at midnight UTC and know no daylight saving, so that each has a name of its own."""
    utc = now.astimezone(UTC)
    midnight = utc.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight + (utc - midnight) // every * every
    if moment <= since or now - moment > schedule.useful_for:
        return None
    return Occurrence(
        plan=schedule.plan,
        local=moment.replace(tzinfo=None),
        at=moment,
        id_part=f"{moment:%Y%m%dT%H%MZ}",
        parameters=schedule.parameters,
    )


def _days_back(schedule: Schedule, today: date) -> Iterator[date]:
    """The schedule's days, latest first, from the one after today: clocks may go back over midnight."""
    latest = today + _DAY
    if schedule.dates:
        yield from sorted((day for day in set(schedule.dates) if _EARLIEST <= day <= latest), reverse=True)
        return
    for back in range((latest - _EARLIEST).days):
        day = latest - back * _DAY
        if schedule.month_days and day.day not in schedule.month_days:
            continue  # so a month without a 31st has no occurrence for it
        if schedule.weekdays and _WEEKDAYS[day.weekday()] not in schedule.weekdays:
            continue
        yield day


def first_moment(local: datetime, zone: ZoneInfo) -> datetime:
    """When (UTC) that local minute first comes or, where the clocks skip it, the next one that exists."""
    before = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if before.astimezone(zone).replace(tzinfo=None) == local:
        return before
    # Skipped. Read with the old offset it lies after the change, with the new offset before it.
    low, high = local.replace(tzinfo=zone, fold=1).astimezone(UTC), before
    offset = high.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    change = high.astimezone(zone)
    return high + (_MINUTE - timedelta(seconds=change.second)) % _MINUTE
