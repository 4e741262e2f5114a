"""What proves that a remediation helped: looked at before it acts, and after it until it holds or the time is up.

A ladder ends with the first rung that helped, so each rung is one step: it acts, and proves by itself.
"""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from shared.actions.action import Call
from shared.errors import CheckFailed
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Healthy(Frozen):
    """An address that answers 200, as a probe sees it."""

    kind: Literal["healthy"] = "healthy"
    url: str
    timeout: float = Field(default=30.0, gt=0)

    def broken(self, call: Call) -> str:
        """Why it does not hold, or nothing."""
        answer = call.azure.probe(self.url, timeout=self.timeout)
        if answer.healthy:
            return ""
        return f"{self.url} answers {answer.status or 'nothing'} {answer.detail}".strip()


Condition = Healthy


class Proof(Frozen):
    """What must hold: all of it, as often in a row as said, within a time after the action has taken effect."""

    conditions: tuple[Condition, ...] = Field(min_length=1)
    in_a_row: int = Field(default=2, ge=1)
    every: timedelta = timedelta(seconds=15)
    within: timedelta = timedelta(minutes=5)

    def broken(self, call: Call) -> str:
        """What does not hold now, or nothing."""
        return "; ".join(why for one in self.conditions if (why := one.broken(call)))


def well_already(proof: Proof | None, call: Call) -> Outcome | Pending | None:
    """The end of a step that nothing is left to do for, before it has acted; None when it must act."""
    if proof is None or call.begun or call.progress.get("ill"):
        return None
    if proof.broken(call):
        call.progress["ill"] = True
        return None
    well = int(call.progress.get("well", 0)) + 1
    if well >= proof.in_a_row:
        return Outcome(summary="all is well already: nothing was done")
    progress = {**call.progress, "well": well}
    return Pending(
        summary="all is well: looking again before anything is done",
        progress=progress,
        retry_after=proof.every.total_seconds(),
    )


def proven(proof: Proof | None, call: Call, outcome: Outcome) -> Outcome | Pending:
    """The outcome once the proof holds, Pending until then; CheckFailed when it did not help in time."""
    if proof is None:
        return outcome
    since = float(call.progress.get("proving_since") or call.now.timestamp())
    why = proof.broken(call)
    well = 0 if why else int(call.progress.get("proved", 0)) + 1
    if well >= proof.in_a_row:
        return outcome.model_copy(update={"summary": f"{outcome.summary}; it helped"})
    if why and call.now.timestamp() - since >= proof.within.total_seconds():
        raise CheckFailed(f"{outcome.summary}; it did not help within {proof.within}: {why}")
    return call.waiting_for(
        None,
        f"{outcome.summary}; {why or 'it looks well'}",
        retry_after=proof.every.total_seconds(),
        begun=call.begun,
        proving_since=since,
        proved=well,
    )
