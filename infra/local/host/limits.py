"""Sizes that the Durable Task Scheduler refuses, refused here too, so that nothing fails only in Azure."""

import durabletask.internal.orchestrator_service_pb2 as pb

from infra.local.host.errors import MessageTooLarge

MESSAGE_BYTES = 900 * 1024
CUSTOM_STATUS_BYTES = 16 * 1024


def check(what: str, value: str | None, limit: int = MESSAGE_BYTES) -> None:
    """Raise `MessageTooLarge` when `value` is longer than `limit` bytes of UTF-8."""
    # A character is at most four bytes: short texts need no encoding to be known as short.
    if value is None or len(value) * 4 <= limit:
        return
    size = len(value.encode())
    if size > limit:
        raise MessageTooLarge(
            f"{what} is {size:,} bytes; the limit is {limit:,} bytes. "
            "Keep large data in blob storage and pass a reference."
        )


def check_turn(response: pb.OrchestratorResponse) -> None:
    """Check everything that one turn of an orchestration sends out."""
    check("The custom status", response.customStatus.value, CUSTOM_STATUS_BYTES)
    for action in response.actions:
        kind = action.WhichOneof("orchestratorActionType")
        if kind == "scheduleTask":
            check(f"The input of activity '{action.scheduleTask.name}'", action.scheduleTask.input.value)
        elif kind == "createSubOrchestration":
            sub = action.createSubOrchestration
            check(f"The input of sub-orchestration '{sub.name}'", sub.input.value)
        elif kind == "sendEvent":
            check(f"The event '{action.sendEvent.name}'", action.sendEvent.data.value)
        elif kind == "completeOrchestration":
            check("The output of the orchestration", action.completeOrchestration.result.value)
        elif kind == "sendEntityMessage":
            message = action.sendEntityMessage
            called, signaled = message.entityOperationCalled, message.entityOperationSignaled
            check("The input of an entity operation", called.input.value or signaled.input.value)
