"""Registers the orchestrations under their permanent names."""

from collections.abc import Generator
from typing import Any

from durabletask import task

from orchestrations.app import app
from orchestrations.handle_incident import PATIENTLY, handle_incident
from orchestrations.run_plan import run_plan


def report_unreadable_alert(
    ctx: task.OrchestrationContext, payload: dict[str, Any]
) -> Generator[task.Task[Any], Any, Any]:
    """Keep at telling people about an alert that nobody could read."""
    return (
        yield ctx.call_activity(
            "page_unreadable_alert", input={**payload, "id": ctx.instance_id}, retry_policy=PATIENTLY
        )
    )


for orchestration in (run_plan, handle_incident, report_unreadable_alert):
    app.orchestration_trigger(context_name="context", orchestration=orchestration.__name__)(orchestration)
