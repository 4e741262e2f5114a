"""What an action is: a function that brings one part of the world to where it should be.

    class Params(Frozen):
        service: str

    @action(changes=True)
    def restart_service(params: Params, call: Call) -> Outcome | Pending: ...

Activities run at least once, so an action reads, compares, changes only what differs, and verifies. When Azure
needs longer it returns `Pending(progress=...)`, and is called again with that `progress`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_type_hints

from shared.errors import CheckFailed
from shared.gateways.azure import Azure
from shared.gateways.operations import Operation
from shared.model.estate import Estate
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode, Retry, Step
from shared.model.run import RunRecord
from shared.model.wire import Frozen
from shared.pace import azure_time, own_time

ATTEMPTS = 3
"""How often a step begins what Azure then fails at, before people are asked."""


@dataclass(frozen=True)
class Call:
    """What an action is handed besides its parameters."""

    estate: Estate
    azure: Azure
    run_id: str
    step: str
    mode: Mode
    now: datetime
    progress: dict[str, Any] = field(default_factory=dict[str, Any])
    before: dict[str, Any] = field(default_factory=dict[str, Any])
    record: RunRecord | None = None
    # What this app's own waits are multiplied with (`RETRY_SCALE`); below 1 the world goes so much faster than life.
    pace: float = 1.0
    # Nobody agreed to it: what the action itself knows of the guardrails' limits binds it.
    guarded: bool = False

    @property
    def key(self) -> str:
        """What makes an effect of this step the same effect on every attempt."""
        return f"{self.run_id}/{self.step}"

    def azure_time(self, moment: datetime) -> datetime:
        """A moment of the past as Azure tells it."""
        return azure_time(moment, self.now, self.pace)

    def own_time(self, moment: datetime) -> datetime:
        """A moment of the past that Azure tells, by this app's clock."""
        return own_time(moment, self.now, self.pace)

    def waiting_for(
        self,
        operation: Operation | None,
        summary: str,
        *,
        retry_after: float | None = None,
        **progress: Any,  # noqa: ANN401 - whatever JSON the action keeps
    ) -> Pending:
        """Pending on an operation that Azure has just begun (or on nothing but the next look).

        Whoever waits has begun something, if it does not say `begun=False`.
        """
        kept = {**self.progress, "begun": True, **progress}
        if operation is not None:
            kept["operation"] = operation.to_wire()
        return Pending(summary=summary, progress=kept, retry_after=retry_after)

    def operation_state(self) -> Literal["none", "running", "succeeded", "failed"]:
        """Ask about the operation that this step began, and forget it once it is over.

        A failed one leaves the action to look at the world again and to begin anew where that is still needed.
        """
        if "operation" not in self.progress:
            return "none"
        state = self.azure.operation(Operation.from_wire(self.progress["operation"]))
        if state.status != "running":
            del self.progress["operation"]
        if state.status == "failed":
            self.count_failure(state.detail)
        return state.status

    def operation_running(self) -> bool:
        """Whether Azure is still at it; see `operation_state`."""
        return self.operation_state() == "running"

    def count_failure(self, detail: str) -> None:
        """Remember that what this step began has failed; CheckFailed when that was the last time to try."""
        failures = int(self.progress.get("failures", 0)) + 1
        if failures >= ATTEMPTS:
            raise CheckFailed(f"it failed {failures} times, at last with: {detail}")
        self.progress["failures"] = failures

    @property
    def begun(self) -> bool:
        """Whether this step has already changed something, or found its own change under way."""
        return bool(self.progress.get("begun"))


Run = Callable[[Any, Call], Outcome | Pending]
Observe = Callable[[Any, Call], dict[str, Any]]


@dataclass(frozen=True)
class Action:
    """A catalog entry. `changes` says whether it may write; what only looks is never held by the kill switch."""

    name: str
    params: type[Frozen]
    run: Run
    changes: bool
    summary: str
    observe: Observe | None = None
    wants_record: bool = False
    routine: bool = False
    looks_first: bool = False

    def __call__(self, params: Frozen, call: Call) -> Outcome | Pending:
        return self.run(params, call)

    def step(
        self,
        *,
        name: str | None = None,
        needs: tuple[Step, ...] = (),
        critical: bool = True,
        retry: Retry | None = None,
        deadline: timedelta | None = None,
        recovers: tuple[str, ...] = (),
        undo: Step | None = None,
        **params: Any,  # noqa: ANN401 - checked by the action's own Params right here
    ) -> Step:
        """This action as a step of a plan; wrong parameters, unknown ones too, fail here, before anything runs."""
        return Step(
            name=name or self.name,
            action=self.name,
            params=self.params.model_validate(params, extra="forbid").to_wire(),
            needs=tuple(step.name for step in needs),
            critical=critical,
            changes=self.changes,
            retry=retry or Retry(attempts=8, delay=1.0),
            deadline=deadline,
            undo=undo,
            recovers=recovers,
            wants_record=self.wants_record,
            two_phase=self.observe is not None,
            routine=self.routine,
            looks_first=self.looks_first,
        )


def action(
    *,
    changes: bool,
    observe: Observe | None = None,
    wants_record: bool = False,
    routine: bool = False,
    looks_first: bool = False,
) -> Callable[[Run], Action]:
    """Make a function an action; name, parameters and summary are read from it.

    `observe` makes it two checkpointed calls, for effects that take no key: what `observe` saw is kept in history
    before anything is done, and comes back as `call.before`. `wants_record` hands it the run so far.
    `routine`: it is done every few minutes, so its requests are not journaled, the kill switch does not hold it, and
    a run of nothing else keeps its record in Durable alone, however it ended.
    `looks_first`: the clock calls it again and again, mostly for nothing. `observe` then says with `act` whether there
    is anything to do: only then kill switch and guardrails are asked, and while they say no all stays as it is, until
    the next time. A run that finds nothing to do leaves no trace.
    """

    def register(run: Run) -> Action:
        return Action(
            name=run.__name__,
            params=get_type_hints(run)["params"],
            run=run,
            changes=changes,
            summary=(run.__doc__ or "").strip().split("\n")[0],
            observe=observe,
            wants_record=wants_record,
            routine=routine,
            looks_first=looks_first,
        )

    return register
