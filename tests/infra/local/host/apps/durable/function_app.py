"""Every durable feature, each as small as it can be."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from durabletask import entities, task
from durabletask.entities import EntityInstanceId

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
MARKS = Path(os.environ.get("MARKS", "/nonexistent"))


def mark(name: str) -> None:
    """Leave a trace of having run, which outlives the process."""
    with (MARKS / name).open("a") as file:
        file.write("x")


# Activities


@app.activity_trigger(input_name="number")
def add_one(number: int) -> int:
    return number + 1


@app.activity_trigger(input_name="payload")
def slow(payload: dict) -> str:
    mark(payload["mark"])
    time.sleep(payload["seconds"])
    return "slept"


@app.activity_trigger(input_name="name")
def fail_once(name: str) -> str:
    mark(name)
    if len((MARKS / name).read_text()) == 1:
        raise ValueError("the first time fails")
    return "second time"


@app.activity_trigger(input_name="size")
def make_text(size: int) -> str:
    return "x" * size


@app.activity_trigger(input_name="text")
def length_of(text: str) -> int:
    return len(text)


# Orchestrators


@app.orchestration_trigger(context_name="ctx")
def chain(ctx: task.OrchestrationContext, start: Any):
    number = start or 0
    for _ in range(7):
        number = yield ctx.call_activity("add_one", input=number)
    return number


@app.orchestration_trigger(context_name="ctx")
def fan_out(ctx: task.OrchestrationContext, count: int):
    results = yield task.when_all([ctx.call_activity("add_one", input=each) for each in range(count)])
    return sum(results)


@app.orchestration_trigger(context_name="ctx")
def wait_for(ctx: task.OrchestrationContext, name: str):
    ctx.set_custom_status(f"waiting for {name}")
    return (yield ctx.wait_for_external_event(name))


@app.orchestration_trigger(context_name="ctx")
def wait_twice(ctx: task.OrchestrationContext, _: Any):
    first = yield ctx.wait_for_external_event("one")
    second = yield ctx.wait_for_external_event("two")
    return [first, second]


@app.orchestration_trigger(context_name="ctx")
def sleep(ctx: task.OrchestrationContext, seconds: float):
    yield ctx.create_timer(timedelta(seconds=seconds))
    return "woke"


@app.orchestration_trigger(context_name="ctx")
def child(ctx: task.OrchestrationContext, event: Any):
    value = (yield ctx.wait_for_external_event(event)) if event else None
    return {"parent": ctx.parent_instance_id, "value": value}


@app.orchestration_trigger(context_name="ctx")
def parent(ctx: task.OrchestrationContext, event: Any):
    return (yield ctx.call_sub_orchestrator("child", input=event, instance_id=f"{ctx.instance_id}-child"))


@app.orchestration_trigger(context_name="ctx")
def run_slow(ctx: task.OrchestrationContext, payload: dict[str, Any]):
    return (yield ctx.call_activity("slow", input=payload))


@app.orchestration_trigger(context_name="ctx")
def flaky(ctx: task.OrchestrationContext, payload: dict[str, Any]):
    before = yield ctx.call_activity("slow", input={"mark": f"{payload['mark']}-before", "seconds": 0})
    policy = None
    if payload.get("retry"):
        policy = task.RetryPolicy(first_retry_interval=timedelta(milliseconds=50), max_number_of_attempts=3)
    after = yield ctx.call_activity("fail_once", input=payload["mark"], retry_policy=policy)
    return [before, after]


@app.orchestration_trigger(context_name="ctx")
def flaky_beside_slow(ctx: task.OrchestrationContext, name: str):
    slow_one = ctx.call_activity("slow", input={"mark": f"{name}-slow", "seconds": 0.3})
    first = yield ctx.call_activity("fail_once", input=name)
    return [first, (yield slow_one)]


@app.orchestration_trigger(context_name="ctx")
def flaky_child(ctx: task.OrchestrationContext, name: str):
    return (yield ctx.call_activity("fail_once", input=name))


@app.orchestration_trigger(context_name="ctx")
def flaky_parent(ctx: task.OrchestrationContext, name: str):
    return (
        yield ctx.call_sub_orchestrator("flaky_child", input=name, instance_id=f"{ctx.instance_id}-child")
    )


@app.orchestration_trigger(context_name="ctx")
def generations(ctx: task.OrchestrationContext, state: dict[str, Any]):
    """Counts events over continue-as-new; each generation has a timer with the same number as the last one's."""
    timer = ctx.create_timer(timedelta(seconds=state["timer"]))
    event = ctx.wait_for_external_event("next")
    winner = yield task.when_any([timer, event])
    if winner == timer:
        return state["count"]
    state["count"] += 1
    if event.get_result():
        state["timer"] = event.get_result()
    ctx.continue_as_new(state, save_events=True)
    return None


@app.orchestration_trigger(context_name="ctx")
def set_status(ctx: task.OrchestrationContext, size: int):
    ctx.set_custom_status("s" * size)
    yield ctx.create_timer(timedelta(milliseconds=1))
    return "ok"


@app.orchestration_trigger(context_name="ctx")
def status_then_large(ctx: task.OrchestrationContext, size: int):
    ctx.set_custom_status("kept")
    yield ctx.create_timer(timedelta(milliseconds=1))
    return "o" * size


