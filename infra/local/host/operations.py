"""What clients ask of the task hub, over gRPC and over HTTP alike."""

import uuid

import durabletask.internal.orchestrator_service_pb2 as pb

from infra.local.host import entities, instances, limits, turns
from infra.local.host.engine import Engine
from infra.local.host.errors import IdInvalid, InstanceNotFound, NotAllowedNow
from infra.local.host.events import event, text
from infra.local.host.instances import Instance
from infra.local.host.transaction import Transaction


def start(
    engine: Engine,
    instance_id: str,
    name: str,
    encoded_input: str | None,
    *,
    version: str | None = None,
    tags: dict[str, str] | None = None,
    start_at: float | None = None,
    replace: tuple[int, ...] | None = None,
) -> None:
    """Start an orchestration; what the options mean is said at `instances.create`."""
    if instance_id.startswith("@"):
        raise IdInvalid(f"The id '{instance_id}' starts with '@', as only the ids of entities do.")
    limits.check(f"The input of orchestration '{name}'", encoded_input)
    with engine.transaction() as tx:
        instances.create(
            tx,
            instance_id,
            name,
            encoded_input,
            version=version,
            tags=tags,
            start_at=start_at,
            replace=replace,
        )


def restart(engine: Engine, instance_id: str, *, new_id: bool) -> str:
    """Start a finished orchestration again with the input it had; the id it now runs under."""
    with engine.transaction() as tx:
        instance = _existing(tx, instance_id)
        if not instance.finished:
            raise NotAllowedNow(f"Orchestration '{instance_id}' has not ended.")
        target = uuid.uuid4().hex if new_id else instance_id
        instances.create(tx, target, instance.name, instance.input, version=instance.version)
    return target


def raise_event(engine: Engine, instance_id: str, name: str, data: str | None) -> None:
    limits.check(f"The event '{name}'", data)
    with engine.transaction() as tx:
        raised = pb.EventRaisedEvent(name=name, input=text(data))
        tx.deliver(_going_on(tx, instance_id).key, event(eventRaised=raised))


def terminate(engine: Engine, instance_id: str, reason: str | None, *, recursive: bool) -> None:
    """End an orchestration at once; `reason` is JSON and becomes its output."""
    with engine.transaction() as tx:
        instances.terminate(tx, _going_on(tx, instance_id), reason, recursive=recursive)


def suspend(engine: Engine, instance_id: str, reason: str | None) -> None:
    with engine.transaction() as tx:
        instance = _going_on(tx, instance_id)
        if instance.status != pb.ORCHESTRATION_STATUS_SUSPENDED:
            tx.deliver(instance.key, event(executionSuspended=pb.ExecutionSuspendedEvent(input=text(reason))))


def resume(engine: Engine, instance_id: str, reason: str | None) -> None:
    with engine.transaction() as tx:
        instance = _going_on(tx, instance_id)
        tx.deliver(instance.key, event(executionResumed=pb.ExecutionResumedEvent(input=text(reason))))


def rewind(engine: Engine, instance_id: str, reason: str | None) -> None:
    """Run again what made an orchestration fail, and nothing else."""
    with engine.transaction() as tx:
        instance = _existing(tx, instance_id)
        if instance.status != pb.ORCHESTRATION_STATUS_FAILED:
            raise NotAllowedNow(
                f"Orchestration '{instance_id}' has not failed, and only a failed one rewinds."
            )
        turns.start_rewind(tx, instance, reason)


def signal(
    engine: Engine,
    entity: str,
    operation: str,
    encoded_input: str | None,
    *,
    due: float | None = None,
    request_id: str | None = None,
) -> None:
    limits.check(f"The input of operation '{operation}'", encoded_input)
    with engine.transaction() as tx:
        entities.signal(tx, entity, operation, encoded_input, due=due, request_id=request_id)


def _existing(tx: Transaction, instance_id: str) -> Instance:
    instance = instances.by_id(tx.db, instance_id)
    if instance is None:
        raise InstanceNotFound(f"No orchestration has the id '{instance_id}'.")
    return instance


def _going_on(tx: Transaction, instance_id: str) -> Instance:
    instance = _existing(tx, instance_id)
    if instance.finished:
        raise NotAllowedNow(f"Orchestration '{instance_id}' has already ended.")
    return instance
