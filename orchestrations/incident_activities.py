"""What an incident does outside: telling people, and starting the plan that the estate names for its rule."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import azure.durable_functions as df

from orchestrations.app import app
from orchestrations.start import Requester, start_run
from orchestrations.telling import tell
from shared.importing import IMPORTING
from shared.model.plan import Mode
from shared.plans.catalog import catalog
from shared.runtime import runtime

if TYPE_CHECKING:
    from shared.model.alert import Incident
    from shared.model.estate import Estate, RemediationRule


@app.activity_trigger(input_name="payload")
def tell_on_call(_ctx: object, payload: dict[str, Any]) -> bool:
    """Tell the people on call that an incident is open, and what they can do."""
    with IMPORTING:
        from shared.model.alert import Incident  # noqa: PLC0415 - with the first incident

    world, incident = runtime(), Incident.from_wire(payload)
    alert, rule = incident.alert, rule_for(world.estate, incident)
    what = "The estate names no plan for this rule.\n"
    if rule is not None:
        what = f"The estate's plan for this rule is {rule.plan}: it " + (
            "has been started.\n"
            if rule.start == "start"
            else f"is offered. Start it with POST /api/recovery/{rule.plan}.\n"
        )
    text = (
        f"{alert.rule} fired at {alert.fired_at.isoformat()} ({alert.severity}).\n{alert.description}\n\n"
        + "".join(f"  {resource}\n" for resource in alert.resources)
        + f"\n{what}\nAcknowledge with POST /api/incidents/{incident.id}/acknowledge.\n"
    )
    tell(world, f"{incident.id}/opened", world.estate.on_call, f"[{alert.severity}] {alert.rule}", text)
    return True


@app.durable_client_input(client_name="client")
@app.activity_trigger(input_name="payload")
def respond_to_incident(payload: str, client: df.SyncDurableFunctionsClient) -> dict:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
    """Start the plan that the estate names for the rule, or say which one it offers (`payload`: Incident JSON)."""
    with IMPORTING:
        from shared.model.alert import Incident  # noqa: PLC0415 - with the first incident

    world, incident = runtime(), Incident.from_wire(json.loads(payload))
    rule = rule_for(world.estate, incident)
    if rule is None or not world.signer.is_ours(incident.alert):
        return {"plan": "", "run_ids": []}
    if rule.start == "offer":
        return {"plan": rule.plan, "run_ids": []}
    run_id = f"{catalog()[rule.plan].kind}-{rule.plan}-{incident.id}"
    if client.get_orchestration_state(run_id, fetch_payloads=False) is None:
        from shared.plans.planning import PlanRequest  # noqa: PLC0415 - with the first plan that is started

        maker = catalog()[rule.plan]
        since: datetime = incident.alert.fired_at
        plan = maker(
            world.estate,
            PlanRequest(mode=Mode.REAL, outage_started_at=since),
            maker.parameters.model_validate(rule.parameters),
        )
        start_run(
            client,
            world,
            plan,
            mode=Mode.REAL,
            requester=Requester(f"system:alert/{incident.id}", f"alert {incident.alert.rule}"),
            reason=f"incident {incident.id}",
            outage_started_at=since,
            rto_basis="alert",
            parameters=rule.parameters,
            run_id=run_id,
        )
    return {"plan": rule.plan, "run_ids": [run_id]}


@app.activity_trigger(input_name="payload")
def page_unreadable_alert(_ctx: object, payload: dict[str, Any]) -> bool:
    """An alert came that is none we can read: people must look, because Azure Monitor will not send it again."""
    world = runtime()
    text = f"{payload['problem']}\n\nWhat came, as far as it fits:\n\n{payload['content']}\n"
    tell(world, f"{payload['id']}/unreadable", world.estate.on_call, "An alert could not be read", text)
    return True


def rule_for(estate: "Estate", incident: "Incident") -> "RemediationRule | None":
    """What the estate says of the incident's alert rule."""
    wanted = incident.alert.rule.lower()
    return next((rule for rule in estate.remediation if rule.alert_rule.lower() == wanted), None)