@app.orchestration_trigger(context_name="ctx")
def carry(ctx: task.OrchestrationContext, sizes: dict[str, int]):
    if "result" in sizes:
        yield ctx.call_activity("make_text", input=sizes["result"])
    if "input" in sizes:
        yield ctx.call_activity("length_of", input="i" * sizes["input"])
    return "o" * sizes.get("output", 1)


@app.orchestration_trigger(context_name="context")
def call_http(context: df.DurableOrchestrationContext):
    response = yield context.call_http("GET", context.get_input())
    return {"status": response.status_code, "content": response.content}


@app.orchestration_trigger(context_name="ctx")
def calls_nothing(ctx: task.OrchestrationContext, _: Any):
    return (yield ctx.call_activity("no_such_activity"))


@app.orchestration_trigger(context_name="ctx")
def send(ctx: task.OrchestrationContext, target: str):
    ctx.send_event(target, "go", data="from another")
    return "sent"
    yield


# Entities


@app.entity_trigger(context_name="ctx", entity_name="Counter")
def counter(ctx: entities.EntityContext, amount: Any):
    if ctx.operation == "delete":
        ctx.set_state(None)
        return None
    if ctx.operation == "fail":
        raise RuntimeError("the counter is broken")
    value = ctx.get_state(int, 0)
    if ctx.operation == "add":
        value += amount
        ctx.set_state(value)
    return value


def entity(key: str) -> EntityInstanceId:
    return EntityInstanceId("counter", key)


@app.orchestration_trigger(context_name="ctx")
def add_to_entity(ctx: task.OrchestrationContext, payload: dict[str, Any]):
    return (
        yield ctx.call_entity(
            entity(payload["key"]), payload.get("operation", "add"), input=payload.get("amount")
        )
    )


@app.orchestration_trigger(context_name="ctx")
def signal_then_lock(ctx: task.OrchestrationContext, key: str):
    """What was signalled before the lock is seen inside of it."""
    ctx.signal_entity(entity(key), "add", input=5)
    with (yield ctx.lock_entities([entity(key), entity(key + "2")])):
        seen = yield ctx.call_entity(entity(key), "get")
        event = yield ctx.wait_for_external_event("unlock")
        yield ctx.call_entity(entity(key), "add", input=100)
    return [seen, event]


@app.orchestration_trigger(context_name="ctx")
def signal_later(ctx: task.OrchestrationContext, payload: dict[str, Any]):
    at = ctx.current_utc_datetime + timedelta(seconds=payload["seconds"])
    ctx.signal_entity(entity(payload["key"]), "add", input=payload["amount"], signal_time=at)
    return "signalled"
    yield


# What only the client can ask for


@app.route("start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: str) -> func.HttpResponse:
    options = req.get_json()
    at = options.get("in_seconds")
    instance_id = await client.schedule_new_orchestration(
        req.route_params["name"],
        input=options.get("input"),
        instance_id=options.get("id"),
        start_at=None if at is None else datetime.now(UTC) + timedelta(seconds=at),
    )
    return client.create_check_status_response(req, instance_id)


@app.route("wait/{id}")
@app.durable_client_input(client_name="client")
async def wait(req: func.HttpRequest, client: str) -> func.HttpResponse:
    state = await client.wait_for_orchestration_completion(req.route_params["id"], timeout=20)
    return func.HttpResponse(json.dumps(state and state.serialized_output))


@app.route("terminate-all/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def terminate_all(req: func.HttpRequest, client: str) -> func.HttpResponse:
    await client.terminate_orchestration(req.route_params["id"], output="enough", recursive=True)
    return func.HttpResponse(status_code=202)


@app.route("entity/{key}")
@app.durable_client_input(client_name="client")
async def read_entity(req: func.HttpRequest, client: str) -> func.HttpResponse:
    found = await client.get_entity(entity(req.route_params["key"]))
    return func.HttpResponse(json.dumps(found is not None))


@app.route("raise-large/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def raise_large(req: func.HttpRequest, client: str) -> func.HttpResponse:
    try:
        await client.raise_orchestration_event(req.route_params["id"], "go", data="e" * int(req.get_body()))
    except Exception as error:  # noqa: BLE001 - the test reads whatever it says
        return func.HttpResponse(str(error), status_code=400)
    return func.HttpResponse(status_code=202)


@app.route("plain")
def plain(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("plain")


@app.route("block/{seconds:int}")
async def block(req: func.HttpRequest) -> func.HttpResponse:
    """Blocks the app's event loop, as careless apps do."""
    time.sleep(int(req.route_params["seconds"]))  # noqa: ASYNC251 - the fault to be shown
    return func.HttpResponse("unblocked")


@app.route("start-sync/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
def start_sync(req: func.HttpRequest, client: str) -> func.HttpResponse:
    instance_id = client.schedule_new_orchestration(req.route_params["name"], input=1)
    state = client.wait_for_orchestration_completion(instance_id, timeout=10)
    return func.HttpResponse(state.serialized_output)


@app.route("history/{id}")
@app.durable_client_input(client_name="client")
async def history(req: func.HttpRequest, client: str) -> func.HttpResponse:
    events = await client.get_orchestration_history(req.route_params["id"])
    listed = await client.get_all_orchestration_states()
    return func.HttpResponse(json.dumps([len(events), len(listed)]))
