"""Lets a tenant in again that was turned away."""

from shared.actions.action import Call, action
from shared.actions.tenant_gate import GateParams, proven_at_the_gate, turn_away
from shared.model.outcome import Outcome, Pending


class Params(GateParams):
    """Who is let in again, and where."""


@action(changes=True)
def lift_tenant_isolation(params: Params, call: Call) -> Outcome | Pending:
    """Takes a tenant off the list of those that the platform turns away, and proves that it is served."""
    changed = turn_away(params, call, away=False)
    summary = f"tenant {params.tenant} is let in again"
    return proven_at_the_gate(params, call, away=False, summary=summary, changed=changed)
