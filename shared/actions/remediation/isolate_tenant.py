"""Turns a tenant away at the platform's gate."""

from shared.actions.action import Call, action
from shared.actions.security.preserve_evidence import kept_evidence
from shared.actions.tenant_gate import GateParams, proven_at_the_gate, turn_away
from shared.model.outcome import Outcome, Pending


class Params(GateParams):
    """`evidence_container` is where evidence must have been kept before, in the records account."""

    evidence_container: str


@action(changes=True)
def isolate_tenant(params: Params, call: Call) -> Outcome | Pending:
    """Puts a tenant on the list of those that the platform turns away, in every region, and proves that it does.

    Nothing is restarted and no other tenant notices. Without evidence kept by this run nothing is changed.
    """
    kept_evidence(call, params.evidence_container)
    changed = turn_away(params, call, away=True)
    summary = f"tenant {params.tenant} is isolated: the platform answers it 403"
    return proven_at_the_gate(params, call, away=True, summary=summary, changed=changed)
