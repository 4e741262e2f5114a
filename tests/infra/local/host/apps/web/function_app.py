"""HTTP and timer triggers in every shape."""

import json
import os
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
MARKS = Path(os.environ["MARKS"])
GREETING = os.environ["GREETING"]  # settings are there before the app is imported


def say(text: object, **options) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(text), mimetype="application/json", **options)


@app.route("echo/{*rest}")
def echo(req: func.HttpRequest) -> func.HttpResponse:
    return say(
        {
            "method": req.method,
            "url": req.url,
            "headers": dict(req.headers),
            "params": dict(req.params),
            "route": dict(req.route_params),
            "body": req.get_body().decode("latin-1"),
        }
    )


@app.route("binary", methods=["POST"])
async def binary(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(
        req.get_body()[::-1],
        status_code=418,
        headers={"x-one": "1", "content-type": "image/x-nothing", "Set-Cookie": "a=b; Path=/; HttpOnly"},
    )


@app.route("items/{id:int}", methods=["GET"])
def item_by_number(req: func.HttpRequest) -> func.HttpResponse:
    return say(["number", dict(req.route_params)])


@app.route("items/{name:alpha}", methods=["GET"])
def item_by_name(req: func.HttpRequest) -> func.HttpResponse:
    return say(["name", dict(req.route_params)])


@app.route("items/latest", methods=["GET"])
def latest_item(req: func.HttpRequest) -> func.HttpResponse:
    return say(["latest", dict(req.route_params)])


@app.route("items/{id:int}", methods=["DELETE"])
def delete_item(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=204)


@app.route("optional/{id?}")
def optional(req: func.HttpRequest) -> func.HttpResponse:
    return say(dict(req.route_params))


@app.route("guid/{id:guid}")
def by_guid(req: func.HttpRequest) -> func.HttpResponse:
    return say(dict(req.route_params))


@app.function_name("ByItsName")
@app.route()
def no_route(req: func.HttpRequest) -> str:
    return "plain text"


@app.route("needs-key", auth_level=func.AuthLevel.FUNCTION)
def needs_key(req: func.HttpRequest) -> func.HttpResponse:
    return say("in")


@app.route("needs-master", auth_level=func.AuthLevel.ADMIN)
def needs_master(req: func.HttpRequest) -> func.HttpResponse:
    return say("in")


@app.route("fails")
def fails(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("a secret detail")


@app.route("exits")
def exits(req: func.HttpRequest) -> func.HttpResponse:
    raise SystemExit(3)


@app.route("settings")
def read_settings(req: func.HttpRequest) -> func.HttpResponse:
    names = ("GREETING", "SHADOWED", "FUNCTIONS_WORKER_RUNTIME", "WEBSITE_AUTH_ENABLED", "GIVEN")
    return say({name: os.environ.get(name) for name in names})


@app.route("slow-sync/{seconds:int}")
def slow_sync(req: func.HttpRequest) -> func.HttpResponse:
    time.sleep(int(req.route_params["seconds"]))
    return say("slept")


def note(name: str, timer: func.TimerRequest) -> None:
    with (MARKS / name).open("a") as file:
        file.write(
            json.dumps({"at": time.time(), "past_due": timer.past_due, "status": timer.schedule_status})
            + "\n"
        )


@app.timer_trigger("timer", schedule="%TICK%")
def every_second(timer: func.TimerRequest) -> None:
    note("every_second", timer)


@app.timer_trigger("timer", schedule="*/1 * * * * *")
def slower_than_its_schedule(timer: func.TimerRequest) -> None:
    note("slower-began", timer)
    time.sleep(1.3)
    note("slower-ended", timer)


@app.timer_trigger("timer", schedule="00:00:01")
def by_span(timer: func.TimerRequest) -> None:
    note("by_span", timer)


@app.timer_trigger("timer", schedule="0 0 3 1 1 *", run_on_startup=True)
def on_startup(timer: func.TimerRequest) -> None:
    note("on_startup", timer)


@app.timer_trigger("timer", schedule="0 0 4 1 1 *")
def yearly(timer: func.TimerRequest) -> None:
    note("yearly", timer)


@app.queue_trigger("message", queue_name="jobs", connection="AzureWebJobsStorage")
def from_queue(message: str) -> None:
    (MARKS / "from_queue").write_text(message)
