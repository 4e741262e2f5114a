"""Entities: queued operations, critical sections that wait in the same queues, batches applied atomically."""

import logging
import sqlite3
import uuid
from dataclasses import dataclass

import durabletask.internal.orchestrator_service_pb2 as pb

from infra.local.host import limits
from infra.local.host.errors import MessageTooLarge
from infra.local.host.events import LIVE, event, failure, seconds, text
from infra.local.host.transaction import Transaction

_log = logging.getLogger(__name__)
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Operation:
    """One queued operation, and the orchestration (if any) that waits for its result."""

    id: int
    event: pb.HistoryEvent
    caller: int | None
    generation: int | None

    @property
    def request_id(self) -> str:
        return self.event.entityOperationCalled.requestId or self.event.entityOperationSignaled.requestId


@dataclass(frozen=True, slots=True)
class Batch:
    """The operations that an entity runs next, and the state they start from."""

    entity: str
    state: str | None
    operations: list[Operation]

    def request(self) -> pb.EntityRequest:
        return pb.EntityRequest(
            instanceId=self.entity,
            entityState=text(self.state),
            operationRequests=[operation.event for operation in self.operations],
        )


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity at rest; `locked_by` is the id of the orchestration inside a critical section."""

    id: str
    state: str | None
    modified_at: float
    locked_by: str | None
    backlog: int


def select(db: sqlite3.Connection, where: str, *values: object) -> list[Entity]:
    """Entities that match an SQL condition of ours (never of a caller's)."""
    rows = db.execute(
        "SELECT e.id, e.state, e.modified_at, i.id,"  # noqa: S608 - the condition is ours, see above
        " (SELECT count(*) FROM operations o WHERE o.entity = e.id)"
        f" FROM entities e LEFT JOIN instances i ON i.key = e.owner WHERE {where}",
        values,
    )
    return [Entity(*row) for row in rows]


def _lock_of(db: sqlite3.Connection, entity: str) -> tuple[str | None, str | None, int | None]:
    row = db.execute("SELECT state, section, owner FROM entities WHERE id = ?", (entity,)).fetchone()
    return row if row is not None else (None, None, None)


def next_batch(tx: Transaction, entity: str) -> Batch | None:
    """What the entity may run now. A lock request at the head of the queue takes the lock on the way."""
    while True:
        state, section, owner = _lock_of(tx.db, entity)
        condition = "entity = ?" if section is None else "entity = ? AND caller = ? AND section IS NULL"
        rows = tx.db.execute(
            f"SELECT id, event, section, caller, generation FROM operations WHERE {condition} ORDER BY id LIMIT {_BATCH}",  # noqa: S608, E501 - constants
            (entity,) if section is None else (entity, owner),
        ).fetchall()
        if not rows:
            return None
        if rows[0][2] is not None:
            _take_lock(tx, entity, rows[0])
            continue
        operations: list[Operation] = []
        for row_id, blob, waiting_section, caller, generation in rows:
            if waiting_section is not None:
                break
            operations.append(Operation(row_id, pb.HistoryEvent.FromString(blob), caller, generation))
        return Batch(entity, state, operations)


def request_lock(tx: Transaction, request: pb.EntityLockRequestedEvent, caller: int, generation: int) -> None:
    """Queue a critical section at the first of its entities; it walks to the next as each one is taken."""
    first = request.lockSet[request.position]
    tx.queue_operation(
        first,
        event(entityLockRequested=request),
        section=request.criticalSectionId,
        caller=caller,
        generation=generation,
    )


def _take_lock(tx: Transaction, entity: str, row: tuple[int, bytes, str, int, int]) -> None:
    row_id, blob, section, caller, generation = row
    tx.db.execute("DELETE FROM operations WHERE id = ?", (row_id,))
    tx.db.execute(
        "INSERT INTO entities (id, modified_at, section, owner) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET section = excluded.section, owner = excluded.owner",
        (entity, tx.now, section, caller),
    )
    request = pb.HistoryEvent.FromString(blob).entityLockRequested
    if request.position + 1 < len(request.lockSet):
        request.position += 1
        request_lock(tx, request, caller, generation)
        return
    granted = event(entityLockGranted=pb.EntityLockGrantedEvent(criticalSectionId=section))
    if not _answer(tx, caller, generation, granted):
        release(tx, section)


def release(tx: Transaction, section: str, entity: str | None = None) -> None:
    """Open the lock of a critical section (on one entity or all), and withdraw what it still waits for."""
    held = tx.db.execute(
        "SELECT id FROM entities WHERE section = ? AND (? IS NULL OR id = ?)", (section, entity, entity)
    ).fetchall()
    waiting = tx.db.execute("SELECT entity FROM operations WHERE section = ?", (section,)).fetchall()
    tx.db.execute("DELETE FROM operations WHERE section = ?", (section,))
    for (freed,) in held:
        tx.db.execute("UPDATE entities SET section = NULL, owner = NULL WHERE id = ?", (freed,))
        _forget_if_empty(tx, freed)
    tx.entities.extend(name for (name,) in [*held, *waiting])


def release_all(tx: Transaction, owner: int) -> None:
    """Open every lock of an orchestration that has ended."""
    sections = tx.db.execute(
        "SELECT section FROM entities WHERE owner = ? UNION"
        " SELECT section FROM operations WHERE caller = ? AND section IS NOT NULL",
        (owner, owner),
    ).fetchall()
    for (section,) in sections:
        release(tx, section)


def _forget_if_empty(tx: Transaction, entity: str) -> None:
    tx.db.execute(
        "DELETE FROM entities WHERE id = ? AND state IS NULL AND section IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM operations WHERE entity = entities.id)",
        (entity,),
    )


def _answer(tx: Transaction, caller: int, generation: int | None, answer: pb.HistoryEvent) -> bool:
    """Deliver to the caller if it is still the generation that asked; a later one does not know of it."""
    waits = tx.db.execute(
        f"SELECT 1 FROM instances WHERE key = ? AND generation = ? AND status IN {LIVE}",  # noqa: S608 - a constant
        (caller, generation),
    ).fetchone()
    if waits is not None:
        tx.deliver(caller, answer)
    return waits is not None


def complete(tx: Transaction, batch: Batch, result: pb.EntityBatchResult) -> None:
    """Apply a batch: state, answers and outgoing signals together, or nothing of it."""
    state = result.entityState.value or None
    try:
        limits.check(f"The state of entity '{batch.entity}'", state)
    except MessageTooLarge as refused:
        fail(tx, batch, failure("MessageTooLarge", str(refused), final=True))
        return
    _close(tx, batch, state)
    for operation, outcome in zip(batch.operations, result.results, strict=False):
        _reply(tx, operation, outcome)


def fail(tx: Transaction, batch: Batch, details: pb.TaskFailureDetails) -> None:
    """The batch could not run at all: callers hear why, signals are gone, the state is what it was."""
    _close(tx, batch, batch.state)
    outcome = pb.OperationResult(failure=pb.OperationResultFailure(failureDetails=details))
    for operation in batch.operations:
        _reply(tx, operation, outcome)
    _log.error("Entity %s could not run: %s", batch.entity, details.errorMessage)


def _close(tx: Transaction, batch: Batch, state: str | None) -> None:
    tx.db.executemany(
        "DELETE FROM operations WHERE id = ?", [(operation.id,) for operation in batch.operations]
    )
    tx.db.execute(
        "INSERT INTO entities (id, state, modified_at) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, modified_at = excluded.modified_at",
        (batch.entity, state, tx.now),
    )
    _forget_if_empty(tx, batch.entity)
    tx.entities.append(batch.entity)


def _reply(tx: Transaction, operation: Operation, outcome: pb.OperationResult) -> None:
    if operation.caller is None:
        return
    details = outcome.failure.failureDetails if outcome.HasField("failure") else None
    try:
        limits.check("The result of an entity operation", outcome.success.result.value)
    except MessageTooLarge as refused:
        details = failure("MessageTooLarge", str(refused), final=True)
    if details is None:
        answer = event(
            entityOperationCompleted=pb.EntityOperationCompletedEvent(
                requestId=operation.request_id, output=outcome.success.result
            )
        )
    else:
        answer = event(
            entityOperationFailed=pb.EntityOperationFailedEvent(
                requestId=operation.request_id, failureDetails=details
            )
        )
    _answer(tx, operation.caller, operation.generation, answer)


def signal(
    tx: Transaction,
    entity: str,
    name: str,
    encoded_input: str | None,
    *,
    due: float | None = None,
    request_id: str | None = None,
) -> None:
    """Queue a one-way operation, at `due` if that is still to come."""
    signaled = pb.EntityOperationSignaledEvent(
        requestId=request_id or uuid.uuid4().hex,
        operation=name,
        input=text(encoded_input),
        targetInstanceId=text(entity),
    )
    queue_signal(tx, entity, signaled, due)


def queue_signal(
    tx: Transaction, entity: str, signaled: pb.EntityOperationSignaledEvent, due: float | None
) -> None:
    operation = event(entityOperationSignaled=signaled)
    if due is not None and due > tx.now:
        tx.set_alarm(due, entity=entity, event=operation)
    else:
        tx.queue_operation(entity, operation)


def due_of(
    message: pb.EntityOperationSignaledEvent | pb.SendSignalAction | pb.SignalEntityRequest,
) -> float | None:
    return seconds(message.scheduledTime) if message.HasField("scheduledTime") else None
