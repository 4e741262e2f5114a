"""Ticket systems, pager and chats refuse what the real ones refuse, in their own words."""

import httpx
import pytest

from infra.local.azure.services.desks import desk
from tests.infra.local.azure.conftest import Azure

SNOW = ("foundry-ops", desk.SECRETS["tickets-servicenow"])
JIRA = ("foundry-ops@contoso.com", desk.SECRETS["tickets-jira"])
DEVOPS = ("", desk.SECRETS["tickets-azure-devops"])
KEY = desk.PAGER_KEYS["pager-operations"]
PATCH = {"Content-Type": "application/json-patch+json"}
ADF = {"type": "doc", "version": 1, "content": []}
EVENT = {"summary": "down", "source": "x", "severity": "critical"}


def send(azure: Azure, method: str, url: str, auth=None, headers=None, **body) -> httpx.Response:
    host, _, path = url.partition("/")
    return httpx.request(
        method, f"{azure.url}/{path}", auth=auth, headers={"x-sim-host": host, **(headers or {})}, **body
    )


@pytest.mark.parametrize(
    ("method", "url", "auth", "headers", "body", "status", "words"),
    [
        ("GET", "contoso.service-now.com/api/now/table/incident", None, {}, None, 401, "User Not Authenticated"),
        ("GET", "contoso.service-now.com/api/now/table/incident/x", SNOW, {}, None, 404, "No Record found"),
        ("POST", "contoso.atlassian.net/rest/api/3/issue", None, {}, {}, 401, "must be authenticated"),
        ("POST", "contoso.atlassian.net/rest/api/3/issue", JIRA, {}, {}, 400, "valid project is required"),
        (
            "POST",
            "contoso.atlassian.net/rest/api/3/issue",
            JIRA,
            {},
            {"fields": {"project": {"key": "OPS"}, "summary": "s", "description": "plain"}},
            400,
            "Atlassian Document",
        ),
        (
            "POST",
            "contoso.atlassian.net/rest/api/3/issue",
            JIRA,
            {},
            {"fields": {"project": {"key": "OPS"}, "summary": "s", "description": ADF, "labels": ["a b"]}},
            400,
            "can't contain spaces",
        ),
        ("GET", "contoso.atlassian.net/rest/api/3/search/jql?jql=x", JIRA, {}, None, 400, "Error in the JQL Query"),
        ("GET", "dev.azure.com/contoso/Operations/_apis/wit/workitems/1", DEVOPS, {}, None, 400, "No api-version"),
        ("GET", "dev.azure.com/contoso/Other/_apis/wit/workitems/1?api-version=7.1", DEVOPS, {}, None, 404, "TF200016"),
        ("GET", "dev.azure.com/contoso/Operations/_apis/wit/workitems/1?api-version=7.1", DEVOPS, {}, None, 404, "TF401232"),
        ("POST", "dev.azure.com/contoso/Operations/_apis/wit/workitems/$Issue?api-version=7.1", DEVOPS, {}, [], 415, "json-patch+json"),
        ("POST", "dev.azure.com/contoso/Operations/_apis/wit/workitems/$Issue?api-version=7.1", DEVOPS, PATCH, [], 400, "valid patch document"),
        ("POST", "events.pagerduty.com/v2/enqueue", None, {}, {"routing_key": "x"}, 400, "Invalid routing key"),
        ("POST", "events.pagerduty.com/v2/enqueue", None, {}, {"routing_key": KEY, "event_action": "page"}, 400, "event_action"),
        ("POST", "events.pagerduty.com/v2/enqueue", None, {}, {"routing_key": KEY, "event_action": "trigger"}, 400, "payload.summary"),
        ("POST", "hooks.slack.com/services/T/B/x", None, {}, {"text": "x"}, 404, "no_service"),
        ("POST", f"hooks.slack.com/services/{'/'.join(desk.SLACK_TOKEN[:2])}/x", None, {}, {"text": "x"}, 403, "invalid_token"),
        ("POST", f"hooks.slack.com/services/{'/'.join(desk.SLACK_TOKEN)}", None, {}, {}, 400, "no_text"),
        ("POST", f"{desk.TEAMS_HOST}/workflows/{desk.TEAMS_WORKFLOW}/triggers/manual/paths/invoke?sig=x", None, {}, {}, 401, "DirectApiAuthorizationRequired"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(azure: Azure, method, url, auth, headers, body, status, words):
    more = {} if body is None else {"json": body}
    answer = send(azure, method, url, auth, headers, **more)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    truth = azure.truth()
    assert not truth["tickets"] + truth["pages"] + truth["messages"]


def test_an_incident_is_resolved_only_with_a_reason(azure: Azure):
    table = "contoso.service-now.com/api/now/table/incident"
    made = send(azure, "POST", table, SNOW, json={"short_description": "x"}).json()["result"]
    bare = send(azure, "PATCH", f"{table}/{made['sys_id']}", SNOW, json={"state": "6"})
    assert (bare.status_code, "mandatory" in bare.text) == (403, True)
    assert not azure.truth()["tickets"][0]["closed"]


def test_a_resolved_alert_that_fires_again_is_another_one(azure: Azure):
    def event(action: str) -> httpx.Response:
        body = {"routing_key": KEY, "event_action": action, "dedup_key": "k", "payload": EVENT}
        return send(azure, "POST", "events.pagerduty.com/v2/enqueue", json=body)

    answers = [
        event(action) for action in ("resolve", "trigger", "trigger", "acknowledge", "resolve", "trigger")
    ]
    assert {(answer.status_code, answer.json()["dedup_key"]) for answer in answers} == {(202, "k")}
    assert [(alert["status"], len(alert["log"])) for alert in azure.truth()["pages"]] == [
        ("resolved", 2),
        ("triggered", 1),
    ]
    assert KEY not in str(azure.truth()) + str(azure.ledger())


@pytest.mark.parametrize("target", ["*", "service-now.com"])
def test_what_is_down_answers_503_until_it_is_not(azure: Azure, target: str):
    fault = azure.fault("ticket_system_down", target)
    table = "contoso.service-now.com/api/now/table/incident"
    assert send(azure, "GET", table, SNOW).status_code == 503
    jira = send(azure, "GET", "contoso.atlassian.net/rest/api/3/issue/OPS-1", JIRA).status_code
    assert jira == (503 if target == "*" else 404)
    slack = f"hooks.slack.com/services/{'/'.join(desk.SLACK_TOKEN)}"
    assert send(azure, "POST", slack, json={"text": "x"}).status_code == 200, "a chat is no ticket system"
    azure.end(fault)
    assert send(azure, "GET", table, SNOW).status_code == 200
