"""Ends the sessions of people whose credentials were taken, and blocks their sign-in."""

from typing import Any

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """Object ids; those of service principals have no sessions and are passed over."""

    principals: tuple[str, ...]


def observe(params: Params, call: Call) -> dict[str, Any]:
    """Since when the sessions of each user were good, before anything is done."""
    users = (call.azure.graph.user(one) for one in params.principals)
    return {"valid_from": {user.id.lower(): user.sessions_valid_from for user in users if user}}


@action(changes=True, observe=observe)
def revoke_sessions(params: Params, call: Call) -> Outcome | Pending:
    """Blocks sign-in of the compromised users and makes every session void that was opened before now.

    Revoking takes no key, so it is done only while a user's sessions are still good since the moment that was
    observed. Identities that the estate keeps are refused before anything is touched.
    """
    refuse_kept(params.principals, call)
    valid_from: dict[str, str] = call.before.get("valid_from", {})
    changed: list[str] = []
    for principal in params.principals:
        user = call.azure.graph.user(principal)
        if user is None:
            continue
        if user.enabled:
            call.azure.graph.disable(user.id)
            changed.append(user.mail)
        if user.sessions_valid_from == valid_from.get(user.id.lower()):
            call.azure.graph.revoke_sessions(user.id)
            changed.append(user.mail)
    for principal in params.principals:
        after = call.azure.graph.user(principal)
        if after is not None and after.enabled:
            raise CheckFailed(f"{after.mail} can still sign in after it was blocked", retryable=True)
    people = sorted(set(changed))
    return Outcome(
        summary=f"{len(valid_from)} users can no longer sign in, and their sessions are void",
        changed=bool(people),
        evidence={"users": people},
    )


def refuse_kept(principals: tuple[str, ...], call: Call) -> None:
    """CheckFailed when one of them must keep its access, whatever a plan says."""
    security = call.estate.security
    for principal in principals:
        if security is not None and (why := security.keeps(principal)):
            raise CheckFailed(
                f"{principal} is {why}, which the estate keeps: nobody is locked out, nothing was done"
            )
