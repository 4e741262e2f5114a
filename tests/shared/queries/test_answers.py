"""Each question against the simulated workspace, through the real client: calm, and with what it is there to find."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.gateways.logs import Row
from shared.queries.question import Value, questions
from tests.shared.actions.stage import Stage, open_stage

COLUMNS = {
    "availability": ["measure", "good", "total", "availability"],
    "boundary_violations": ["tenant", "violations", "first_seen", "last_seen"],
    "data_access": ["tenant", "operation", "classification", "accesses"],
    "error_rate": ["tenant", "requests", "server_errors", "client_errors", "error_rate"],
    "failed_sign_ins": ["user", "window_start", "failures", "addresses"],
    "heartbeat": ["endpoint", "failed", "total"],
    "inference_availability": ["endpoint", "good", "total", "availability"],
    "inference_latency": ["endpoint", "requests", "p50_ms", "p95_ms"],
    "outside_tests": ["test", "requests", "failed"],
    "request_units": ["tenant", "request_units", "request_units_per_second"],
    "requests_by_hour": ["hour", "requests", "failed"],
    "response_time": ["tenant", "requests", "p50_ms", "p95_ms"],
    "security_alerts": ["alert", "name", "title", "product", "resource", "entity", "seen"],
    "served_again": ["caller", "served_at"],
    "tenant_usage": ["tenant", "requests", "busy_seconds", "request_units"],
    "training_failures": ["workspace", "cluster", "failures", "reason", "last_seen"],
    "unusual_access": ["user", "tenant", "window_start", "requests", "addresses"],
}
QUIET = {
    "boundary_violations",
    "heartbeat",
    "failed_sign_ins",
    "security_alerts",
    "training_failures",
    "unusual_access",
}


def ask(stage: Stage, name: str, minutes: float = 5, **parameters: Value) -> tuple[Row, ...]:
    return stage.azure.logs.query(name, stage.now - timedelta(minutes=minutes), stage.now, **parameters)


@pytest.fixture(scope="module")
def calm() -> Iterator[Stage]:
    with open_stage() as stage:
        stage.lab.advance(900)
        yield stage


def test_every_question_is_asked_here() -> None:
    assert set(COLUMNS) == set(questions())


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_in_calm_times(calm: Stage, name: str) -> None:
    rows = ask(calm, name, 15)
    if name in QUIET:
        assert rows == ()
    for row in rows:
        assert list(row) == COLUMNS[name]
    assert rows or name in QUIET


def test_availability_in_calm_times(calm: Stage) -> None:
    rows = {row["measure"]: row for row in ask(calm, "availability")}
    assert {name: row["availability"] for name, row in rows.items()} == {"requests": 100, "tests": 100}
    assert rows["requests"]["total"] == 3000
    assert ask(calm, "inference_availability")[0]["availability"] == 100


def test_an_outage_shows_in_the_tests_where_requests_are_silent(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.outage()
    stage.lab.advance(330)
    (row,) = ask(stage, "availability")
    assert (row["measure"], row["availability"]) == ("tests", 0)


@pytest.mark.parametrize("target", ["api.fas.contoso.com", "ca-agent-service"])
def test_an_app_that_answers_503_shows_in_both(stage: Stage, target: str) -> None:
    stage.lab.advance(300)
    stage.lab.fault("endpoint_down", target, cured_by="restart")
    stage.lab.advance(60)
    rows = {row["measure"]: row["availability"] for row in ask(stage, "availability")}
    assert 78 < rows["requests"] < 82
    assert rows["tests"] < 90
    assert {row["error_rate"] > 15 for row in ask(stage, "error_rate")} == {True}


def test_slow_answers_show_for_the_tenant_that_gets_them(stage: Stage) -> None:
    stage.lab.advance(300)
    assert all(row["p95_ms"] < 1500 for row in ask(stage, "response_time"))
    stage.lab.fault("slow_responses", "fabrikam")
    stage.lab.advance(300)
    p95 = {row["tenant"]: row["p95_ms"] for row in ask(stage, "response_time")}
    assert p95["fabrikam"] > 3000
    assert p95["contoso"] < 1500


def test_slow_inference_is_above_what_the_handover_allows(stage: Stage) -> None:
    stage.lab.advance(300)
    assert ask(stage, "inference_latency")[0]["p95_ms"] < 100
    stage.lab.fault("slow_responses", "inference")
    stage.lab.advance(300)
    assert ask(stage, "inference_latency")[0]["p95_ms"] > 200


def test_a_front_door_that_leads_nowhere_shows_as_unavailable_inference(stage: Stage) -> None:
    stage.lab.advance(300)
    stage.outage("eastus2")
    stage.lab.advance(300)
    assert ask(stage, "inference_availability")[0]["availability"] < 10


def test_one_boundary_violation_is_found(stage: Stage) -> None:
    stage.lab.advance(60)
    fault = stage.lab.fault("boundary_violation", "fabrikam")
    stage.lab.advance(20)
    stage.lab.end(fault)
    stage.lab.advance(60)
    (row,) = ask(stage, "boundary_violations")
    assert (row["tenant"], row["violations"]) == ("fabrikam", 1)
    assert ask(stage, "boundary_violations", tenant="contoso") == ()


MONTH = 30 * 1440


def test_over_a_month_nothing_that_hurt_is_lost(stage: Stage) -> None:
    stage.lab.advance(60)
    fault = stage.lab.fault("boundary_violation", "fabrikam")
    stage.lab.advance(20)
    stage.lab.end(fault)
    fault = stage.outage()
    for _ in range(6):
        stage.lab.advance(600)
    stage.lab.end(fault)
    stage.lab.advance(600)
    (row,) = ask(stage, "boundary_violations", MONTH)
    assert row["violations"] == 1
    tests = {row["test"]: row for row in ask(stage, "outside_tests", MONTH)}
    assert tests["fas-front-door"]["requests"] == pytest.approx(MONTH * 5, rel=0.001)
    assert tests["fas-front-door"]["failed"] == pytest.approx(3600 / 12, rel=0.1)
    assert tests["ml-inference"]["failed"] == 0
    hours = ask(stage, "requests_by_hour", MONTH)
    assert len(hours) in {720, 721}
    assert sum(row["requests"] for row in hours) == sum(
        row["requests"] for row in ask(stage, "error_rate", MONTH)
    )


def test_an_hour_says_how_many_of_its_requests_failed(stage: Stage) -> None:
    stage.lab.advance(300)
    stage.lab.fault("endpoint_down", "ca-agent-service", cured_by="restart")
    stage.lab.advance(60)
    hours = ask(stage, "requests_by_hour", 6)
    assert sum(row["failed"] for row in hours) == pytest.approx(60 * 10, rel=0.1)
    assert all(row["hour"].minute == row["hour"].second == 0 for row in hours)


def test_a_noisy_tenant_leads_what_is_shared(stage: Stage) -> None:
    stage.lab.advance(300)
    even = ask(stage, "tenant_usage")
    assert even[0]["request_units"] == pytest.approx(even[1]["request_units"])
    stage.lab.fault("noisy_neighbour", "fabrikam")
    stage.lab.advance(300)
    first, second = ask(stage, "tenant_usage")
    assert (first["tenant"], second["tenant"]) == ("fabrikam", "contoso")
    assert first["requests"] > 15 * second["requests"]
    assert first["request_units"] > 15 * second["request_units"]
    assert {row["tenant"] for row in ask(stage, "unusual_access")} == {"fabrikam"}
    per_second = {
        row["tenant"]: row["request_units_per_second"] for row in ask(stage, "request_units", minutes=4)
    }
    assert per_second["fabrikam"] == pytest.approx(20 * per_second["contoso"])


def test_request_units_are_those_of_the_requests(calm: Stage) -> None:
    for row in ask(calm, "request_units"):
        assert row["request_units_per_second"] == pytest.approx(5 * 390)


def test_an_attack_on_credentials_shows_in_sign_ins_and_addresses(stage: Stage) -> None:
    stage.lab.advance(300)
    stage.lab.fault("security_alert", "bob@contoso.com", message="credentials")
    stage.lab.advance(600)
    users = {row["user"] for row in ask(stage, "failed_sign_ins", 10)}
    assert users == {"bob@contoso.com"}
    assert ask(stage, "failed_sign_ins", 10, most_failures=100) == ()
    assert any(row["addresses"] > 10 for row in ask(stage, "unusual_access", 10))


def test_a_security_alert_is_told_until_it_is_closed(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.lab.fault("security_alert", "ca-agent-service", message="malware")
    stage.lab.advance(60)
    (row,) = ask(stage, "security_alerts")
    assert row["title"] == "Malware found in a container image that runs"
    assert row["resource"].endswith("/containerApps/ca-agent-service")


def test_failed_jobs_are_counted_with_why(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.lab.fault("training_failures", "aml-prod-eus2-ai-01")
    stage.lab.advance(3600)
    (row,) = ask(stage, "training_failures", 60)
    assert row["failures"] in {11, 12}
    assert row["reason"].startswith("ResourceExhausted")
