"""Holds a drill that would not fit into its window any more."""

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.model.estate import Drills
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen
from shared.planners.drill_window import refusal, window_at


class Params(Frozen):
    """When drills may be held, as the estate had it when the run was asked for."""

    drills: Drills


@action(changes=False)
def check_drill_window(params: Params, call: Call) -> Outcome | Pending:
    """Fails outside the window that the change advisory board approved: approvals may have come late."""
    window = window_at(params.drills, call.now)
    if (why := refusal(params.drills, call.now)) or window is None:
        raise CheckFailed(why or "no drill window is open")
    left = window.ends - call.now
    return Outcome(
        summary=f"within the window of {window.told}, approved by {window.approved_by}; "
        f"{int(left.total_seconds() // 60)} min are left",
        evidence={"change": window.change, "closes_at": window.ends.isoformat()},
    )
