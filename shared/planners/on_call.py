"""Whom an incident reaches and when: the rungs of its escalation policy as moments, with who is on duty then."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from shared.model.duty import Duty, Rung
from shared.model.on_call import Calendar, Level, OnCall
from shared.model.severity import Severity
from shared.planners.duty import business_days_later, next_business_day, on_duty

__all__ = ["Rung", "on_duty", "route"]

# What cannot wait for somebody's working hours.
URGENT = frozenset({Severity.CRITICAL, Severity.HIGH})


def route(
    on_call: OnCall, policy: str | None, severity: Severity, opened_at: datetime, *, rule: str = ""
) -> tuple[Rung, ...]:
    """Every rung of an incident that opened at that moment (aware), in the order in which they come.

    Medium and low wait for a team's working hours; critical and high do not: a team that is off duty is passed
    over for the next one at once, and the last one is paged whatever the hour. `rule` adds the owners of that
    alert rule at level 0.
    """
    if opened_at.tzinfo is None:
        raise ValueError(
            "opened_at must be an aware datetime: a naive one would be taken for some local time"
        )
    opened = opened_at.astimezone(UTC)
    return (*_owners(on_call, rule, opened), *_ladder(on_call, policy, severity, opened))


def _owners(on_call: OnCall, rule: str, at: datetime) -> Iterator[Rung]:
    for owner in on_call.owners:
        if owner.alert_rule.lower() != rule.lower():
            continue
        told = set[str]()
        for i, name in enumerate(owner.teams):
            team = on_call.team(name)
            channels = dict.fromkeys((*(owner.channels if i == 0 else ()), *team.channels))
            yield Rung(
                level=0,
                team=name,
                due_at=at,
                to=on_duty(on_call, name, at).to,
                channels=tuple(one for one in channels if one not in told),
                why=f"{team.title} owns {owner.alert_rule}, and is told at once",
            )
            told |= channels.keys()


def _ladder(on_call: OnCall, name: str | None, severity: Severity, opened: datetime) -> Iterator[Rung]:
    policy = on_call.policy(name)
    levels = policy.ladder(severity)
    calendar = on_call.calendar(policy.calendar)
    promise = opened + policy.respond_within[severity] if severity in policy.respond_within else None
    due = opened
    passed: list[str] = []
    before, together = "", False
    for number, level in enumerate(levels, 1):
        team = on_call.team(level.team)
        asked = due
        if level.begins == "next_business_day":
            due = max(due, next_business_day(calendar, opened))
        duty = on_duty(on_call, level.team, due)
        why = _why_now(severity, before, together=together, postponed=due > asked)
        if not duty.on_duty:
            last = number == len(levels)
            off = f"{team.title} is off duty {_until(on_call, duty)}"
            if severity in URGENT and not last:
                passed.append(f"{off}, and {severity} does not wait")
                continue
            if severity in URGENT or duty.begins is None:
                why += f"; {off}, but nobody is left above, so it is paged all the same"
            else:
                due = duty.begins
                duty = on_duty(on_call, level.team, due)
                why += f"; {off}, and {severity} waits for its hours"
        following = _following(calendar, level, due)
        by = [moment for moment in (following, promise) if moment and moment > due]
        yield Rung(
            level=number,
            team=level.team,
            due_at=due,
            to=duty.to,
            channels=team.channels,
            why="; ".join([*passed, why, *([duty.why] if duty.why else [])]),
            respond_by=min(by, default=None),
        )
        passed, before, together = [], team.title, following is None
        due = following or due


def _why_now(severity: Severity, before: str, *, together: bool, postponed: bool) -> str:
    if postponed:
        return f"{severity} is for the next business day"
    if not before:
        return f"{severity} begins here"
    if together:
        return f"told together with {before}"
    return f"told after {before}, unless somebody has acknowledged"


def _following(calendar: Calendar, level: Level, due: datetime) -> datetime | None:
    """When the next rung is told; None: at the same time."""
    if level.within_business_days is not None:
        return business_days_later(calendar, due, level.within_business_days)
    return due + level.within if level.within is not None else None


def _until(on_call: OnCall, duty: Duty) -> str:
    if duty.begins is None:
        return "for the whole year ahead"
    zone = on_call.calendar(on_call.team(duty.team).calendar).time_zone
    return f"until {duty.begins.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} ({zone})"
