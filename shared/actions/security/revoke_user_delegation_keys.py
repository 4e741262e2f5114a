"""Makes addresses void that were signed for a storage account."""

from shared.actions.action import Call, action
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The storage account."""

    service: str
    account_id: str


@action(changes=True)
def revoke_user_delegation_keys(params: Params, call: Call) -> Outcome | Pending:
    """Revokes the user delegation keys of a storage account, and with them every address that was signed with one.

    Azure does not tell whether it was done, and takes no key of ours. Done again it makes void what was signed in
    between, which an intruder may have signed too: so at least once is what is wanted.
    """
    call.azure.account_keys.revoke_user_delegation_keys(params.account_id)
    return Outcome(summary=f"{params.service}: addresses signed before now no longer open", changed=True)
