"""A run that had to wait is not begun where its own proof holds by now."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from orchestrations.incident_activities import unproved
from shared.model.alert import Alert
from shared.model.incident import Incident
from shared.model.severity import Severity
from tests.shared.actions.remediation.scene import APP
from tests.shared.actions.stage import Stage, open_stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        opened.lab.advance(120)
        yield opened


def why(stage: Stage, rule: str = "HighErrorRate", pace: float = 1.0) -> str:
    alert = Alert(
        id="1",
        rule=rule,
        severity=Severity.HIGH,
        condition="fired",
        fired_at=stage.now - timedelta(minutes=5),
        resources=(APP.resource_id,),
    )
    incident = Incident(id="inc-1", alert=alert, opened_at=alert.fired_at)
    return unproved(stage.estate, stage.azure, incident, stage.now, pace)


def test_it_is_over_when_the_last_minute_of_the_world_says_so(stage: Stage) -> None:
    assert why(stage) == ""
    fault = stage.lab.fault("endpoint_down", APP.resource_id, cured_by="nothing")
    stage.lab.advance(90)
    assert "answers 503" in why(stage)
    stage.lab.end(fault)
    stage.lab.advance(30)
    assert "error_rate of contoso" in why(stage), "it answers, but requests have failed within a minute"
    stage.lab.advance(60)
    assert why(stage) == why(stage, pace=0.02) == ""


def test_what_nothing_proves_is_not_taken_for_over(stage: Stage) -> None:
    assert why(stage, rule="NeverHeardOf") == "nothing proves it"
