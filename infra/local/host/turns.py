"""One turn of an orchestration: what its answer changes, all in one transaction."""

import logging

import durabletask.internal.orchestrator_service_pb2 as pb

from infra.local.host import entities, instances
from infra.local.host.errors import InstanceExists
from infra.local.host.events import event, failure, seconds, text
from infra.local.host.instances import Instance, Parent
from infra.local.host.transaction import Transaction

_log = logging.getLogger(__name__)

# What comes from outside survives continue-as-new; results belong to the generation that asked for them.
_FROM_OUTSIDE = ("eventRaised", "executionSuspended", "executionResumed")


def apply(
    tx: Transaction,
    instance: Instance,
    taken: list[pb.HistoryEvent],
    inbox: list[int],
    answer: pb.OrchestratorResponse,
) -> None:
    """Apply the answer to a turn that was given the events `taken`, which stood in the inbox as `inbox`."""
    tx.delete_inbox(inbox)
    rewind = next((action for action in answer.actions if action.HasField("rewindOrchestration")), None)
    if rewind is not None:
        _rewind(tx, instance, list(rewind.rewindOrchestration.newHistory))
        return
    status = pb.ORCHESTRATION_STATUS_RUNNING
    for each in taken:
        if each.HasField("executionSuspended"):
            status = pb.ORCHESTRATION_STATUS_SUSPENDED
        elif each.HasField("executionResumed"):
            status = pb.ORCHESTRATION_STATUS_RUNNING
    custom_status = answer.customStatus.value if answer.HasField("customStatus") else None
    # A number below zero: not the orchestrator ended it, but what ran it, which knows no custom status.
    if any(action.id < 0 for action in answer.actions):
        custom_status = instance.custom_status
    instances.update(tx, instance, status=status, custom_status=custom_status)
    written = list(taken)
    completion: pb.CompleteOrchestrationAction | None = None
    for action in answer.actions:
        if action.HasField("completeOrchestration"):
            completion = action.completeOrchestration
        else:
            _act(tx, instance, action, written)
    written.append(event(orchestratorCompleted=pb.OrchestratorCompletedEvent()))
    if completion is None:
        tx.append_history(instance.key, written)
    elif completion.orchestrationStatus == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW:
        _continue_as_new(tx, instance, completion)
    else:
        tx.append_history(instance.key, written)
        details = completion.failureDetails if completion.HasField("failureDetails") else None
        output = (
            completion.result.value if completion.HasField("result") and completion.result.value else None
        )
        instances.finish(tx, instance, completion.orchestrationStatus, output, details)


def _act(
    tx: Transaction, instance: Instance, action: pb.OrchestratorAction, written: list[pb.HistoryEvent]
) -> None:
    kind = action.WhichOneof("orchestratorActionType")
    if kind == "scheduleTask":
        task = action.scheduleTask
        scheduled = event(
            action.id,
            taskScheduled=pb.TaskScheduledEvent(
                name=task.name,
                version=task.version if task.HasField("version") else None,
                input=task.input if task.HasField("input") else None,
                tags=task.tags,
            ),
        )
        written.append(scheduled)
        tx.start_activity(instance.key, instance.generation, scheduled)
    elif kind == "createTimer":
        fire_at = action.createTimer.fireAt
        written.append(event(action.id, timerCreated=pb.TimerCreatedEvent(fireAt=fire_at)))
        _set_timer(tx, instance, action.id, pb.TimerCreatedEvent(fireAt=fire_at))
    elif kind == "createSubOrchestration":
        _start_child(tx, instance, action, written)
    elif kind == "sendEvent":
        send = action.sendEvent
        target = send.instance.instanceId
        data = send.data if send.HasField("data") else None
        written.append(
            event(action.id, eventSent=pb.EventSentEvent(instanceId=target, name=send.name, input=data))
        )
        other = instances.by_id(tx.db, target)
        if other is not None and not other.finished:
            tx.deliver(other.key, event(eventRaised=pb.EventRaisedEvent(name=send.name, input=data)))
    elif kind == "sendEntityMessage":
        _send_to_entity(tx, instance, action, written)
    elif kind == "terminateOrchestration":
        terminate = action.terminateOrchestration
        other = instances.by_id(tx.db, terminate.instanceId)
        if other is not None:
            instances.terminate(tx, other, terminate.reason.value, recursive=terminate.recurse)


def _set_timer(tx: Transaction, instance: Instance, timer_id: int, created: pb.TimerCreatedEvent) -> None:
    fired = event(timerFired=pb.TimerFiredEvent(fireAt=created.fireAt, timerId=timer_id))
    tx.set_alarm(seconds(created.fireAt), instance=instance.key, event=fired)


def _start_child(
    tx: Transaction, instance: Instance, action: pb.OrchestratorAction, written: list[pb.HistoryEvent]
) -> None:
    sub = action.createSubOrchestration
    written.append(
        event(
            action.id,
            subOrchestrationInstanceCreated=pb.SubOrchestrationInstanceCreatedEvent(
                instanceId=sub.instanceId,
                name=sub.name,
                version=sub.version if sub.HasField("version") else None,
                input=sub.input if sub.HasField("input") else None,
                tags=sub.tags,
            ),
        )
    )
    try:
        instances.create(
            tx,
            sub.instanceId,
            sub.name,
            sub.input.value if sub.HasField("input") else None,
            version=sub.version.value if sub.HasField("version") else None,
            tags=dict(sub.tags),
            parent=Parent(instance, action.id),
        )
    except InstanceExists as refused:
        failed = pb.SubOrchestrationInstanceFailedEvent(
            taskScheduledId=action.id, failureDetails=failure("InstanceExists", str(refused), final=True)
        )
        tx.deliver(instance.key, event(subOrchestrationInstanceFailed=failed))


