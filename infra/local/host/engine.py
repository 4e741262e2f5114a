"""The durable engine: SQLite is the truth, every change is one transaction, memory holds only what is due."""

import itertools
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

import durabletask.internal.orchestrator_service_pb2 as pb

from infra.local.host import entities, instances, limits, turns
from infra.local.host.entities import Batch
from infra.local.host.errors import MessageTooLarge
from infra.local.host.events import event, failure, is_finished
from infra.local.host.history import HistoryCache
from infra.local.host.instances import Instance
from infra.local.host.store import Store
from infra.local.host.transaction import Transaction

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one orchestration is to look at next; `request` is a serialized `OrchestratorRequest`."""

    token: int
    key: int
    instance_id: str
    name: str
    request: bytes
    taken: list[pb.HistoryEvent]
    inbox: list[int]


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity to run; `token` is accepted once, by the process that holds the state file."""

    token: int
    instance_id: str
    name: str
    input: str | None


class Engine:
    """All operations of a task hub. Thread-safe: one lock serialises them, as SQLite does its writers."""

    def __init__(self, store: Store, default_version: str | None = None) -> None:
        """`default_version` is for orchestrations started without one: `defaultVersion` in host.json."""
        self._store = store
        self._default_version = default_version
        self._lock = threading.RLock()
        self._histories = HistoryCache()
        self._tokens = itertools.count(1)
        self._ready_instances: deque[int] = deque()
        self._ready_activities: deque[int] = deque()
        self._ready_entities: deque[str] = deque()
        self._turns: dict[int, Turn] = {}
        self._batches: set[str] = set()
        self._waiting: dict[str, list[threading.Event]] = {}
        self._alarm_set = threading.Condition(self._lock)
        self._closed = False
        self.on_work: Callable[[], None] = lambda: None
        with self._lock:
            self._restore()

    def _restore(self) -> None:
        """Whatever was due or in flight when the last process ended is due again."""
        db = self._store.db
        self._ready_instances.extend(key for (key,) in db.execute("SELECT DISTINCT instance FROM inbox"))
        self._ready_activities.extend(
            token for (token,) in db.execute("SELECT token FROM activities ORDER BY token")
        )
        self._ready_entities.extend(
            entity for (entity,) in db.execute("SELECT DISTINCT entity FROM operations")
        )

    def close(self) -> None:
        """Stop accepting anything; what is still running will find its completion refused."""
        with self._lock:
            self._closed = True
            self._alarm_set.notify_all()
            for events in self._waiting.values():
                for waiting in events:
                    waiting.set()
            self._store.close()

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """All or nothing on disk, and only then in memory."""
        with self._lock:
            if self._closed:
                raise sqlite3.ProgrammingError("The state file is closed.")
            tx = Transaction(self._store.db, self._default_version)
            tx.db.execute("BEGIN IMMEDIATE")
            try:
                yield tx
                tx.db.execute("COMMIT")
            except BaseException:
                if tx.db.in_transaction:  # SQLite rolls some failures back by itself
                    tx.db.execute("ROLLBACK")
                raise
            self._wake(tx)

    def _wake(self, tx: Transaction) -> None:
        for key in tx.rewritten:
            self._histories.forget(key)
        for key, events in tx.grown:
            self._histories.grow(key, events)
        for key in tx.stopped:
            self._turns.pop(key, None)
            self._histories.forget(key)
        for instance_id in tx.changed:
            for waiting in self._waiting.get(instance_id, ()):
                waiting.set()
        if tx.alarm_set:
            self._alarm_set.notify_all()
        self._ready_instances.extend(tx.instances)
        self._ready_activities.extend(tx.activities)
        self._ready_entities.extend(tx.entities)
        if tx.instances or tx.activities or tx.entities:
            self.on_work()

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            if self._closed:
                raise sqlite3.ProgrammingError("The state file is closed.")
            yield self._store.db

    def find(self, instance_id: str) -> Instance | None:
        with self.reading() as db:
            return instances.by_id(db, instance_id)

    def history(self, instance_id: str) -> list[pb.HistoryEvent]:
        with self.reading() as db:
            rows = db.execute(
                "SELECT event FROM history WHERE instance = (SELECT key FROM instances WHERE id = ?)"
                " ORDER BY position",
                (instance_id,),
            ).fetchall()
        return [pb.HistoryEvent.FromString(blob) for (blob,) in rows]

    # What the dispatcher takes and brings back.

    def take_turn(self) -> Turn | None:
        with self.reading() as db:
            while self._ready_instances:
                key = self._ready_instances.popleft()
                # A turn in flight looks into the inbox again when it completes.
                turn = None if key in self._turns else self._turn_of(db, key)
                if turn is not None:
                    self._turns[key] = turn
                    return turn
        return None

    def _turn_of(self, db: sqlite3.Connection, key: int) -> Turn | None:
        instance = instances.by_key(db, key)
        if instance is None or instance.finished:
            return None
        if instance.start_at is not None and instance.start_at > time.time():
            return None  # its alarm brings it back
        rows = db.execute("SELECT id, event FROM inbox WHERE instance = ? ORDER BY id", (key,)).fetchall()
        inbox = [row_id for row_id, _ in rows]
        taken = [pb.HistoryEvent.FromString(blob) for _, blob in rows]
        suspended = instance.status == pb.ORCHESTRATION_STATUS_SUSPENDED
        if not taken or (suspended and not any(each.HasField("executionResumed") for each in taken)):
            return None
        if taken[0].HasField("executionRewound"):
            inbox, taken = inbox[:1], taken[:1]  # the worker wants a rewind by itself
        taken.insert(0, event(orchestratorStarted=pb.OrchestratorStartedEvent()))
        head = pb.OrchestratorRequest(instanceId=instance.id, newEvents=taken)
        head.executionId.value = instance.execution_id
        # Serialized messages of one type concatenate: the past was encoded when it was written.
        request = head.SerializeToString() + self._histories.load(db, key)
        return Turn(next(self._tokens), key, instance.id, instance.name, request, taken, inbox)

    def complete_turn(self, turn: Turn, answer: pb.OrchestratorResponse) -> bool:
        """Apply a turn's answer; False when the instance was ended or replaced meanwhile."""
        try:
            limits.check_turn(answer)
        except MessageTooLarge as refused:
            answer = failed_turn(turn, failure("MessageTooLarge", str(refused), final=True))
        with self.transaction() as tx:
            if self._turns.get(turn.key) is not turn:
                _log.info("Ignored a turn of '%s' that was ended meanwhile.", turn.instance_id)
                return False
            instance = instances.by_key(tx.db, turn.key)
            assert instance is not None
            turns.apply(tx, instance, turn.taken, turn.inbox, answer)
            tx.instances.append(turn.key)  # more may have come meanwhile
            del self._turns[turn.key]
        return True

    def take_activity(self) -> Activity | None:
        with self.reading() as db:
            while self._ready_activities:
                token = self._ready_activities.popleft()
                row = db.execute(
                    "SELECT i.id, a.event FROM activities a JOIN instances i ON i.key = a.instance"
                    " WHERE a.token = ?",
                    (token,),
                ).fetchone()
                if row is not None:
                    task = pb.HistoryEvent.FromString(row[1]).taskScheduled
                    return Activity(
                        token, row[0], task.name, task.input.value if task.HasField("input") else None
                    )
        return None

    def complete_activity(
        self, token: int, result: str | None, details: pb.TaskFailureDetails | None = None
    ) -> bool:
        """Deliver an activity's result, or its failure; False when it was answered already or is gone."""
        try:
            limits.check("The result of the activity", result)
        except MessageTooLarge as refused:
            details = failure("MessageTooLarge", str(refused), final=True)
        with self.transaction() as tx:
            row = tx.db.execute(
                "DELETE FROM activities WHERE token = ? RETURNING instance, generation, event", (token,)
            ).fetchone()
            if row is None:
                return False
            key, generation, blob = row
            instance = instances.by_key(tx.db, key)
            if instance is None or instance.finished or instance.generation != generation:
                return False
            task_id = pb.HistoryEvent.FromString(blob).eventId
            if details is None:
                completed = pb.TaskCompletedEvent(taskScheduledId=task_id)
                if result is not None:
                    completed.result.value = result
                tx.deliver(key, event(taskCompleted=completed))
            else:
                failed = pb.TaskFailedEvent(taskScheduledId=task_id, failureDetails=details)
                tx.deliver(key, event(taskFailed=failed))
        return True

    def take_batch(self) -> Batch | None:
        with self._lock:
            while self._ready_entities:
                entity = self._ready_entities.popleft()
                if entity in self._batches:
                    continue  # becomes ready again when its batch completes
                with self.transaction() as tx:
                    batch = entities.next_batch(tx, entity)
                if batch is not None:
                    self._batches.add(entity)
                    return batch
        return None

    def complete_batch(
        self, batch: Batch, result: pb.EntityBatchResult | None, details: pb.TaskFailureDetails
    ) -> None:
        """Apply a batch's result; without one, `details` says why it could not run."""
        with self._lock:
            self._batches.discard(batch.entity)
            with self.transaction() as tx:
                if result is None or len(result.results) != len(batch.operations):
                    entities.fail(tx, batch, details)
                    return
                entities.complete(tx, batch, result)
                for action in result.actions:
                    self._act_for_entity(tx, action)

    def _act_for_entity(self, tx: Transaction, action: pb.OperationAction) -> None:
        if action.HasField("sendSignal"):
            send = action.sendSignal
            encoded = send.input.value if send.HasField("input") else None
            entities.signal(tx, send.instanceId, send.name, encoded, due=entities.due_of(send))
            return
        start = action.startNewOrchestration
        existing = instances.by_id(tx.db, start.instanceId)
        if existing is not None and not is_finished(existing.status):
            _log.warning("An entity started '%s', which is already going on.", start.instanceId)
            return
        instances.create(
            tx,
            start.instanceId or f"{next(self._tokens)}-{time.time_ns():x}",
            start.name,
            start.input.value if start.HasField("input") else None,
            version=start.version.value if start.HasField("version") else None,
            start_at=start.scheduledTime.ToNanoseconds() / 1e9 if start.HasField("scheduledTime") else None,
        )

    # Time and waiting.

    def ring_alarms(self) -> None:
        """Deliver what is due, as it becomes due, until `close`; runs on a thread of its own."""
        with self._lock:
            while not self._closed:
                due = self._store.db.execute("SELECT min(due) FROM alarms").fetchone()[0]
                if due is None:
                    self._alarm_set.wait()
                    continue
                # Sleep in pieces, so that a clock that is set forward is seen within the minute.
                remaining = due - time.time()
                if remaining > 0:
                    self._alarm_set.wait(min(remaining, 60.0))
                    continue
                with self.transaction() as tx:
                    self._ring(tx)

    def _ring(self, tx: Transaction) -> None:
        rows = tx.db.execute(
            "DELETE FROM alarms WHERE due <= ? RETURNING due, id, instance, entity, event", (tx.now,)
        ).fetchall()
        for _, _, instance, entity, blob in sorted(rows, key=lambda row: row[:2]):
            if entity is not None:
                tx.queue_operation(entity, pb.HistoryEvent.FromString(blob))
            elif blob is None:
                tx.instances.append(instance)
            else:
                tx.deliver(instance, pb.HistoryEvent.FromString(blob))

    def wait(
        self,
        instance_id: str,
        until: Callable[[Instance], bool],
        timeout: float | None,
        on_start: Callable[[threading.Event], object] = lambda _: None,
        abandoned: Callable[[], bool] = lambda: False,
    ) -> Instance | None:
        """Wait until the condition holds; None if there is no such instance, `TimeoutError` after `timeout`.

        `on_start` gets the event to set when nobody waits any more, `abandoned` then says so.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        changed = threading.Event()
        on_start(changed)
        with self._lock:
            self._waiting.setdefault(instance_id, []).append(changed)
        try:
            while not self._closed and not abandoned():
                changed.clear()
                instance = self.find(instance_id)
                if instance is None or until(instance):
                    return instance
                if not changed.wait(None if deadline is None else max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(f"Orchestration '{instance_id}' did not get there in time.")
            return None
        finally:
            with self._lock:
                self._waiting[instance_id].remove(changed)
                if not self._waiting[instance_id]:
                    del self._waiting[instance_id]


def failed_turn(turn: Turn, details: pb.TaskFailureDetails) -> pb.OrchestratorResponse:
    """The answer that fails an orchestration."""
    complete = pb.CompleteOrchestrationAction(
        orchestrationStatus=pb.ORCHESTRATION_STATUS_FAILED, failureDetails=details
    )
    return pb.OrchestratorResponse(
        instanceId=turn.instance_id, actions=[pb.OrchestratorAction(id=-1, completeOrchestration=complete)]
    )
