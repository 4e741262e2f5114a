"""Registers the orchestrations under their permanent names; each is imported when its first run begins."""

from collections.abc import Generator
from typing import Any

from durabletask import task

from orchestrations.app import app
from shared.importing import IMPORTING

type Waits = Generator[task.Task[Any], Any, Any]


def run_plan(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Waits:
    """Carry out a plan."""
    with IMPORTING:
        from orchestrations.run_plan import run_plan  # noqa: PLC0415 - see above

    return run_plan(ctx, payload)


def handle_incident(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Waits:
    """See an incident through."""
    with IMPORTING:
        from orchestrations.handle_incident import handle_incident  # noqa: PLC0415 - see above

    return handle_incident(ctx, payload)


def report_unreadable_alert(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Waits:
    """Keep at telling people about an alert that nobody could read."""
    with IMPORTING:
        from orchestrations.handle_incident import PATIENTLY  # noqa: PLC0415 - see above

    order = {**payload, "id": ctx.instance_id}
    return (yield ctx.call_activity("page_unreadable_alert", input=order, retry_policy=PATIENTLY))


for orchestration in (run_plan, handle_incident, report_unreadable_alert):
    app.orchestration_trigger(context_name="context", orchestration=orchestration.__name__)(orchestration)
