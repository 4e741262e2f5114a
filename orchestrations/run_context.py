"""What the interpreter's parts share: the request, the state, the live record, and how anything is waited for."""

from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from durabletask import task

from orchestrations.run_record import live_status
from orchestrations.run_state import RunState
from shared.model.run import Control, LogEntry, RunRequest
from shared.model.signing import step_orders
from shared.model.wire import Wire

type Waits = Generator[task.Task[Any], Any, Any]

PATIENTLY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=15,
    backoff_coefficient=1.5,
    max_retry_interval=timedelta(minutes=5),
)

CHECK_RETRY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=1), max_number_of_attempts=4, backoff_coefficient=2
)

RUNS_REMEMBERED = 256


@dataclass
class Known:
    """What a replay would only work out again: the decoded request, its steps' orders, how far it had come."""

    request: RunRequest
    orders: dict[str, Wire]
    waits: int = 0


_known: OrderedDict[tuple[str, str], Known] = OrderedDict()


def known(payload: Wire) -> Known:
    """Decode a request, or remember it: a run is replayed at every turn. ValueError when it is none of ours.

    Remembered by run id and signature: content that was changed under an old signature is never looked at.
    """
    key = (str(payload.get("run_id")), str(payload.get("signature")))
    found = _known.get(key)
    if found is None:
        request = RunRequest.from_wire(payload)
        signatures = request.step_signatures
        orders = {
            order.name: {**order.to_wire(), "signature": signatures.get(order.name, "")}
            for order in step_orders(request)
        }
        found = _known[key] = Known(request, orders)
        while len(_known) > RUNS_REMEMBERED:
            _known.popitem(last=False)
    return found


class RunContext:
    """One run in one turn."""

    def __init__(self, ctx: task.OrchestrationContext, payload: Wire, known: Known) -> None:
        self.ctx = ctx
        self.payload = payload
        self.request = known.request
        self.orders = known.orders
        self.state = RunState(known.request, started_at=self.now)
        self._known = known
        self._waits = 0
        self._seen: set[str] = set()
        self.own: list[task.Task[Any]] = []

    @property
    def now(self) -> datetime:
        """The orchestration's time, the same in every replay."""
        return self.ctx.current_utc_datetime.replace(tzinfo=UTC)

    def until(self, waited: task.Task[Any]) -> Waits:
        """Wait; every wait shows the live timeline, because a turn that sets no status wipes it out."""
        self.show()
        return (yield waited)

    def show(self) -> None:
        """The live timeline, from where the last turn had come: what a replay passes before that nobody sees.

        The last turn's end is shown again, because a turn that sets no status blanks it.
        """
        self._waits += 1
        if self.ctx.is_replaying and self._waits < self._known.waits:
            return
        self._known.waits = self._waits
        self.ctx.set_custom_status(live_status(self.state))

    def say(self, what: str, who: str = "") -> None:
        """A line in the run's log."""
        self.state.log.append(LogEntry(at=self.now, what=what, who=who))

    def patiently(self, activity: str, payload: Wire) -> task.Task[Any]:
        """An activity that is tried for a good while before it counts as failed."""
        asked = self.ctx.call_activity(activity, input=payload, retry_policy=PATIENTLY)
        self.own.append(asked)
        return asked

    def checked(self, activity: str, event: Wire) -> Waits:
        """What a check says of an event; one that cannot be checked counts for nothing, and ends no run."""
        try:
            return (
                yield from self.until(self.ctx.call_activity(activity, input=event, retry_policy=CHECK_RETRY))
            )
        except task.TaskFailedError as error:
            return {"refused": f"it could not be checked, decide again ({message_of(error)})"}

    def checked_control(self, wire: Any) -> Waits:  # noqa: ANN401 - an event is anything until it is checked
        """The control, or None when it does not count."""
        verdict = yield from self.checked("check_control", {"run_id": self.request.run_id, "control": wire})
        if verdict["refused"]:
            self.say(f"ignored a decision: {verdict['refused']}")
            return None
        control = Control.from_wire(verdict["control"])
        if control.signature in self._seen:
            self.say("ignored a decision: it had been taken before")
            return None
        self._seen.add(control.signature)
        self.state.controls.append(control)
        return control


def message_of(error: Exception) -> str:
    """What an activity's error said, in at most a thousand characters."""
    text = str(getattr(error, "message", "") or error)
    return text[:1000] or type(error).__name__
