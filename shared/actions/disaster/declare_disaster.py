"""Holds a run until somebody whose duty it is has declared the disaster."""

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode
from shared.model.run import RunRecord
from shared.model.wire import Frozen


class Params(Frozen):
    """Whose duty it is to declare, as the estate's people have it."""

    duty: str


@action(changes=False, wants_record=True)
def declare_disaster(params: Params, call: Call) -> Outcome | Pending:
    """Reads from the run who has declared the disaster: its requester or an approver must hold the duty.

    People are known by tenant and object id, never by name. A drill needs no declaration.
    """
    if call.mode is Mode.DRILL:
        return Outcome(summary=f"a drill needs no declaration of the {params.duty}")
    record = call.record
    if record is None:
        raise CheckFailed("there is no record to read a declaration from")
    for identity, reason, how in _agreed(record):
        person = call.estate.person(identity)
        if person is not None and params.duty in person.duties:
            return Outcome(
                summary=f"{person.name} ({params.duty}) has declared the disaster: {reason}",
                evidence={"declared_by": person.mail, "identity": person.id, "as": how, "reason": reason},
            )
    if len(record.approvals) < record.approvals_required:
        return Outcome(summary=f"the {params.duty} declares the disaster by approving the run")
    holders = ", ".join(person.mail for person in call.estate.people if params.duty in person.duties)
    raise CheckFailed(
        f"nobody with the duty {params.duty} has declared the disaster: abort, and let {holders or 'one of them'} "
        "start the plan or be among its approvers"
    )


def _agreed(record: RunRecord) -> list[tuple[str, str, str]]:
    """Identity, reason and part of everybody who wants the run."""
    approvers = [
        (approval.approver_id.lower(), approval.reason, "approver")
        for approval in record.approvals
        if approval.decision == "approve"
    ]
    return [(record.requester_id.lower(), record.reason, "requester"), *approvers]
