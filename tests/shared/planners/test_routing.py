"""Whose an incident is, and from when on its people's time counts."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.model.alert import Alert
from shared.model.estate import Estate, MaintenanceWindow, RemediationRule
from shared.model.incident import Incident, Rung
from shared.model.severity import Severity
from shared.model.silence import Silence
from shared.planners.routing import route
from tests.shared.actions.stage import contoso

OPENED = datetime(2026, 6, 17, 2, 0, tzinfo=UTC)  # eleven in Tokyo, a Wednesday
APP = contoso().service("agent-service").resource_id


def incident(silenced_until: datetime | None = None) -> Incident:
    alert = Alert(
        id="1",
        rule="HighErrorRate",
        severity=Severity.HIGH,
        condition="fired",
        fired_at=OPENED,
        resources=(APP,),
    )
    return Incident(id="inc-1", alert=alert, opened_at=OPENED, silenced_until=silenced_until)


def at(minutes: float) -> datetime:
    return OPENED + timedelta(minutes=minutes)


def under_maintenance() -> Estate:
    window = MaintenanceWindow(begins=at(-10), ends=at(50), reason="it moves", services=("agent-service",))
    return contoso().model_copy(update={"maintenance_windows": (window,)})


def silence(minutes: float) -> Silence:
    return Silence(
        id="sil-1",
        rule="HighErrorRate",
        reason="known",
        by="Alice",
        by_id="t/o",
        created_at=at(-60),
        expires_at=at(minutes),
    )


def due(ladder: tuple[Rung, ...]) -> list[float]:
    return [(rung.due_at - OPENED) / timedelta(minutes=1) for rung in ladder]


def test_a_maintenance_window_holds_everything_until_its_end_and_people_have_their_time_from_then_on() -> (
    None
):
    held = route(under_maintenance(), incident(), at(0))
    assert (held.held_until, held.silenced_until) == (at(50), at(50))
    assert due(held.ladder) == [50, 110]
    after = route(under_maintenance(), incident(at(50)), at(50))
    assert after.held_until is None
    assert due(after.ladder) == [50, 110]


def test_a_breach_does_not_wait_for_the_end_of_maintenance() -> None:
    estate, found = under_maintenance(), incident()
    rule = RemediationRule(alert_rule="HighErrorRate", plan="high_error_rate", security=True)
    secret = found.model_copy(update={"alert": found.alert.model_copy(update={"security": True})})
    for one in (route(estate, found, at(0), rule=rule), route(estate, secret, at(0))):
        assert (one.held_until, one.silenced_until, due(one.ladder)[0]) == (None, None, 0)


@pytest.mark.parametrize(("looked_at", "begins"), [(20, 30), (30, 30), (45, 30)])
def test_peoples_time_counts_from_the_end_of_a_silence(looked_at: float, begins: float) -> None:
    silent = route(contoso(), incident(), at(0), (silence(30),))
    assert silent.held_until is None
    assert silent.silenced_until == at(30)
    later = route(contoso(), incident(silent.silenced_until), at(looked_at), (silence(30),))
    assert due(later.ladder) == [begins, begins + 60]


def test_from_its_early_end_too() -> None:
    ended = route(contoso(), incident(at(30)), at(12))
    assert ended.silenced_until == at(12)
    assert due(ended.ladder) == [12, 72]
    assert due(route(contoso(), incident(), at(12)).ladder) == [0, 60]
