"""Instances, histories and entities as the Durable extension's HTTP API shows them; pure."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb

from infra.local.host.entities import Entity
from infra.local.host.events import seconds
from infra.local.host.instances import Instance

STATUS_NAMES: dict[int, str] = {
    pb.ORCHESTRATION_STATUS_RUNNING: "Running",
    pb.ORCHESTRATION_STATUS_COMPLETED: "Completed",
    pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW: "ContinuedAsNew",
    pb.ORCHESTRATION_STATUS_FAILED: "Failed",
    pb.ORCHESTRATION_STATUS_CANCELED: "Canceled",
    pb.ORCHESTRATION_STATUS_TERMINATED: "Terminated",
    pb.ORCHESTRATION_STATUS_PENDING: "Pending",
    pb.ORCHESTRATION_STATUS_SUSPENDED: "Suspended",
}
_NAMES = {
    "executionStarted": "ExecutionStarted",
    "executionCompleted": "ExecutionCompleted",
    "executionTerminated": "ExecutionTerminated",
    "executionSuspended": "ExecutionSuspended",
    "executionResumed": "ExecutionResumed",
    "executionRewound": "ExecutionRewound",
    "taskScheduled": "TaskScheduled",
    "taskCompleted": "TaskCompleted",
    "taskFailed": "TaskFailed",
    "subOrchestrationInstanceCreated": "SubOrchestrationInstanceCreated",
    "subOrchestrationInstanceCompleted": "SubOrchestrationInstanceCompleted",
    "subOrchestrationInstanceFailed": "SubOrchestrationInstanceFailed",
}
_SCHEDULING = ("taskScheduled", "subOrchestrationInstanceCreated")
_ENDING = (
    "taskCompleted",
    "taskFailed",
    "subOrchestrationInstanceCompleted",
    "subOrchestrationInstanceFailed",
)


def payload(text: str | None) -> Any:  # noqa: ANN401 - any JSON
    """A payload as JSON where it is JSON, else as the text that it is."""
    if text is None or text == "":
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def moment(at: float, *, fraction: bool = False) -> str:
    spec = "%Y-%m-%dT%H:%M:%S.%fZ" if fraction else "%Y-%m-%dT%H:%M:%SZ"
    return datetime.fromtimestamp(at, UTC).strftime(spec)


def instance(each: Instance, *, with_input: bool) -> dict[str, Any]:
    details = each.failure_details
    return {
        "name": each.name,
        "instanceId": each.id,
        "runtimeStatus": STATUS_NAMES[each.status],
        "input": payload(each.input) if with_input else None,
        "customStatus": payload(each.custom_status),
        "output": payload(each.output) if details is None else details.errorMessage,
        "createdTime": moment(each.created_at),
        "lastUpdatedTime": moment(each.updated_at),
    }


def history(
    events: Sequence[pb.HistoryEvent], *, with_input: bool, with_output: bool
) -> list[dict[str, Any]]:
    """What happened; a task's scheduling is merged into its end, as the extension does it."""
    shown: list[dict[str, Any] | None] = []
    open_tasks: dict[tuple[str, int], int] = {}
    for each in events:
        kind = each.WhichOneof("eventType")
        if kind is None or kind.startswith("orchestrator") or kind == "genericEvent":
            continue
        body: Any = getattr(each, kind)
        item: dict[str, Any] = {
            "EventType": _NAMES.get(kind, kind[0].upper() + kind[1:]),
            "Timestamp": moment(seconds(each.timestamp), fraction=True),
        }
        _describe(item, kind, body, with_input=with_input, with_output=with_output)
        family = kind[:4]
        if kind in _SCHEDULING:
            open_tasks[family, each.eventId] = len(shown)
        elif kind in _ENDING and (
            scheduled := _taken(shown, open_tasks.pop((family, body.taskScheduledId), None))
        ):
            item["ScheduledTime"] = scheduled["Timestamp"]
            item["FunctionName"] = scheduled["Name"]
            if "Input" in scheduled:
                item["Input"] = scheduled["Input"]
        shown.append(item)
    return [item for item in shown if item is not None]


def _taken(shown: list[dict[str, Any] | None], index: int | None) -> dict[str, Any] | None:
    if index is None:
        return None
    item, shown[index] = shown[index], None
    return item


def _describe(
    item: dict[str, Any],
    kind: str,
    body: Any,  # noqa: ANN401 - one message of many types
    *,
    with_input: bool,
    with_output: bool,
) -> None:
    fields = {descriptor.name: value for descriptor, value in body.ListFields()}
    if kind == "executionStarted":
        item["FunctionName"] = body.name
    elif "name" in fields:
        item["Name"] = body.name
    if "input" in fields and (with_input or kind == "eventRaised"):
        item["Input"] = payload(body.input.value)
    if "result" in fields and with_output:
        item["Result"] = payload(body.result.value)
    if "fireAt" in fields:
        item["FireAt"] = moment(seconds(body.fireAt), fraction=True)
    if "instanceId" in fields:
        item["InstanceId"] = body.instanceId
    if "reason" in fields:
        item["Reason"] = body.reason.value
    if kind == "executionCompleted":
        item["OrchestrationStatus"] = STATUS_NAMES[body.orchestrationStatus]
    if "failureDetails" in fields:
        details = body.failureDetails
        item["Reason"] = details.errorMessage
        item["FailureDetails"] = {"ErrorType": details.errorType, "ErrorMessage": details.errorMessage}
    if kind.startswith("entityOperation"):
        for name in ("operation", "requestId"):
            if name in fields:
                item[name[0].upper() + name[1:]] = fields[name]


def entity(each: Entity, *, with_state: bool) -> dict[str, Any]:
    _, name, key = each.id.split("@", 2)
    shown: dict[str, Any] = {
        "entityId": {"name": name, "key": key},
        "lastOperationTime": moment(each.modified_at, fraction=True),
    }
    if with_state:
        shown["state"] = payload(each.state)
    return shown
