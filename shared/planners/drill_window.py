"""When a drill may run: the windows that the change advisory board has approved, as moments in UTC."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.model.estate import Drills, Schedule
from shared.model.wire import Frozen
from shared.planners.schedule import first_moment

PLAN = "dr_drill"
_LEAST_USEFUL = timedelta(minutes=10)


class Window(Frozen):
    """One approved window, from `begins` up to `ends` (UTC), as `local` time of its zone."""

    begins: datetime
    ends: datetime
    local: datetime
    time_zone: str
    change: str
    approved_by: str

    @property
    def told(self) -> str:
        """For people: `2027-03-15 02:00 (America/New_York), CHG-02701`."""
        return f"{self.local:%Y-%m-%d %H:%M} ({self.time_zone}), {self.change}"


def windows(drills: Drills) -> tuple[Window, ...]:
    """Every approved window, the earliest first."""
    zone = ZoneInfo(drills.time_zone)
    found: list[Window] = []
    for one in drills.dates:
        if one.approved_by is None:
            continue
        local = datetime.combine(one.date, drills.start)
        begins = first_moment(local, zone)
        found.append(
            Window(
                begins=begins,
                ends=begins + drills.length,
                local=local,
                time_zone=drills.time_zone,
                change=one.change,
                approved_by=one.approved_by,
            )
        )
    return tuple(sorted(found, key=lambda window: window.begins))


def window_at(drills: Drills, now: datetime) -> Window | None:
    """The window that is open at that moment (aware), if one is."""
    return next((window for window in windows(drills) if window.begins <= now < window.ends), None)


def next_window(drills: Drills, now: datetime) -> Window | None:
    """The next one that opens after that moment."""
    return next((window for window in windows(drills) if window.begins > now), None)


def refusal(drills: Drills, now: datetime) -> str:
    """Why no drill may begin now, with when one may; empty when one may."""
    window, following = window_at(drills, now), next_window(drills, now)
    later = f"the next window opens at {following.told}" if following else _none_left(drills, now)
    if window is None:
        return f"no drill window is open: {later}"
    left = window.ends - now
    if left < drills.takes:
        return (
            f"the window of {window.told} closes in {_minutes(left)} min, and a drill takes "
            f"{_minutes(drills.takes)}: {later}"
        )
    return ""


def drill_schedules(drills: Drills) -> tuple[Schedule, ...]:
    """What the clock starts: one drill at the beginning of each approved window, while there is time for it."""
    days = tuple(one.date for one in drills.dates if one.approved_by is not None)
    if not days:
        return ()
    return (
        Schedule(
            plan=PLAN,
            at=drills.start,
            dates=days,
            time_zone=drills.time_zone,
            useful_for=max(drills.length - drills.takes, _LEAST_USEFUL),
        ),
    )


def _none_left(drills: Drills, now: datetime) -> str:
    zone = ZoneInfo(drills.time_zone)
    waiting = [
        one for one in drills.dates if one.approved_by is None and one.date >= now.astimezone(zone).date()
    ]
    if not waiting:
        return "the estate has no further date; add one with its change number"
    first = min(waiting, key=lambda one: one.date)
    return f"that of {first.date} waits for the approval of {first.change}"


def _minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)
