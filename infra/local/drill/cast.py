"""Who plays whom in a drill: one person starts, others agree."""

from dataclasses import dataclass

from infra.local.drill.failures import DrillFailed
from shared.model.estate import Estate, Person, Role


@dataclass(frozen=True)
class Cast:
    """The mail addresses of who starts and of who approves."""

    starter: str
    approvers: tuple[str, ...]


def cast_for(estate: Estate, approvers: list[str], required: int, duty: str = "") -> Cast:
    """Pick an operator (with that duty, if one is named) and as many approvers as are required.

    One who could not approve is preferred, because whoever starts a run does not count as its approver.
    """
    operators = [
        person
        for person in estate.people
        if Role.OPERATOR in person.roles and (not duty or duty in person.duties)
    ]
    if not operators:
        whom = f"Operator with the duty {duty}" if duty else "Operator"
        raise DrillFailed(f"the estate names no {whom}, so nobody can start the plan")
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
