"""What proves that a remediation helped: looked at before it acts, and after it until it holds or the time is up.

A ladder ends with the first rung that helped, so each rung is one step: it acts, and proves by itself.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

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

    def broken(self, call: Call, _since: datetime) -> str:
        """Why it does not hold, or nothing."""
        answer = call.azure.probe(self.url, timeout=self.timeout)
        if answer.healthy:
            return ""
        return f"{self.url} answers {answer.status or 'nothing'} {answer.detail}".strip()


class MetricBelow(Frozen):
    """A platform metric that stays below a limit, in the metric's own unit, in every interval.

    `dimension` and `value` choose one series of a metric that is split.
    """

    kind: Literal["metric_below"] = "metric_below"
    resource_id: str
    namespace: str
    metric: str
    aggregation: str
    below: float
    dimension: str | None = None
    value: str = ""
    every: timedelta = timedelta(minutes=1)

    def broken(self, call: Call, since: datetime) -> str:
        """Why it does not hold, or nothing. Without a measurement since then nothing is proved."""
        seen = self.latest(call, since)
        where = f"{self.metric}{f' of {self.value}' if self.value else ''}"
        if seen is None:
            return f"{where} has not been measured since {since:%H:%M:%S}"
        return "" if seen < self.below else f"{where} is {seen:g}, and must be below {self.below:g}"

    def latest(self, call: Call, since: datetime) -> float | None:
        """The newest value since then, None where no whole interval has passed yet."""
        if call.now - since < self.every:
            return None
        found = call.azure.metrics.series(
            [self.resource_id],
            self.namespace,
            self.metric,
            aggregation=self.aggregation,
            since=since,
            until=call.now,
            every=self.every,
            split_by=self.dimension,
        )[self.resource_id]
        values = [
            point.value
            for series in found
            if self.dimension is None or self.value.lower() in {v.lower() for v in series.dimensions.values()}
            for point in series.points
            if point.value is not None and point.at >= since
        ]
        return values[-1] if values else None


class RowsBelow(Frozen):
    """A question to the logs (a file of `shared/queries`) whose rows all have less than that in a column.

    `empty_is_well`: rows are what is wrong, so that none of them is what is wanted.
    """

    kind: Literal["rows_below"] = "rows_below"
    question: str
    column: str
    below: float
    named: str
    parameters: dict[str, str | float] = Field(default_factory=dict[str, str | float])
    empty_is_well: bool = False

    def broken(self, call: Call, since: datetime) -> str:
        """Why it does not hold, or nothing. Where nothing has been logged since then nothing is proved."""
        rows = (
            call.azure.logs.query(self.question, since, call.now, **self.parameters)
            if since < call.now
            else ()
        )
        if not rows and self.empty_is_well:
            return ""
        if not rows:
            return f"too little has been logged since {since:%H:%M:%S} to say that {self.column} is low"
        high = [row for row in rows if row[self.column] is not None and float(row[self.column]) >= self.below]
        return "; ".join(
            f"{self.column} of {row[self.named]} is {float(row[self.column]):.4g}, and must be below {self.below:g}"
            for row in high[:5]
        )


Condition = Annotated[Healthy | MetricBelow | RowsBelow, Field(discriminator="kind")]

LOOKS_BACK = timedelta(minutes=5)
"""What counts before anything was done: the window that the alert rules look at."""


class Proof(Frozen):
    """What must hold: all of it, as often in a row as said, within a time after the action has taken effect.

    `watch`: it counts from the last time that it did not hold, and must go on for so long.
    """

    conditions: tuple[Condition, ...] = Field(min_length=1)
    in_a_row: int = Field(default=2, ge=1)
    every: timedelta = timedelta(seconds=15)
    within: timedelta = timedelta(minutes=5)
    watch: timedelta = timedelta(0)

    def broken(self, call: Call, since: datetime | None = None) -> str:
        """What does not hold, measured since then (in the last minutes, if nothing is said), or nothing."""
        began = call.now - LOOKS_BACK if since is None else call.azure_time(since)
        return "; ".join(why for one in self.conditions if (why := one.broken(call, began)))


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
        retry_after=proof.every.total_seconds() * call.pace,
    )


def proven(proof: Proof | None, call: Call, outcome: Outcome) -> Outcome | Pending:
    """The outcome once the proof holds, Pending until then; CheckFailed when it did not help in time."""
    if proof is None:
        return outcome
    since = float(call.progress.get("proving_since") or call.now.timestamp())
    # What has to stay away is looked for since it was last seen, all else since the action took effect.
    from_then = float(call.progress.get("last_ill") or since) if proof.watch else since
    why = proof.broken(call, datetime.fromtimestamp(from_then, UTC))
    well = 0 if why else int(call.progress.get("proved", 0)) + 1
    watched = call.now.timestamp() - from_then >= proof.watch.total_seconds()
    if well >= proof.in_a_row and watched and not why:
        return outcome.model_copy(update={"summary": f"{outcome.summary}; it helped"})
    if why and call.now.timestamp() - since >= proof.within.total_seconds() * call.pace:
        raise CheckFailed(f"{outcome.summary}; it did not help within {proof.within}: {why}")
    return call.waiting_for(
        None,
        f"{outcome.summary}; {why or 'it looks well'}",
        retry_after=proof.every.total_seconds() * call.pace,
        begun=call.begun,
        proving_since=since,
        proved=well,
        **({"last_ill": call.now.timestamp()} if why and proof.watch else {}),
    )
