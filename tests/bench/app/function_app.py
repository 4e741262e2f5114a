"""The product's own app, with no-op actions, a bare orchestration beside it, and a way to start many of either."""

import secrets
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from durabletask.client import OrchestrationQuery, OrchestrationStatus

from orchestrations import registered
from orchestrations.registered import app as blueprint
from orchestrations.start import Requester, signed_request, start_run
from shared.actions.action import Call, action
from shared.model.outcome import Outcome
from shared.model.plan import Mode, Plan, PlanKind
from shared.model.wire import Frozen
from shared.runtime import runtime

STEPS = 7


class Params(Frozen):
    """Nothing to say."""


@action(changes=True)
def do_nothing(params: Params, call: Call) -> Outcome:
    """Does nothing, so that what is measured is the interpreter."""
    return Outcome(summary="nothing was done")


registered.actions(["do_nothing"], {"do_nothing": do_nothing}.__getitem__)


@blueprint.activity_trigger(input_name="payload")
def bare(_ctx: object, payload: dict[str, Any]) -> dict[str, Any]:
    return payload


@blueprint.orchestration_trigger(context_name="context", orchestration="bare_chain")
def bare_chain(ctx: Any, payload: dict[str, Any]) -> Any:
    for number in range(STEPS):
        payload = yield ctx.call_activity("bare", input={"number": number})
    return payload


def seven_steps() -> Plan:
    steps, before = [], ()
    for number in range(STEPS):
        step = do_nothing.step(name=f"step_{number}", needs=before)
        steps.append(step)
        before = (step,)
    return Plan(name="seven_steps", kind=PlanKind.OPERATION, title="Seven steps", steps=tuple(steps))


@blueprint.route(route="bench/{kind}/{count:int}", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
def start_many(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    batch = f"operation-{req.route_params['kind']}-{datetime.now(UTC):%H%M%S}{secrets.token_hex(2)}"
    plan, world = seven_steps(), runtime()
    for number in range(int(req.route_params["count"])):
        name = f"{batch}-{number}"
        if req.route_params["kind"] == "plan":
            who = Requester("bench/bench", "bench")
            start_run(
                client,
                signed_request(world, plan, mode=Mode.REAL, requester=who, reason="bench", run_id=name),
            )
        else:
            client.schedule_new_orchestration("bare_chain", input={}, instance_id=name)
    return func.HttpResponse(batch)


@blueprint.route(route="bench/ended/{batch}", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
def count_ended(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    query = OrchestrationQuery(
        instance_id_prefix=req.route_params["batch"], runtime_status=[OrchestrationStatus.COMPLETED]
    )
    return func.HttpResponse(str(len(client.get_all_orchestration_states(query))))


@blueprint.route(route="bench/empty", methods=["POST"])
def empty(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("", status_code=202)


app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(blueprint)
