"""Orchestration instances as rows: found, created, finished, terminated, deleted."""

import json
import sqlite3
from dataclasses import dataclass

import durabletask.internal.orchestrator_service_pb2 as pb

from infra.local.host import entities
from infra.local.host.errors import InstanceExists
from infra.local.host.events import LIVE, event, failure, is_finished, stamp, text
from infra.local.host.transaction import Transaction

_COLUMNS = (
    "key, id, name, version, status, generation, input, output, custom_status, failure, tags, "
    "created_at, updated_at, completed_at, start_at, parent_key, parent_task, parent_generation"
)


@dataclass(slots=True)
class Instance:
    """One orchestration; times are seconds since the epoch, payloads are JSON text."""

    key: int
    id: str
    name: str
    version: str | None
    status: int
    generation: int
    input: str | None
    output: str | None
    custom_status: str | None
    failure: bytes | None
    tags: str | None
    created_at: float
    updated_at: float
    completed_at: float | None
    start_at: float | None
    parent_key: int | None
    parent_task: int | None
    parent_generation: int | None

    @property
    def finished(self) -> bool:
        return is_finished(self.status)

    @property
    def execution_id(self) -> str:
        return f"{self.key:x}.{self.generation}"

    @property
    def failure_details(self) -> pb.TaskFailureDetails | None:
        return None if self.failure is None else pb.TaskFailureDetails.FromString(self.failure)


@dataclass(frozen=True, slots=True)
class Parent:
    """Who waits for a sub-orchestration, and under which task."""

    instance: Instance
    task: int


