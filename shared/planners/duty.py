"""Who is on duty when: working hours, holidays and rotations of a team, in its own time zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.importing import IMPORTING
from shared.model.duty import Duty
from shared.model.on_call import Calendar, Hours, OnCall, Override, Rotation, Team
from shared.planners.schedule import first_moment

_DAY = timedelta(days=1)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# How far ahead a team's hours are looked for; one that has none for a year counts as never there.
_HORIZON_DAYS = 366


def on_duty(on_call: OnCall, team: str, at: datetime) -> Duty:
    """Who of that team answers at that moment (aware), until when, and who takes over when. KeyError: no such team.

    `to` names somebody even outside working hours: whom a page reaches that cannot wait.
    """
    found = on_call.team(team)
    calendar = on_call.calendar(found.calendar)
    zone = ZoneInfo(calendar.time_zone)
    begins, ends = _presence(calendar, found.hours, at, zone)
    to, why = _whose_turn(found, at, zone)
    handover, then = _next_change(found, to, at, zone)
    present = begins is not None and begins <= at
    return Duty(
        team=team,
        on_duty=present,
        to=to,
        begins=at.astimezone(UTC) if present else begins,
        ends=ends if present else None,
        handover=handover,
        then=then,
        why=why,
    )


def next_business_day(calendar: Calendar, at: datetime) -> datetime:
    """When (UTC) work begins on the first business day after the local day of `at`."""
    zone = ZoneInfo(calendar.time_zone)
    day = _after_business_days(calendar, at.astimezone(zone).date(), 1)
    return first_moment(datetime.combine(day, calendar.business.start), zone)


def business_days_later(calendar: Calendar, at: datetime, days: int) -> datetime:
    """The same local time that many business days later (UTC); what comes on a day off counts from the next morning."""
    zone = ZoneInfo(calendar.time_zone)
    local = at.astimezone(zone).replace(tzinfo=None)
    if not _works(calendar, calendar.business, local.date()):
        local = datetime.combine(_after_business_days(calendar, local.date(), 1), calendar.business.start)
    day = _after_business_days(calendar, local.date(), days)
    whole = local.replace(second=0, microsecond=0)  # `first_moment` knows minutes
    return first_moment(datetime.combine(day, whole.time()), zone) + (local - whole)


def holiday(calendar: Calendar, day: date) -> str:
    """The name of that day's holiday, or nothing."""
    own = next((one.name for one in calendar.own if one.date == day), "")
    if own or calendar.country is None:
        return own
    return _public(calendar.country, calendar.subdivision, day.year).get(day, "")


@lru_cache(maxsize=64)
def _public(country: str, subdivision: str | None, year: int) -> dict[date, str]:
    with IMPORTING:
        import holidays.countries  # noqa: PLC0415 - half a second, and only who routes an incident needs it

    return dict(getattr(holidays.countries, country)(subdiv=subdivision, years=year).items())


def _after_business_days(calendar: Calendar, day: date, count: int) -> date:
    for _ in range(_HORIZON_DAYS):
        day += _DAY
        if _works(calendar, calendar.business, day):
            count -= 1
        if count <= 0:
            return day
    return day


def _works(calendar: Calendar, hours: Hours, day: date) -> bool:
    if _WEEKDAYS[day.weekday()] not in hours.weekdays:
        return False
    return hours.on_holidays or not holiday(calendar, day)


def _presence(
    calendar: Calendar, hours: Hours | None, at: datetime, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """The working time (UTC) that `at` lies in, or else the next one; no ends where it has none."""
    if hours is None:
        return at.astimezone(UTC), None
    for begins, ends in _working_times(calendar, hours, at.astimezone(zone).date() - _DAY, zone):
        if ends > at:
            return begins, ends
    return None, None


def _working_times(
    calendar: Calendar, hours: Hours, since: date, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    for ahead in range(_HORIZON_DAYS):
        day = since + ahead * _DAY
        if not _works(calendar, hours, day):
            continue
        last = day if hours.end > hours.start else day + _DAY
        begins = first_moment(datetime.combine(day, hours.start), zone)
        ends = first_moment(datetime.combine(last, hours.end), zone)
        if ends > begins:  # clocks that go forward can swallow a short one whole
            yield begins, ends


def _whose_turn(team: Team, at: datetime, zone: ZoneInfo) -> tuple[tuple[str, ...], str]:
    """The addresses that reach the team at that moment, and why those."""
    turn = _turn(team.rotation, at, zone) if team.rotation else None
    for one in team.overrides:
        if _holds(one, at, zone) and one.instead_of in {None, turn}:
            instead = one.instead_of or turn
            return (one.who,), f"{one.who} stands in for {instead}" if instead else f"{one.who} stands in"
    if turn is None:
        return (team.mail,), ""
    return (turn,), f"it is {turn}'s turn"


def _holds(override: Override, at: datetime, zone: ZoneInfo) -> bool:
    return first_moment(override.begins, zone) <= at < first_moment(override.ends, zone)


def _turn(rotation: Rotation, at: datetime, zone: ZoneInfo) -> str:
    return rotation.people[_turns(rotation, at, zone) % len(rotation.people)]


def _next_change(
    team: Team, now: tuple[str, ...], at: datetime, zone: ZoneInfo
) -> tuple[datetime | None, str]:
    """When somebody else takes over, and who: at the next turn, or where somebody begins or ends to stand in."""
    edges = [first_moment(edge, zone) for one in team.overrides for edge in (one.begins, one.ends)]
    turns: list[datetime] = []
    if (rotation := team.rotation) is not None:
        count = _turns(rotation, at, zone)
        turns = [_handover(rotation, count + ahead, zone) for ahead in range(1, len(rotation.people) + 1)]
    for moment in sorted(edge for edge in (*edges, *turns) if edge > at):
        to, _ = _whose_turn(team, moment, zone)
        if to != now:
            return moment, to[0]
    return None, ""


def _turns(rotation: Rotation, at: datetime, zone: ZoneInfo) -> int:
    """How many handovers lie between the first one and that moment; negative before it, so no time is uncovered."""
    length = 7 if rotation.every == "week" else 1
    count = (at.astimezone(zone).date() - rotation.starts).days // length
    while _handover(rotation, count, zone) > at:
        count -= 1
    while _handover(rotation, count + 1, zone) <= at:
        count += 1
    return count


def _handover(rotation: Rotation, count: int, zone: ZoneInfo) -> datetime:
    days = count * (7 if rotation.every == "week" else 1)
    return first_moment(datetime.combine(rotation.starts + days * _DAY, rotation.handover), zone)
