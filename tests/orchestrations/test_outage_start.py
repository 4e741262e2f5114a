"""By whose word a run that an alert starts counts its recovery time, with the simulated Azure and the real SDK."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.azure import durations
from orchestrations.outage_start import NEWEST, Began, as_an_alert_says
from orchestrations.triggers.watch import MONITOR, PROBED_EVERY
from shared.model.alert import Alert
from shared.model.plan import Mode, Plan
from shared.model.severity import Severity
from shared.plans.planning import PlanRequest
from shared.plans.recovery.region_outage import region_outage
from tests.shared.actions.stage import Stage, contoso, open_stage


@pytest.fixture
def stage():
    with open_stage() as opened:
        opened.lab.advance(60)
        yield opened


def plan() -> Plan:
    return region_outage(contoso(), PlanRequest(mode=Mode.REAL))


def alert(stage: Stage, **more: Any) -> Alert:
    return Alert(
        **{
            "id": "1",
            "rule": "SystemAvailabilityDrop",
            "severity": Severity.CRITICAL,
            "condition": "fired",
            "fired_at": stage.now,
            "resources": (),
            **more,
        }
    )


def began(stage: Stage, said: Alert, pace: float = 1.0) -> Began:
    world: Any = SimpleNamespace(
        estate=stage.estate, azure=stage.azure, settings=SimpleNamespace(retry_scale=pace)
    )
    return as_an_alert_says(world, plan(), said, stage.now)


def test_until_azure_declares_it_the_alert_is_all_that_is_known(stage: Stage) -> None:
    out = stage.now
    stage.outage()
    stage.lab.advance(90)
    said = alert(stage)
    assert began(stage, said) == (said.fired_at, "alert")
    stage.lab.advance(durations.HEALTH_EVENT_LAG)
    assert began(stage, said) == (out, "service_health")
    passed = stage.now - out
    assert began(stage, said, pace=0.1).at == stage.now - passed * 0.1


def test_the_health_monitor_knows_the_last_good_probe(stage: Stage) -> None:
    failed = stage.now - timedelta(minutes=4)
    own = {"monitoring_service": MONITOR, "facts": {"since": failed.isoformat()}}
    assert began(stage, alert(stage, **own)) == (failed - PROBED_EVERY, "probe")


@pytest.mark.parametrize(
    "since", ["", "yesterday", "2026-01-01T00:00:00", "2999-01-01T00:00:00+00:00", "9999-99-99"]
)
def test_who_calls_himself_the_monitor_is_not_believed_everything(stage: Stage, since: str) -> None:
    said = alert(stage, monitoring_service=MONITOR, facts={"since": since})
    assert began(stage, said) == (said.fired_at, "alert")
    assert began(stage, alert(stage, monitoring_service=MONITOR)).basis == "alert"
    assert began(stage, alert(stage, facts={"since": stage.now.isoformat()})).basis == "alert"


def test_an_issue_that_goes_on_for_days_is_another_story(stage: Stage) -> None:
    stage.outage()
    stage.lab.advance(NEWEST.total_seconds() + 60)
    said = alert(stage)
    assert began(stage, said) == (said.fired_at, "alert")


def test_an_azure_that_does_not_answer_keeps_nothing_from_starting(stage: Stage) -> None:
    stage.outage()
    stage.lab.advance(300)
    stage.lab.fault("error", "management.azure.com", status=503)
    said = alert(stage)
    assert began(stage, said) == (said.fired_at, "alert")
