"""Keeps at telling people about an alert that nobody could read."""

from collections.abc import Generator
from typing import Any

from durabletask import task

from orchestrations.handle_incident import PATIENTLY


def report_unreadable_alert(
    ctx: task.OrchestrationContext, payload: dict[str, Any]
) -> Generator[task.Task[Any], Any, Any]:
    """Azure Monitor will not send it again, so the page goes on until it has been sent."""
    order = {**payload, "id": ctx.instance_id}
    return (yield ctx.call_activity("page_unreadable_alert", input=order, retry_policy=PATIENTLY))
