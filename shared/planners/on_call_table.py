"""Who is on duty at a moment in every team, and whom an incident that opens then would reach, as one table."""

from datetime import datetime

from shared.model.duty import Ladder, PolicyNow, Table, TeamNow
from shared.model.estate import Estate
from shared.model.on_call import OnCall
from shared.model.severity import Severity
from shared.planners.duty import on_duty
from shared.planners.on_call import route

_SHOWN = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


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
