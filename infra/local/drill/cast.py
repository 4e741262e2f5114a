"""Who plays whom in a drill: one person starts, others agree."""

from dataclasses import dataclass

from infra.local.drill.failures import DrillFailed
from shared.model.estate import Estate, Person, Role


@dataclass(frozen=True)
class Cast:
    """The mail addresses of who starts and of who approves."""

    starter: str
    approvers: tuple[str, ...]


def cast_for(estate: Estate, approvers: list[str], required: int) -> Cast:
    """Pick an operator, preferably one who could not approve, and as many approvers as are required."""
    operators = [person for person in estate.people if Role.OPERATOR in person.roles]
    if not operators:
        raise DrillFailed("the estate names no Operator, so nobody can start a plan")
    starter = next((person for person in operators if Role.APPROVER not in person.roles), operators[0])
    agreeing = [
        mail for mail in approvers if mail != starter.mail and _may_approve(estate.person_by_mail(mail))
    ]
    if len(agreeing) < required:
        raise DrillFailed(
            f"{required} approvals are required, and the estate names {len(agreeing)} approvers"
        )
    return Cast(starter.mail, tuple(agreeing[:required]))


def _may_approve(person: Person | None) -> bool:
    return person is not None and Role.APPROVER in person.roles
