"""How open incidents hear of a silence that begins or ends."""

import json
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
from durabletask import task
from durabletask.client import OrchestrationQuery, OrchestrationStatus

from orchestrations.handle_incident import PATIENTLY
from shared.model.incident import Incident
from shared.model.wire import Wire
from shared.planners.silences import covers, ours
from shared.runtime import runtime


def tell_of_silence(
    ctx: task.OrchestrationContext, payload: dict[str, Any]
) -> Generator[task.Task[Any], Any, Any]:
    """Let open incidents know that a silence has begun or ended."""
    return (yield ctx.call_activity("wake_incidents", input=payload, retry_policy=PATIENTLY))


def wake_incidents(payload: Wire, client: df.SyncDurableFunctionsClient) -> int:
    """Wake every open incident that a silence is about; it asks for itself what is silent now. How many there are."""
    about, woken = ours({payload["id"]: payload}, runtime().signer), 0
    query = OrchestrationQuery(
        instance_id_prefix="inc-", runtime_status=[OrchestrationStatus.RUNNING], fetch_inputs_and_outputs=True
    )
    for state in client.get_all_orchestration_states(query):
        shown = state.serialized_custom_status
        # One that shows nothing yet has still to ask for the first time.
        if shown and any(covers(one, Incident.from_wire(json.loads(shown)).alert) for one in about):
            client.raise_orchestration_event(state.instance_id, "silence", data={})
            woken += 1
    return woken
