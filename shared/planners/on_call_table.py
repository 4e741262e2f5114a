"""Who is on duty at a moment in every team, and whom an incident that opens then would reach, as one table."""

from datetime import datetime

from shared.model.estate import Estate
from shared.model.on_call import OnCall
from shared.model.severity import Severity
from shared.model.wire import Frozen
from shared.planners.duty import Duty, on_duty
from shared.planners.on_call import Rung, route

_SHOWN = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


class TeamNow(Frozen):
    """One team at that moment."""

    name: str
    title: str
    mail: str
    time_zone: str
    channels: tuple[str, ...]
    duty: Duty


class Ladder(Frozen):
    """What an incident of one severity that opens at that moment goes through."""

    severity: Severity
    rungs: tuple[Rung, ...]


class PolicyNow(Frozen):
    """One policy at that moment, with the services that chose it."""

    name: str
    title: str
    services: tuple[str, ...]
    ladders: tuple[Ladder, ...]


class Table(Frozen):
    """Everything that the page shows."""

    at: datetime
    teams: tuple[TeamNow, ...]
    policies: tuple[PolicyNow, ...]


def table(estate: Estate, on_call: OnCall, at: datetime) -> Table:
    """The table for that moment (aware)."""
    chosen = {service.name: on_call.policy(service.on_call).name for service in estate.services}
    return Table(
        at=at,
        teams=tuple(
            TeamNow(
                name=team.name,
                title=team.title,
                mail=team.mail,
                time_zone=on_call.calendar(team.calendar).time_zone,
                channels=team.channels,
                duty=on_duty(on_call, team.name, at),
            )
            for team in on_call.teams
        ),
        policies=tuple(
            PolicyNow(
                name=policy.name,
                title=policy.title,
                services=tuple(name for name, policy_name in chosen.items() if policy_name == policy.name),
                ladders=tuple(
                    Ladder(severity=severity, rungs=route(on_call, policy.name, severity, at))
                    for severity in _SHOWN
                ),
            )
            for policy in on_call.policies
        ),
    )
