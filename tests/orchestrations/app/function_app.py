"""The product's own blueprint, with actions that do as they are told and a door that starts any plan."""

import json
import os
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func
from durabletask import task

from orchestrations import run_context
from orchestrations.registered import actions
from orchestrations.registered import app as blueprint
from orchestrations.start import Requester, signed_request, start_run
from shared.model.plan import Mode, Plan
from shared.runtime import runtime
from tests.orchestrations.scripted import ACTIONS

actions(ACTIONS, ACTIONS.__getitem__)

if tries := os.environ.get("PATIENCE"):
    run_context.PATIENTLY = task.RetryPolicy(
        first_retry_interval=timedelta(seconds=0.1), max_number_of_attempts=int(tries)
    )


@blueprint.route(route="test/runs", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
def start_any(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    """Start the posted plan in somebody's name."""
    asked = req.get_json()
    run_id = start_run(
        client,
        signed_request(
            runtime(),
            Plan.model_validate(asked["plan"]),
            mode=Mode(asked.get("mode", "real")),
            requester=Requester(asked["requester_id"], asked["requester_id"]),
            reason=asked.get("reason", "a test"),
            run_id=asked.get("run_id"),
        ),
    )
    return func.HttpResponse(json.dumps({"run_id": run_id}), status_code=202, mimetype="application/json")


app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(blueprint)
