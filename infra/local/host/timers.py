"""Timer triggers: each runs when it is due, never twice at once, and late when the host was down."""

import asyncio
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from infra.local.host import schedules, settings
from infra.local.host.engine import Engine
from infra.local.host.errors import AppInvalid
from infra.local.host.worker import Function, FunctionFailed, Worker, datum

_log = logging.getLogger(__name__)
_SHORTEST_MONITORED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Timer:
    function: Function
    expression: str
    schedule: schedules.Schedule
    run_on_startup: bool
    monitored: bool
    running: asyncio.Lock = field(default_factory=asyncio.Lock)


class Timers:
    """All timers of an app; their last occurrences are kept in the state file."""

    def __init__(self, engine: Engine, worker: Worker, functions: Iterable[Function]) -> None:
        self._engine = engine
        self._worker = worker
        self._timers = {each.name: _timer(each) for each in functions if each.kind == "timerTrigger"}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._tick(each)) for each in self._timers.values()]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tick(self, timer: _Timer) -> None:
        now = datetime.now(UTC)
        last, due = self._stored(timer) or (None, None)
        if due is not None and due < now:
            await self._run(timer, due, past_due=True, last=last)
            last = due
        elif timer.run_on_startup:
            await self._run(timer, now, past_due=False, last=last)
            last = now
        if due is None or due < datetime.now(UTC):
            due = timer.schedule.after(datetime.now(UTC))
        while True:
            self._keep(timer, last, due)
            while (wait := (due - datetime.now(UTC)).total_seconds()) > 0:  # noqa: ASYNC110 - it is the time that is awaited
                # In pieces, so that a clock that is set forward is seen within the minute.
                await asyncio.sleep(min(wait, 60.0))
            await self._run(timer, due, past_due=False, last=last)
            last, due = due, timer.schedule.after(due)
            if due < datetime.now(UTC):
                due = timer.schedule.after(datetime.now(UTC))  # what came due while it ran is left out

    async def run_now(self, name: str) -> None:
        """Run a timer out of turn; waits while it is running already."""
        timer = self._timers[name]
        last, _ = self._stored(timer) or (None, None)
        await self._run(timer, datetime.now(UTC), past_due=False, last=last)

    async def _run(self, timer: _Timer, due: datetime, *, past_due: bool, last: datetime | None) -> None:
        info = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {
                "Last": (last or datetime.min.replace(tzinfo=UTC)).isoformat(),
                "Next": timer.schedule.after(due).isoformat(),
                "LastUpdated": (last or due).isoformat(),
            },
            "IsPastDue": past_due,
        }
        async with timer.running:
            try:
                invocation = self._worker.invoke(timer.function, datum(json.dumps(info), "json"))
                await asyncio.wrap_future(self._worker.submit(invocation))
            except FunctionFailed as failed:
                _log.error("Timer '%s' failed.\n%s", timer.function.name, failed.stack)

    def _stored(self, timer: _Timer) -> tuple[datetime | None, datetime] | None:
        """Last and next occurrence as kept, unless the schedule is another one now."""
        if not timer.monitored:
            return None
        with self._engine.reading() as db:
            row = db.execute(
                "SELECT last, next FROM schedules WHERE name = ? AND expression = ?",
                (timer.function.name, timer.expression),
            ).fetchone()
        if row is None:
            return None
        last, due = row
        return None if last is None else datetime.fromtimestamp(last, UTC), datetime.fromtimestamp(due, UTC)

    def _keep(self, timer: _Timer, last: datetime | None, due: datetime) -> None:
        if not timer.monitored:
            return
        with self._engine.transaction() as tx:
            tx.db.execute(
                "INSERT INTO schedules (name, expression, last, next, updated) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET expression = excluded.expression, last = excluded.last,"
                " next = excluded.next, updated = excluded.updated",
                (
                    timer.function.name,
                    timer.expression,
                    None if last is None else last.timestamp(),
                    due.timestamp(),
                    tx.now,
                ),
            )


def _timer(function: Function) -> _Timer:
    trigger = function.trigger
    expression = settings.resolve(str(trigger["schedule"]))
    try:
        schedule = schedules.parse(expression)
    except schedules.ScheduleInvalid as error:
        raise AppInvalid(
            f"Timer '{function.name}' cannot be scheduled: {error} Correct its schedule."
        ) from None
    now = datetime.now(UTC)
    first = schedule.after(now)
    frequent = schedule.after(first) - first < _SHORTEST_MONITORED
    monitored = bool(trigger.get("useMonitor", True)) and not frequent
    return _Timer(function, expression, schedule, bool(trigger.get("runOnStartup", False)), monitored)
