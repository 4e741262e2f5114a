"""One incident: tell the people on call, offer or start the plan that the estate names, and wait until it is over."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from durabletask import task
from durabletask.entities import EntityInstanceId

from shared.model.alert import Alert, Incident, IncidentState
from shared.model.run import LogEntry
from shared.model.wire import Wire

type Waits = Generator[task.Task[Any], Any, Any]

PATIENTLY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=2),
    max_number_of_attempts=12,
    backoff_coefficient=2,
    max_retry_interval=timedelta(minutes=5),
)


def handle_incident(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Waits:
    """From the first alert to the close; the custom status is the live `Incident`, the output the closed one."""
    alert = Alert.from_wire(payload["alert"])
    incident = Incident(id=payload["incident_id"], alert=alert, opened_at=_now(ctx))
    incident = _noted(ctx, incident, f"opened by {alert.rule} ({alert.severity})")

    told = ctx.call_activity("tell_on_call", input=incident.to_wire(), retry_policy=PATIENTLY)
    response: Wire = yield ctx.call_activity(
        "respond_to_incident", input=incident.model_dump_json(), retry_policy=PATIENTLY
    )
    if response["plan"]:
        incident = incident.model_copy(
            update={"plan": response["plan"], "run_ids": tuple(response["run_ids"])}
        )
        what = f"started {response['run_ids'][0]}" if response["run_ids"] else f"offers {response['plan']}"
        incident = _noted(ctx, incident, what)

    telling = True
    alerts, decisions = ctx.wait_for_external_event("alert"), ctx.wait_for_external_event("decision")
    while incident.state is not IncidentState.CLOSED:
        yield task.when_any([alerts, decisions, *([told] if telling else [])])
        if telling and told.is_complete:
            telling = False
            failed = told.is_failed
            incident = _noted(
                ctx, incident, "the people on call could not be told" if failed else "told who is on call"
            )
        if alerts.is_complete:
            incident = _again(ctx, incident, alerts.get_result())
            alerts = ctx.wait_for_external_event("alert")
        if decisions.is_complete:
            verdict = yield ctx.call_activity(
                "check_control", input={"run_id": incident.id, "control": decisions.get_result()}
            )
            incident = _decided(ctx, incident, verdict)
            decisions = ctx.wait_for_external_event("decision")

    entity = EntityInstanceId("open_incident", alert.fingerprint)
    yield ctx.call_entity(entity, "close", {"generation": payload["generation"]})
    return incident.to_wire()


def _again(ctx: task.OrchestrationContext, incident: Incident, wire: Any) -> Incident:  # noqa: ANN401 - an event
    """A further alert of the same cause. `resolved` is a hint, and closes nothing by itself (seed 000, 5.1)."""
    try:
        alert = Alert.from_wire(wire)
    except ValueError:
        return _noted(ctx, incident, "ignored an event that is no alert")
    if alert.condition == "resolved":
        if incident.state is IncidentState.OPEN:
            incident = incident.model_copy(update={"state": IncidentState.MITIGATED})
        return _noted(ctx, incident, "Azure Monitor says that it is resolved")
    if incident.state is IncidentState.MITIGATED:
        incident = incident.model_copy(update={"state": IncidentState.OPEN})
    return _noted(ctx, incident, "fired again")


def _decided(ctx: task.OrchestrationContext, incident: Incident, verdict: Wire) -> Incident:
    if verdict["refused"]:
        return _noted(ctx, incident, f"ignored a decision: {verdict['refused']}")
    control: Wire = verdict["control"]
    who, reason = control["actor"], control["reason"]
    if control["verb"] == "acknowledge":
        changes: Wire = {"state": IncidentState.ACKNOWLEDGED, "acknowledged_by": who}
        return _noted(ctx, incident.model_copy(update=changes), f"acknowledged: {reason}", who)
    if control["verb"] == "resolve":
        changes = {"state": IncidentState.CLOSED, "closed_at": _now(ctx)}
        return _noted(ctx, incident.model_copy(update=changes), f"resolved: {reason}", who)
    return _noted(ctx, incident, f"ignored {control['verb']}: an incident is acknowledged or resolved", who)


def _noted(ctx: task.OrchestrationContext, incident: Incident, what: str, who: str = "") -> Incident:
    """With a line more in its timeline (the last hundred are kept), shown to whoever looks."""
    entry = LogEntry(at=_now(ctx), what=what[:300], who=who)
    noted = incident.model_copy(update={"timeline": (*incident.timeline, entry)[-100:]})
    live = noted.model_copy(update={"timeline": noted.timeline[-20:]})
    ctx.set_custom_status(live.to_wire())
    return noted


def _now(ctx: task.OrchestrationContext) -> datetime:
    return ctx.current_utc_datetime.replace(tzinfo=UTC)
