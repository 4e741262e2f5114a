"""Verifies by what is logged that a remediation helped."""

from shared.actions.action import Call, action
from shared.actions.proof import Proof, proven
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """What the logs and metrics must say, and within which time."""

    what: str
    proof: Proof


@action(changes=False)
def verify_logs(params: Params, call: Call) -> Outcome | Pending:
    """Asks logs and metrics until they say that all is well again; fails when they do not in time."""
    return proven(params.proof, call, Outcome(summary=params.what))
