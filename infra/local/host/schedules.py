"""Schedules of timer triggers: NCRONTAB with six fields, or a time span; UTC; pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from croniter import CroniterBadCronError, croniter

_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})")


class ScheduleInvalid(ValueError):  # noqa: N818 - named for what happened
    """Neither an NCRONTAB expression nor a time span."""


class Schedule(Protocol):
    """When a timer is due."""

    def after(self, moment: datetime) -> datetime:
        """The first time after `moment`."""
        ...


@dataclass(frozen=True, slots=True)
class Cron:
    """`{second} {minute} {hour} {day} {month} {day-of-week}`."""

    expression: str

    def after(self, moment: datetime) -> datetime:
        # croniter leaves out what is less than a second; the next whole second is always later.
        found: datetime = croniter(
            self.expression, moment.astimezone(UTC), second_at_beginning=True
        ).get_next(datetime)
        return found


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed span after the last time."""

    span: timedelta

    def after(self, moment: datetime) -> datetime:
        return moment + self.span


def parse(expression: str) -> Schedule:
    """Read a schedule; five fields get a second of zero, as the Functions host allows."""
    expression = expression.strip()
    span = _SPAN.fullmatch(expression)
    if span is not None:
        days, hours, minutes, secs = (int(each or 0) for each in span.groups())
        length = timedelta(days=days, hours=hours, minutes=minutes, seconds=secs)
        if not length:
            raise ScheduleInvalid(f"The time span '{expression}' is empty.")
        return Every(length)
    fields = expression.split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6:
        raise ScheduleInvalid(f"'{expression}' is not an NCRONTAB expression of six fields.")
    normal = " ".join(fields)
    try:
        croniter(normal, second_at_beginning=True)
    except (CroniterBadCronError, ValueError) as error:
        raise ScheduleInvalid(f"'{expression}' is not an NCRONTAB expression: {error}.") from None
    return Cron(normal)
