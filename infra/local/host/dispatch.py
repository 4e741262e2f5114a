"""Takes due work from the engine and has the worker run it, as soon as there is any: nothing polls."""

import asyncio
import logging
import sqlite3
from collections.abc import Coroutine, Iterable
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
from durabletask.internal import helpers

from infra.local.host.engine import Activity, Engine, Turn, failed_turn
from infra.local.host.entities import Batch
from infra.local.host.events import failure
from infra.local.host.worker import Function, FunctionFailed, Worker, datum

_log = logging.getLogger(__name__)


class Dispatcher:
    """The durable functions of an app, by the names that orchestrations call them."""

    def __init__(self, engine: Engine, worker: Worker, functions: Iterable[Function]) -> None:
        self._engine = engine
        self._worker = worker
        self.orchestrators: dict[str, Function] = {}
        self.activities: dict[str, Function] = {}
        self.entities: dict[str, Function] = {}
        for function in functions:
            trigger = function.trigger
            if function.kind == "orchestrationTrigger":
                self.orchestrators[trigger.get("orchestration") or function.name] = function
            elif function.kind == "activityTrigger":
                self.activities[trigger.get("activity") or function.name] = function
            elif function.kind == "entityTrigger":
                self.entities[str(trigger.get("entityName") or function.name).lower()] = function
        # Room for each kind, so that many slow activities never keep an orchestration from its turn. Turns and batches
        # only compute: side by side they end no sooner, and whoever waits for an answer over HTTP feels each of them.
        self._free = {"turn": 1, "activity": 40, "batch": 1}
        self._woken = False
        self._stopped = False
        self._running: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._engine.on_work = self._wake
        self._wake()

    def stop(self) -> None:
        self._stopped = True

    def _wake(self) -> None:
        # Called under the engine's lock; a second wake-up before the first is served would find nothing more.
        if not self._woken and not self._stopped:
            self._woken = True
            self._worker.loop.call_soon_threadsafe(self._pump)

    def _pump(self) -> None:
        self._woken = False
        try:
            while not self._stopped and self._free["turn"] and (turn := self._engine.take_turn()):
                self._run("turn", self._turn(turn))
            while not self._stopped and self._free["batch"] and (batch := self._engine.take_batch()):
                self._run("batch", self._batch(batch))
            while not self._stopped and self._free["activity"] and (activity := self._engine.take_activity()):
                self._run("activity", self._activity(activity))
        except sqlite3.ProgrammingError:
            self._stopped = True  # the engine is closed: the process is ending

    def _run(self, kind: str, work: Coroutine[Any, Any, None]) -> None:
        self._free[kind] -= 1
        task = self._worker.loop.create_task(work)
        self._running.add(task)

        def done(finished: asyncio.Task[None]) -> None:
            self._running.discard(finished)
            self._free[kind] += 1
            error = None if finished.cancelled() else finished.exception()
            if error is not None and not self._stopped:
                _log.error("The host could not complete a durable %s.", kind, exc_info=error)
            self._pump()

        task.add_done_callback(done)

    async def _turn(self, turn: Turn) -> None:
        function = self.orchestrators.get(turn.name)
        if function is None:
            answer = failed_turn(turn, _unknown("orchestrator", turn.name, self.orchestrators))
        else:
            try:
                answer = pb.OrchestratorResponse.FromString(
                    await self._worker.invoke_encoded(function, turn.request)
                )
            except FunctionFailed as failed:
                _log.error("Orchestrator '%s' failed.\n%s", turn.name, failed.stack)
                answer = failed_turn(turn, _details(failed))
        try:
            self._engine.complete_turn(turn, answer)
        except sqlite3.ProgrammingError:
            raise
        except Exception as error:
            # Whatever an answer holds, its orchestration must not stay in flight for ever.
            self._engine.complete_turn(turn, failed_turn(turn, helpers.new_failure_details(error)))
            raise

    async def _activity(self, activity: Activity) -> None:
        function = self.activities.get(activity.name)
        if function is None:
            details = _unknown("activity", activity.name, self.activities)
            self._engine.complete_activity(activity.token, None, details)
            return
        try:
            returned = await self._worker.invoke(function, datum(activity.input or "null", "json"))
        except FunctionFailed as failed:
            _log.warning(
                "Activity '%s' of '%s' failed.\n%s", activity.name, activity.instance_id, failed.stack
            )
            self._engine.complete_activity(activity.token, None, _details(failed))
        else:
            self._engine.complete_activity(activity.token, None if returned is None else returned.value)

    async def _batch(self, batch: Batch) -> None:
        name = batch.entity.split("@", 2)[1]
        function = self.entities.get(name)
        if function is None:
            self._engine.complete_batch(batch, None, _unknown("entity", name, self.entities))
            return
        request, _ = helpers.convert_to_entity_batch_request(batch.request())
        try:
            encoded = await self._worker.invoke_encoded(function, request.SerializeToString())
        except FunctionFailed as failed:
            self._engine.complete_batch(batch, None, _details(failed))
        else:
            result = pb.EntityBatchResult.FromString(encoded)
            self._engine.complete_batch(
                batch, result, failure("EntityFailed", "The entity answered incompletely.")
            )


def _details(failed: FunctionFailed) -> pb.TaskFailureDetails:
    return failure(failed.error_type, failed.message, failed.stack)


def _unknown(kind: str, name: str, known: Iterable[str]) -> pb.TaskFailureDetails:
    return failure("FunctionNotFound", unknown_function(kind, name, known), final=True)


def unknown_function(kind: str, name: str, known: Iterable[str]) -> str:
    """The message for a name that no function of this kind has."""
    names = ", ".join(f"'{each}'" for each in sorted(known)) or "none"
    return f"The function '{name}' doesn't exist, is disabled, or is not an {kind} function. Known: {names}."
