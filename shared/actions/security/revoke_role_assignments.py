"""Takes away what compromised identities may do in Azure."""

from datetime import datetime

from shared.actions.action import Call, action
from shared.actions.security.revoke_sessions import refuse_kept
from shared.gateways.authorization import RoleAssignment
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """Object ids of users and service principals, and since when they are not their owners' alone."""

    principals: tuple[str, ...]
    since: datetime | None = None


@action(changes=True)
def revoke_role_assignments(params: Params, call: Call) -> Outcome | Pending:
    """Deletes every role assignment of the compromised identities, and those that they gave to others since then.

    What they gave away matters as much: an intruder makes a service principal of its own first. Assignments of
    identities that the estate keeps stay, whoever made them. All of them lie in the evidence.
    """
    refuse_kept(params.principals, call)
    found = compromised(params.principals, params.since, call)
    if not found:
        removed: list[str] = call.progress.get("removed", [])
        return Outcome(
            summary=f"no role is left to {len(params.principals)} compromised identities",
            changed=bool(removed),
            evidence={"removed": removed},
        )
    for one in found:
        call.azure.authorization.delete(one)
    removed = sorted({*call.progress.get("removed", []), *(one.id for one in found)})
    if call.azure.connection.preview is not None:
        return Outcome(summary=f"{len(removed)} role assignments taken away", changed=True)
    return call.waiting_for(None, f"{len(found)} role assignments are being taken away", removed=removed)


def compromised(
    principals: tuple[str, ...], since: datetime | None, call: Call
) -> tuple[RoleAssignment, ...]:
    """The role assignments that are the intruder's, and none of an identity that the estate keeps."""
    theirs = {one.lower() for one in principals}
    security = call.estate.security
    return tuple(
        one
        for one in call.azure.authorization.assignments()
        if (one.principal in theirs or _given(one, theirs, since))
        and not (security and security.keeps(one.principal))
    )


def _given(one: RoleAssignment, theirs: set[str], since: datetime | None) -> bool:
    return bool(since and one.created_on and one.created_on >= since and one.created_by in theirs)
