"""The on-call page: who answers now, when that changes, and whom an incident would reach."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.model.duty import Duty, PolicyNow, Rung, Table, TeamNow
from shared.reports.rendering import style, templates
from shared.reports.wording import Clock, duration, line


@dataclass(frozen=True)
class TeamLine:
    """One team in words."""

    title: str
    on_duty: bool
    who: str
    until: str
    then: str
    channels: str


@dataclass(frozen=True)
class RungLine:
    """One rung in words; `rows` is how many rungs its severity has, on the first of them."""

    severity: str
    rows: int
    when: str
    team: str
    who: str
    why: str


@dataclass(frozen=True)
class PolicyPart:
    """One policy in words."""

    name: str
    title: str
    services: str
    rungs: tuple[RungLine, ...]


def page(found: Table, *, time_zone: str, asked: bool) -> str:
    """Plain HTML, no scripts, nothing external. `asked`: for another time than now. Times in `time_zone`."""
    clock = Clock.of(time_zone, found.at)
    local = found.at.astimezone(ZoneInfo(time_zone))
    return (
        templates()
        .get_template("on_call.html")
        .render(
            asked=asked,
            at=_minute(clock, found.at),
            local=f"{local:%Y-%m-%dT%H:%M}",
            zone=clock.name,
            teams=[_team(clock, team) for team in found.teams],
            policies=[_policy(clock, found, policy) for policy in found.policies],
            style=style(),
        )
    )


def _team(clock: Clock, team: TeamNow) -> TeamLine:
    duty = team.duty
    return TeamLine(
        title=line(team.title),
        on_duty=duty.on_duty,
        who=", ".join(duty.to),
        until=_until(clock, duty),
        then=f"{duty.then} from {_minute(clock, duty.handover)}" if duty.handover and duty.then else "",
        channels=", ".join(team.channels),
    )


def _until(clock: Clock, duty: Duty) -> str:
    if duty.on_duty:
        return f"until {_minute(clock, duty.ends)}" if duty.ends else "around the clock"
    return f"back {_minute(clock, duty.begins)}" if duty.begins else "not within a year"


def _policy(clock: Clock, found: Table, policy: PolicyNow) -> PolicyPart:
    titles = {team.name: line(team.title) for team in found.teams}
    rungs = tuple(
        RungLine(
            severity=ladder.severity,
            rows=len(ladder.rungs) if i == 0 else 0,
            when=_when(clock, found.at, rung),
            team=titles[rung.team],
            who=", ".join(rung.to),
            why=line(rung.why),
        )
        for ladder in policy.ladders
        for i, rung in enumerate(ladder.rungs)
    )
    return PolicyPart(policy.name, line(policy.title), ", ".join(policy.services), rungs)


def _when(clock: Clock, opened: datetime, rung: Rung) -> str:
    after = (rung.due_at - opened).total_seconds()
    if after <= 0:
        return "at once"
    return f"after {duration(after)}" if after < 86_400 else _minute(clock, rung.due_at)


def _minute(clock: Clock, at: datetime) -> str:
    local = at.astimezone(clock.zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"
