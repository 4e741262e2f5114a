"""Everything that the Functions host may call, by its permanent name; importing this is the app's cold start.

Only names and bindings stand here. What answers is named beside them as `module.function` below `orchestrations`, and
its module is imported with the first call: so a start pays for no model, no plan and no SDK.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import azure.durable_functions as df
import azure.functions as func
from durabletask import task
from durabletask.entities import EntityContext

from orchestrations.triggers.contract import ENDPOINTS, Endpoint
from shared.actions import catalog
from shared.importing import late

if TYPE_CHECKING:
    from shared.actions.action import Action

ORCHESTRATIONS = (
    "run_plan.run_plan",
    "handle_incident.handle_incident",
    "unreadable_alert.report_unreadable_alert",
    "silence_told.tell_of_silence",
)

ENTITIES = (
    "entities.service_claim",
    "entities.automation",
    "entities.guardrails",
    "entities.endpoint_health",
    "entities.run_starts",
    "entities.review",
    "entities.open_incident",
    "heartbeat.heartbeat",
    "silences.silences",
)

ACTIVITIES = (
    "activities.check_request",
    "activities.check_approval",
    "activities.check_control",
    "activities.ask_approvers",
    "activities.ask_for_review",
    "activities.page_on_call",
    "activities.publish_record",
    "incident_activities.assess_incident",
    "incident_activities.verify_recovered",
    "incident_activities.recovered_meanwhile",
    "incident_activities.mail_incident",
    "incident_activities.message_channel",
    "incident_activities.open_ticket",
    "incident_activities.note_in_ticket",
    "incident_activities.close_ticket",
    "incident_activities.publish_incident",
    "incident_activities.page_unreadable_alert",
)
"""Besides the actions of the catalog, which are activities under their own names."""

ACTIVITIES_WITH_CLIENT = (
    "activities.run_is_over",
    "evidence.seal_evidence",
    "silence_told.wake_incidents",
)
"""Those that ask Durable itself."""

TIMERS = {"triggers.tick.tick": "0 */5 * * * *", "triggers.watch.watch_endpoints": "20 * * * * *"}

PAGES = {
    "approvals/{link}": "triggers.approval_page.approval_page",
    "acknowledgements/{link}": "triggers.incident_page.incident_page",
}
"""What links in mails lead to; `triggers/contract.py` has the calls of the API."""

app = df.Blueprint()
with_client = app.durable_client_input(client_name="client")


def orchestration(does: str) -> None:
    def begin(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Any:  # noqa: ANN401 - a generator
        return _found(does)(ctx, payload)

    named = _named(begin, does)
    app.orchestration_trigger(context_name="context", orchestration=named.__name__)(named)


def entity(does: str) -> None:
    def turn(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
        return _found(does)(ctx, payload)

    named = _named(turn, does)
    app.entity_trigger(context_name="context", entity_name=named.__name__)(named)


def activity(does: str) -> None:
    def run(_ctx: object, payload: dict[str, Any]) -> object:
        return _found(does)(_ctx, payload)

    app.activity_trigger(input_name="payload")(_named(run, does))


def activity_with_client(does: str) -> None:
    def run(payload: object, client: df.SyncDurableFunctionsClient) -> object:
        return _found(does)(payload, client)

    with_client(app.activity_trigger(input_name="payload")(_named(run, does)))


def actions(names: Iterable[str], find: "Callable[[str], Action]") -> None:
    """One activity per action, under its own name; `find` imports an action when it first runs."""
    for name in names:

        def run(_ctx: object, payload: dict[str, Any], name: str = name) -> object:
            return _found("activities.perform")(find(name), payload)

        app.activity_trigger(input_name="payload", activity=name)(_named(run, name))


def timer(does: str, schedule: str) -> None:
    def tick(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
        _found(does)(timer, client)

    app.timer_trigger(schedule=schedule, arg_name="timer")(with_client(_named(tick, does)))


def http(does: str, route: str, *methods: str, level: func.AuthLevel | None = None) -> None:
    def serve(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
        return _found(does)(req, client)

    app.route(route=route, methods=methods, auth_level=level)(with_client(_named(serve, does)))


def endpoint(row: Endpoint) -> None:
    def serve(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
        return _found("triggers.endpoint.serve")(row, req, client)

    app.route(route=row.route, methods=[row.method])(with_client(_named(serve, row.handler)))


def _found(does: str) -> Callable[..., Any]:
    return late(f"orchestrations.{does}")


def _named[F: Callable[..., Any]](function: F, does: str) -> F:
    function.__name__ = function.__qualname__ = does.rsplit(".", 1)[-1]
    return function


for name in ORCHESTRATIONS:
    orchestration(name)
for name in ENTITIES:
    entity(name)
for name in ACTIVITIES:
    activity(name)
for name in ACTIVITIES_WITH_CLIENT:
    activity_with_client(name)
actions(catalog.names(), catalog.find)
for name, schedule in TIMERS.items():
    timer(name, schedule)
for route, name in PAGES.items():
    http(name, route, "GET", "POST")
http("triggers.alerts.receive_alert", "alerts", "POST", level=func.AuthLevel.FUNCTION)
http("triggers.health.health", "health", "GET")
for row in ENDPOINTS:
    endpoint(row)
