"""Alert rules fire on what goes wrong, for whom it does, and call the app as action groups do."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra.local.azure import contoso
from infra.local.azure.services.alerts.rules import RULES
from shared.model.common_alert import CommonAlert

GROUP = contoso.resource_id(contoso.GLOBAL, "Microsoft.Insights/actionGroups", "foundry-ops")
APP = "ca-agent-service"


class App:
    """What is called: keeps what came, and answers as it is told, 202 when nothing is said."""

    def __init__(self):
        self.came, self.answers, self.queries = [], [], []
        self.alive = True
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                owner.came.append(json.loads(body))
                owner.queries.append(self.path)
                status = owner.answers.pop(0) if owner.answers else 202
                if status == 0:
                    self.connection.close()
                    return
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def do_GET(self):
                self.send_response(200 if owner.alive else 503)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/alerts?code=local"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def essentials(self, rule=None):
        found = [one["data"]["essentials"] for one in self.came]
        return [one for one in found if rule is None or one["alertRule"] == rule]


@pytest.fixture
def app(azure):
    app = App()
    receivers = [{"name": "app", "serviceUri": app.url, "useCommonAlertSchema": True}]
    body = {
        "location": "Global",
        "properties": {"groupShortName": "ops", "enabled": True, "webhookReceivers": receivers},
    }
    assert azure.arm("PUT", GROUP, body).status_code == 201
    yield app
    app.close()


def sent(azure):
    """Wait until everything that is due has been sent; real time, for it is a real request."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        now = azure.clock.now()
        waiting = azure.inside(
            lambda world, now=now: [
                row for _, row in world.table("outbox").rows() if "ended" not in row and row["due"] <= now
            ]
        )
        if not waiting:
            return azure.truth()["alerts"]
        time.sleep(0.05)
    raise AssertionError("still waiting")


def play(azure, minutes):
    """Minute by minute, so that what is sent arrives in between."""
    for _ in range(minutes):
        azure.advance(60)
        sent(azure)


def test_calm_times_fire_nothing(azure, app):
    azure.advance(3600)
    sent(azure)
    assert app.came == []


def test_an_app_that_is_down_fires_with_the_function_key(azure, app):
    azure.advance(300)
    azure.fault("endpoint_down", APP, cured_by="nothing")
    play(azure, 2)
    found = {one["alertRule"]: one for one in app.essentials()}
    assert set(found) == {"SystemAvailabilityDrop", "HighErrorRate"}
    assert set(app.queries) == {"/api/alerts?code=local"}
    drop = found["SystemAvailabilityDrop"]
    assert (drop["severity"], drop["monitorCondition"], drop["monitoringService"]) == (
        "Sev0",
        "Fired",
        "Log Alerts V2",
    )
    assert drop["alertTargetIDs"][0].endswith("/trafficmanagerprofiles/tm-fas")


def test_every_tenant_has_its_own_alert(azure, app):
    azure.advance(300)
    azure.fault("error", "/tenants/fabrikam/", status=500)
    play(azure, 2)
    (alert,) = [one for one in app.came if one["data"]["essentials"]["alertRule"] == "HighErrorRate"]
    condition = alert["data"]["alertContext"]["condition"]["allOf"][0]
    assert condition["dimensions"] == [{"name": "tenant", "value": "fabrikam"}]
    assert condition["metricValue"] > 5
    assert alert["data"]["alertContext"]["conditionType"] == "LogQueryCriteria"


def test_a_rule_without_memory_fires_again_and_never_resolves(azure, app):
    azure.advance(300)
    fault = azure.fault("endpoint_down", APP, cured_by="nothing")
    play(azure, 12)
    fired = app.essentials("SystemAvailabilityDrop")
    assert len(fired) in {2, 3}
    assert len({one["alertId"] for one in fired}) == len(fired), "each is an alert of its own"
    azure.end(fault)
    play(azure, 20)
    assert {one["monitorCondition"] for one in app.essentials()} == {"Fired"}


def test_a_metric_rule_fires_for_each_container_and_resolves(azure, app):
    azure.advance(300)
    fault = azure.fault("high_load", "runs", load=120)
    play(azure, 3)
    (fired,) = [one for one in app.came if one["data"]["essentials"]["alertRule"] == "CosmosRuUsage"]
    condition = fired["data"]["alertContext"]["condition"]["allOf"][0]
    assert {one["name"]: one["value"] for one in condition["dimensions"]}["CollectionName"] == "runs"
    assert fired["data"]["alertContext"]["conditionType"] == "SingleResourceMultipleMetricCriteria"
    azure.end(fault)
    play(azure, 9)
    both = app.essentials("CosmosRuUsage")
    assert [one["monitorCondition"] for one in both] == ["Fired", "Resolved"]
    assert both[0]["alertId"] == both[1]["alertId"]
    assert both[1]["resolvedDateTime"] > both[1]["firedDateTime"]


