"""A rule that fires again is a relapse only where it looked at what came after the cure."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.model.alert import Alert
from shared.model.incident import Incident, IncidentState, Signals
from shared.model.severity import Severity
from shared.planners import incidents

CURED = datetime(2026, 11, 21, 3, 5, tzinfo=UTC)
FIRST = Signals(at=CURED - timedelta(minutes=4))


def mitigated() -> Incident:
    alert = Alert(
        id="1",
        rule="R",
        severity=Severity.HIGH,
        condition="fired",
        fired_at=CURED,
        resources=("/subscriptions/x",),
    )
    opened = Incident(id="inc-1", alert=alert, opened_at=CURED - timedelta(minutes=4), signals=FIRST)
    return incidents.mitigated(opened, CURED, "it was restarted")


def again(since: datetime | None) -> Incident:
    said = FIRST.model_copy(update={"fired": 2, "at": CURED + timedelta(minutes=1), "since": since})
    return incidents.signalled(mitigated(), said, CURED + timedelta(minutes=1))


def test_a_window_that_reaches_back_before_the_cure_is_no_relapse() -> None:
    found = again(CURED - timedelta(seconds=1))
    assert found.state is IncidentState.MITIGATED
    assert found.timeline[-1].what == "the rule still looked at what was before 03:05:00 UTC: no relapse"
    assert found.signals.fired == 2


@pytest.mark.parametrize("since", [CURED, CURED + timedelta(minutes=5), None])
def test_all_else_is_a_relapse(since: datetime | None) -> None:
    found = again(since)
    assert found.state is IncidentState.OPEN
    assert found.timeline[-1].what == "open again: it came back"
