"""Verifies that endpoints answer again."""

from shared.actions.action import Call, action
from shared.actions.proof import Healthy, Proof, proven
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """What must answer, how often in a row, and within which time."""

    proof: Proof


@action(changes=False)
def verify_endpoint_health(params: Params, call: Call) -> Outcome | Pending:
    """Probes endpoints until each has answered well so many times in a row; fails when they do not in time."""
    urls = [one.url for one in params.proof.conditions if isinstance(one, Healthy)]
    return proven(params.proof, call, Outcome(summary=f"probed {', '.join(urls)}", evidence={"urls": urls}))