@pytest.mark.parametrize(
    ("kind", "target", "details", "rule", "minutes"),
    [
        ("slow_responses", "fabrikam", {}, "ResponseTimeDegradation", 6),
        ("slow_responses", "inference", {}, "HighLatency", 6),
        ("boundary_violation", "fabrikam", {}, "TenantBoundaryViolation", 2),
        ("noisy_neighbour", "fabrikam", {}, "CosmosRuUsage", 3),
        ("training_failures", "aml-prod-eus2-ai-01", {}, "TrainingJobFailed", 40),
        ("storage_full", "stprodeus2aidatalake", {}, "StorageNearCapacity", 60),
        ("security_alert", APP, {"message": "malware"}, "SecurityAlert", 3),
        ("region_outage", "eastus2", {}, "InferenceEndpointDown", 4),
        ("region_outage", "japaneast", {}, "SystemAvailabilityDrop", 4),
    ],
)
def test_what_goes_wrong_fires_its_rule(azure, app, kind, target, details, rule, minutes):
    azure.advance(300)
    azure.fault(kind, target, **details)
    azure.advance(minutes * 60)
    sent(azure)
    assert rule in {one["alertRule"] for one in app.essentials()}


def test_a_cost_spike_comes_as_a_budget_that_names_no_rule(azure, app):
    azure.fault("cost_spike", contoso.SUBSCRIPTION)
    play(azure, 2)
    (alert,) = app.came
    essentials, context = alert["data"]["essentials"], alert["data"]["alertContext"]
    assert (essentials["monitoringService"], essentials["alertRule"], essentials["severity"]) == (
        "CostAlerts",
        None,
        None,
    )
    assert context["AlertData"]["BudgetName"] == "CostAnomaly"
    assert CommonAlert.model_validate(alert).alert().rule == "CostAnomaly"


def test_the_apps_own_parser_reads_what_is_sent(azure, app):
    azure.advance(300)
    azure.fault("endpoint_down", APP, cured_by="nothing")
    play(azure, 2)
    for one in app.came:
        assert CommonAlert.model_validate(one).alert().rule in {rule.name for rule in RULES}


@pytest.mark.parametrize("refused", [408, 429, 503, 504, 0])
def test_what_may_be_tried_again_is(azure, app, refused):
    app.answers = [refused, refused]
    azure.fault("cost_spike", contoso.SUBSCRIPTION)
    play(azure, 1)
    assert len(app.came) == 1
    azure.advance(5)
    sent(azure)
    azure.advance(20)
    (call,) = sent(azure)["calls"]
    assert call["over"]
    assert call["answers"][-1] == 202
    assert len(app.came) == 3
    assert app.came[0] == app.came[2], "the same alert, word for word"


@pytest.mark.parametrize("refused", [400, 401, 404, 413, 500])
def test_any_other_answer_is_final(azure, app, refused):
    app.answers = [refused]
    azure.fault("cost_spike", contoso.SUBSCRIPTION)
    play(azure, 3)
    (call,) = sent(azure)["calls"]
    assert (call["answers"], call["over"]) == ([refused], True)


def test_after_six_tries_nobody_calls_for_a_quarter_of_an_hour(azure, app):
    app.answers = [503] * 6
    azure.fault("cost_spike", contoso.SUBSCRIPTION)
    play(azure, 1)
    for delay in (5, 20, 5, 40, 5):
        azure.advance(delay)
        sent(azure)
    assert len(app.came) == 6
    azure.advance(300)
    azure.fault("boundary_violation", "fabrikam")
    play(azure, 2)
    assert len(app.came) == 6, "this one is lost, as it is with Azure"
    azure.advance(600)
    play(azure, 2)
    assert len(app.came) > 6


def test_an_action_group_that_is_off_calls_nobody(azure, app):
    body = azure.arm("GET", GROUP).json()
    body["properties"]["enabled"] = False
    azure.arm("PUT", GROUP, body)
    azure.fault("cost_spike", contoso.SUBSCRIPTION)
    play(azure, 3)
    assert app.came == []


def looked(azure):
    """Wait until the web test of this minute has been answered, and heard."""
    deadline = time.monotonic() + 20
    while azure.inside(lambda world: bool(list(world.table("outbox looks").rows()))):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    azure.advance(5)


def test_an_app_that_no_longer_answers_is_missed_by_mail(azure, app):
    group = azure.arm("GET", GROUP).json()
    group["properties"]["emailReceivers"] = [
        {"name": "on call", "emailAddress": "oncall-critical@contoso.com"}
    ]
    azure.arm("PUT", GROUP, group)
    test = contoso.resource_id(contoso.GLOBAL, "Microsoft.Insights/webtests", "foundry-ops")
    url = app.url.replace("/api/alerts?code=local", "/api/health")
    body = {"location": "japanwest", "properties": {"Enabled": True, "Request": {"RequestUrl": url}}}
    assert azure.arm("PUT", test, body).status_code == 201
    for _ in range(5):
        azure.advance(60)
        looked(azure)
    assert azure.truth()["alerts"]["mails"] == []
    app.alive = False
    for _ in range(6):
        azure.advance(60)
        looked(azure)
    mails = sent(azure)["mails"]
    assert {(one["to"], one["about"]) for one in mails} == {
        ("oncall-critical@contoso.com", "HeartbeatMissing Fired")
    }
    (alert,) = app.essentials("HeartbeatMissing")
    assert alert["severity"] == "Sev0"