def select(db: sqlite3.Connection, where: str, *values: object) -> list[Instance]:
    """Instances that match an SQL condition of ours (never of a caller's)."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM instances WHERE {where}", values)  # noqa: S608 - ours, see above
    return [Instance(*row) for row in rows]


def by_id(db: sqlite3.Connection, instance_id: str) -> Instance | None:
    return next(iter(select(db, "id = ?", instance_id)), None)


def by_key(db: sqlite3.Connection, key: int) -> Instance | None:
    return next(iter(select(db, "key = ?", key)), None)


def create(
    tx: Transaction,
    instance_id: str,
    name: str,
    encoded_input: str | None,
    *,
    version: str | None = None,
    tags: dict[str, str] | None = None,
    start_at: float | None = None,
    parent: Parent | None = None,
    replace: tuple[int, ...] | None = None,
) -> None:
    """Create an instance, due at `start_at`; one of that id makes way if finished, or if in `replace`."""
    existing = by_id(tx.db, instance_id)
    if existing is not None:
        if existing.status not in replace if replace is not None else not existing.finished:
            raise InstanceExists(f"An orchestration with the id '{instance_id}' already exists.")
        delete(tx, existing)
    if start_at is not None and start_at <= tx.now:
        start_at = None
    key = tx.db.execute(
        "INSERT INTO instances (id, name, version, status, input, tags, created_at, updated_at, start_at,"
        " parent_key, parent_task, parent_generation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            instance_id,
            name,
            version or tx.default_version,
            pb.ORCHESTRATION_STATUS_PENDING,
            encoded_input,
            json.dumps(tags) if tags else None,
            tx.now,
            tx.now,
            start_at,
            parent.instance.key if parent else None,
            parent.task if parent else None,
            parent.instance.generation if parent else None,
        ),
    ).lastrowid
    created = by_id(tx.db, instance_id)
    assert created is not None
    assert key == created.key
    tx.deliver(created.key, execution_started(tx.db, created))
    if start_at is not None:
        tx.set_alarm(start_at, instance=created.key)
    tx.changed.append(instance_id)


def execution_started(db: sqlite3.Connection, instance: Instance) -> pb.HistoryEvent:
    started = pb.ExecutionStartedEvent(
        name=instance.name,
        version=text(instance.version),
        input=text(instance.input),
        orchestrationInstance=pb.OrchestrationInstance(
            instanceId=instance.id, executionId=text(instance.execution_id)
        ),
        tags=json.loads(instance.tags) if instance.tags else None,
    )
    if instance.start_at is not None:
        started.scheduledStartTimestamp.CopyFrom(stamp(instance.start_at))
    parent = None if instance.parent_key is None else by_key(db, instance.parent_key)
    if parent is not None:
        started.parentInstance.CopyFrom(
            pb.ParentInstanceInfo(
                taskScheduledId=instance.parent_task or 0,
                name=text(parent.name),
                version=text(parent.version),
                orchestrationInstance=pb.OrchestrationInstance(
                    instanceId=parent.id, executionId=text(parent.execution_id)
                ),
            )
        )
    return event(executionStarted=started)


def update(tx: Transaction, instance: Instance, **values: object) -> None:
    """Write columns, to the row and to the object alike."""
    values["updated_at"] = tx.now
    assignments = ", ".join(f"{column} = ?" for column in values)
    tx.db.execute(
        f"UPDATE instances SET {assignments} WHERE key = ?",  # noqa: S608 - column names are ours
        (*values.values(), instance.key),
    )
    for column, value in values.items():
        setattr(instance, column, value)
    tx.changed.append(instance.id)


def finish(
    tx: Transaction,
    instance: Instance,
    status: int,
    output: str | None,
    details: pb.TaskFailureDetails | None,
) -> None:
    """End an instance: its timers and mail go, its locks open, its parent hears of it."""
    update(
        tx,
        instance,
        status=status,
        output=output,
        failure=None if details is None else details.SerializeToString(),
        completed_at=tx.now,
    )
    completed = pb.ExecutionCompletedEvent(
        orchestrationStatus=pb.OrchestrationStatus.Name(status),  # pyright: ignore[reportArgumentType] - rows hold the number
        result=text(output),
        failureDetails=details,
    )
    tx.append_history(instance.key, [event(executionCompleted=completed)])
    tx.db.execute("DELETE FROM inbox WHERE instance = ?", (instance.key,))
    tx.db.execute("DELETE FROM alarms WHERE instance = ?", (instance.key,))
    tx.stopped.append(instance.key)
    entities.release_all(tx, instance.key)
    tell_parent(tx, instance)


def tell_parent(tx: Transaction, instance: Instance) -> None:
    """Deliver a finished instance's result to its parent, if that still waits for it."""
    parent = None if instance.parent_key is None else by_key(tx.db, instance.parent_key)
    if parent is None or parent.finished or parent.generation != instance.parent_generation:
        return
    task = instance.parent_task or 0
    if instance.status == pb.ORCHESTRATION_STATUS_COMPLETED:
        done = pb.SubOrchestrationInstanceCompletedEvent(taskScheduledId=task, result=text(instance.output))
        tx.deliver(parent.key, event(subOrchestrationInstanceCompleted=done))
        return
    details = instance.failure_details or failure(
        "OrchestrationTerminated",
        f"Sub-orchestration '{instance.id}' was terminated: {instance.output or 'no reason given'}",
    )
    failed = pb.SubOrchestrationInstanceFailedEvent(taskScheduledId=task, failureDetails=details)
    tx.deliver(parent.key, event(subOrchestrationInstanceFailed=failed))


def terminate(tx: Transaction, instance: Instance, reason: str | None, *, recursive: bool) -> None:
    """End an instance at once, whatever its turn in flight may answer; if `recursive`, its children first."""
    if instance.finished:
        return
    if recursive:
        for child in select(tx.db, f"parent_key = ? AND status IN {LIVE}", instance.key):
            terminate(tx, child, reason, recursive=True)
    terminated = pb.ExecutionTerminatedEvent(input=text(reason), recurse=recursive)
    tx.append_history(instance.key, [event(executionTerminated=terminated)])
    finish(tx, instance, pb.ORCHESTRATION_STATUS_TERMINATED, reason, None)


def delete(tx: Transaction, instance: Instance) -> None:
    """Remove every trace of an instance."""
    for table in ("history", "inbox", "activities", "alarms"):
        tx.db.execute(f"DELETE FROM {table} WHERE instance = ?", (instance.key,))  # noqa: S608 - names are ours
    tx.db.execute("DELETE FROM instances WHERE key = ?", (instance.key,))
    tx.stopped.append(instance.key)
    tx.changed.append(instance.id)
    entities.release_all(tx, instance.key)


def purge(tx: Transaction, instance: Instance, *, recursive: bool) -> int:
    """Delete a finished instance, with `recursive` its finished children too; how many went."""
    if not instance.finished:
        return 0
    count = 1
    if recursive:
        for child in select(tx.db, "parent_key = ?", instance.key):
            count += purge(tx, child, recursive=True)
    delete(tx, instance)
    return count
