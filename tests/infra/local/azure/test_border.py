"""A world that runs faster than time is asked and answers in the time of who asks."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from infra.local.azure.core.clock import RunningClock
from infra.local.azure.services.alerts import evaluation
from infra.local.azure.services.alerts.rules import RULES
from infra.local.azure.services.telemetry import border
from shared.gateways.logs import Logs
from shared.gateways.metrics import Metrics
from shared.model.estate import Estate
from tests.infra.local.azure.data_planes import Lab
from tests.shared.actions.stage import contoso

HOUR = 3600.0


@pytest.fixture
def fast():
    now = datetime.now(UTC).timestamp()
    lab = Lab(clock=RunningClock(now, now, 1.0))
    # An hour ahead of everybody else, with all that happened in it.
    lab.clock.anchor += HOUR
    lab.inside(lambda world: None)
    yield lab
    lab.close()


def test_who_asks_about_now_is_told_about_now(fast):
    estate: Estate = contoso()
    now = datetime.now(UTC)
    logs = Logs(fast.connection, estate.telemetry.workspace_id)
    rows = logs.query("error_rate", now - timedelta(minutes=5), now)
    assert {row["tenant"]: row["requests"] for row in rows} == {"contoso": 1500, "fabrikam": 1500}
    fast.inside(lambda world: world.faults.inject("boundary_violation", "fabrikam"))
    fast.clock.anchor += 60
    (row,) = logs.query("boundary_violations", datetime.now(UTC) - timedelta(minutes=5), datetime.now(UTC))
    assert timedelta(0) <= datetime.now(UTC) - row["last_seen"] < timedelta(minutes=2)


def test_metrics_come_with_the_times_that_were_asked_for(fast):
    app = next(one for one in contoso().services if one.name == "agent-service")
    now = datetime.now(UTC)
    found = Metrics(fast.connection).series(
        [app.resource_id],
        "Microsoft.App/containerApps",
        "Replicas",
        aggregation="Maximum",
        since=now - timedelta(minutes=10),
        until=now,
        every=timedelta(minutes=1),
    )
    (series,) = found[app.resource_id]
    assert set(series.values) == {3.0}
    assert all(now - timedelta(minutes=12) <= point.at <= now for point in series.points)


def test_no_alert_is_from_the_future(fast):
    def fire(world):
        rule = next(one for one in RULES if one.name == "HighErrorRate")
        found = evaluation.Finding(rule.targets, {"tenant": "fabrikam"}, 50.0)
        evaluation._settle(world, rule, {found.key(rule): found}, ["http://127.0.0.1:9/"])
        (row,) = [row for _, row in world.table("outbox").rows()]
        return json.loads(json.dumps(row["body"]))

    essentials = fast.inside(fire)["data"]["essentials"]
    fired = datetime.fromisoformat(essentials["firedDateTime"])
    assert abs(datetime.now(UTC) - fired) < timedelta(seconds=30)


def test_a_clock_that_is_advanced_is_everybodys(azure):
    azure.advance(1000)
    assert azure.inside(border.ahead) == 0


def test_a_world_that_lags_behind_leaves_out_what_is_overdue(fast, monkeypatch):
    times = []
    monkeypatch.setattr(evaluation, "_stirred", lambda world: times.append(world.now) is not None)
    monkeypatch.setattr(evaluation, "receivers", lambda world: ["http://127.0.0.1:1"])
    monkeypatch.setattr(evaluation, "RULES", ())
    fast.clock.anchor += HOUR
    fast.inside(lambda world: None)
    assert 1 <= len(times) <= 2, "sixty minutes are due at once, and only the latest tells anything new"
