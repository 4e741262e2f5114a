"""History events as the engine writes them, each stamped with the time it was written."""

import time
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
from google.protobuf import timestamp_pb2, wrappers_pb2

LIVE = (pb.ORCHESTRATION_STATUS_RUNNING, pb.ORCHESTRATION_STATUS_PENDING, pb.ORCHESTRATION_STATUS_SUSPENDED)


def is_finished(status: int) -> bool:
    return status not in LIVE


def stamp(seconds: float) -> timestamp_pb2.Timestamp:
    moment = timestamp_pb2.Timestamp()
    moment.FromNanoseconds(round(seconds * 1e6) * 1000)
    return moment


def seconds(moment: timestamp_pb2.Timestamp) -> float:
    return moment.ToNanoseconds() / 1e9


def text(value: str | None) -> wrappers_pb2.StringValue | None:
    return None if value is None else wrappers_pb2.StringValue(value=value)


def event(event_id: int = -1, **kind: Any) -> pb.HistoryEvent:  # noqa: ANN401 - one message of many types
    """One history event; `kind` is its one field, such as `taskCompleted=...`."""
    return pb.HistoryEvent(eventId=event_id, timestamp=stamp(time.time()), **kind)


def failure(
    error_type: str, message: str, stack: str | None = None, *, final: bool = False
) -> pb.TaskFailureDetails:
    """Failure details that are never empty: the engine takes an empty message for success."""
    return pb.TaskFailureDetails(
        errorType=error_type, errorMessage=message or error_type, stackTrace=text(stack), isNonRetriable=final
    )