def _send_to_entity(
    tx: Transaction, instance: Instance, action: pb.OrchestratorAction, written: list[pb.HistoryEvent]
) -> None:
    message = action.sendEntityMessage
    kind = message.WhichOneof("EntityMessageType")
    assert kind is not None
    written.append(event(action.id, **{kind: getattr(message, kind)}))
    if kind == "entityOperationSignaled":
        signaled = message.entityOperationSignaled
        entities.queue_signal(tx, signaled.targetInstanceId.value, signaled, entities.due_of(signaled))
    elif kind == "entityOperationCalled":
        called = message.entityOperationCalled
        tx.queue_operation(
            called.targetInstanceId.value,
            event(entityOperationCalled=called),
            caller=instance.key,
            generation=instance.generation,
        )
    elif kind == "entityLockRequested":
        entities.request_lock(tx, message.entityLockRequested, instance.key, instance.generation)
    else:
        unlock = message.entityUnlockSent
        entities.release(tx, unlock.criticalSectionId, unlock.targetInstanceId.value)


def _continue_as_new(tx: Transaction, instance: Instance, completion: pb.CompleteOrchestrationAction) -> None:
    waiting = [
        pb.HistoryEvent.FromString(blob)
        for (blob,) in tx.db.execute(
            "SELECT event FROM inbox WHERE instance = ? ORDER BY id", (instance.key,)
        )
    ]
    tx.db.execute("DELETE FROM inbox WHERE instance = ?", (instance.key,))
    tx.db.execute("DELETE FROM alarms WHERE instance = ?", (instance.key,))
    entities.release_all(tx, instance.key)
    tx.replace_history(instance.key, [])
    instances.update(
        tx,
        instance,
        generation=instance.generation + 1,
        input=completion.result.value if completion.HasField("result") else None,
        version=completion.newVersion.value if completion.HasField("newVersion") else instance.version,
        status=pb.ORCHESTRATION_STATUS_PENDING,
        start_at=None,
    )
    kept = [each for each in waiting if each.WhichOneof("eventType") in _FROM_OUTSIDE]
    tx.deliver(instance.key, instances.execution_started(tx.db, instance), *completion.carryoverEvents, *kept)


def start_rewind(tx: Transaction, instance: Instance, reason: str | None) -> None:
    """Wake a failed instance with a request that the worker answers with a history without the failures."""
    instances.update(
        tx, instance, status=pb.ORCHESTRATION_STATUS_RUNNING, output=None, failure=None, completed_at=None
    )
    tx.deliver(instance.key, event(executionRewound=pb.ExecutionRewoundEvent(reason=text(reason))))


def _rewind(tx: Transaction, instance: Instance, history: list[pb.HistoryEvent]) -> None:
    """Take over the rewritten history, and open again whatever in it has no result."""
    tx.replace_history(instance.key, history)
    instances.update(tx, instance, status=pb.ORCHESTRATION_STATUS_RUNNING)
    done: set[tuple[str, int | str]] = set()
    reason: str | None = None
    for each in history:
        if each.HasField("taskCompleted"):
            done.add(("task", each.taskCompleted.taskScheduledId))
        elif each.HasField("subOrchestrationInstanceCompleted"):
            done.add(("child", each.subOrchestrationInstanceCompleted.taskScheduledId))
        elif each.HasField("timerFired"):
            done.add(("timer", each.timerFired.timerId))
        elif each.HasField("entityOperationCompleted"):
            done.add(("call", each.entityOperationCompleted.requestId))
        elif each.HasField("entityOperationFailed"):
            done.add(("call", each.entityOperationFailed.requestId))
        elif each.HasField("executionRewound"):
            reason = each.executionRewound.reason.value or None
    open_tasks = {
        pb.HistoryEvent.FromString(blob).eventId
        for (blob,) in tx.db.execute(
            "SELECT event FROM activities WHERE instance = ? AND generation = ?",
            (instance.key, instance.generation),
        )
    }
    for each in history:
        if each.HasField("taskScheduled"):
            if ("task", each.eventId) not in done and each.eventId not in open_tasks:
                tx.start_activity(instance.key, instance.generation, each)
        elif each.HasField("timerCreated"):
            if ("timer", each.eventId) not in done:
                _set_timer(tx, instance, each.eventId, each.timerCreated)
        elif each.HasField("entityOperationCalled"):
            called = each.entityOperationCalled
            if ("call", called.requestId) not in done:
                tx.queue_operation(
                    called.targetInstanceId.value,
                    event(entityOperationCalled=called),
                    caller=instance.key,
                    generation=instance.generation,
                )
        elif each.HasField("subOrchestrationInstanceCreated") and ("child", each.eventId) not in done:
            _rewind_child(tx, instance, each, reason)
    # The rewound event stands in the history already; this one only makes the next turn due.
    tx.deliver(instance.key, event(genericEvent=pb.GenericEvent(data=text("rewound"))))


def _rewind_child(tx: Transaction, instance: Instance, created: pb.HistoryEvent, reason: str | None) -> None:
    sub = created.subOrchestrationInstanceCreated
    child = instances.by_id(tx.db, sub.instanceId)
    if child is not None and child.status == pb.ORCHESTRATION_STATUS_FAILED:
        start_rewind(tx, child, reason)
    elif child is not None and child.status == pb.ORCHESTRATION_STATUS_COMPLETED:
        instances.tell_parent(tx, child)
    elif child is None or child.finished:
        instances.create(
            tx,
            sub.instanceId,
            sub.name,
            sub.input.value if sub.HasField("input") else None,
            version=sub.version.value if sub.HasField("version") else None,
            parent=Parent(instance, created.eventId),
        )
