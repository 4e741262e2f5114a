"""A cause that flaps wakes its incident ever more seldom, and one that was calm is heard at once."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from orchestrations.entities import NO_INCIDENT
from orchestrations.triggers import lately as module
from shared.model.alert import Alert
from shared.model.severity import Severity

type Clock = Callable[[float], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time passes when it is told to."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    return pass_by


def test_an_incident_is_woken_ever_more_seldom(later: Clock) -> None:
    lately = module.Lately()

    def woken(incident: str) -> bool:
        lately.news(incident, changed=False)
        return lately.due() == [incident]

    times: list[int] = []
    for second in range(3600):
        later(1.0)
        if woken("inc-1"):
            times.append(second)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert gaps[:6] == [10, 20, 40, 80, 160, 300]
    assert set(gaps[6:]) == {300}
    later(1)
    assert woken("inc-2"), "another incident is heard"
    later(3600)
    assert woken("inc-1")
    later(10)
    assert woken("inc-1"), "as promptly as at first"


def test_what_is_known_wakes_one_after_the_other_and_what_is_new_at_once(later: Clock) -> None:
    lately = module.Lately()
    causes = [f"inc-{number}" for number in range(20)]
    for incident in causes:
        lately.news(incident, changed=False)
    assert [lately.due(), lately.due()] == [["inc-0"], []]
    lately.news("new", changed=True)
    assert lately.due() == ["new"]
    woken = ["inc-0"]
    for _ in range(40):
        later(module.WAKE_GAP / 2 + 0.001)
        woken += lately.due()
    assert woken == causes, "each once, and none is forgotten"
    later(module.WAKE_EVERY)
    for incident in causes:
        lately.news(incident, changed=False)
    lately.news(causes[-1], changed=True)
    assert lately.due() == causes[-1:], "what waits for its turn and changes waits no more"


def test_what_is_new_does_not_wait_because_what_is_known_has_just_woken(later: Clock) -> None:
    lately = module.Lately()
    for changed in (False, True):
        lately.news("inc-1", changed=changed)
        assert lately.due() == ["inc-1"]
        later(3)
        lately.news("inc-1", changed=changed)
        assert lately.due() == [], "but neither wakes twice so soon"


def test_who_could_not_be_woken_is_woken_by_the_next_alert(later: Clock) -> None:
    lately = module.Lately()
    lately.news("inc-1", changed=True)
    assert lately.due() == ["inc-1"]
    lately.unheard("inc-1")
    later(1)
    lately.news("inc-1", changed=False)
    assert lately.due() == ["inc-1"]


def said(condition: str = "fired", severity: Severity = Severity.HIGH) -> Alert:
    at = datetime(2026, 11, 21, 3, tzinfo=UTC)
    return Alert(
        id="1",
        rule="R",
        severity=severity,
        condition=condition,  # pyright: ignore[reportArgumentType]
        fired_at=at,
        resolved_at=at if condition == "resolved" else None,
        resources=("/subscriptions/x",),
    )


def test_the_same_once_more_is_not_asked_for_again_for_a_moment(later: Clock) -> None:
    lately = module.Lately()
    signals = {**NO_INCIDENT["signals"], "condition": "fired", "severity": "high"}
    state = {**NO_INCIDENT, "generation": 3, "open": True, "signals": signals}
    assert lately.standing(said()) is None
    assert lately.stands(said(), state)
    assert lately.standing(said()) == 3
    assert lately.standing(said(severity=Severity.LOW)) == 3
    for news in (said("resolved"), said(severity=Severity.CRITICAL)):
        assert lately.standing(news) is None
    later(module.STANDS)
    assert lately.standing(said()) is None
    assert lately.stands(said(), state)
    assert not lately.stands(said("resolved"), state), "it is about to change"
    assert lately.standing(said()) is None


def test_a_repeat_is_answered_without_asking_anybody() -> None:
    lately = module.Lately(room=2)
    given = {"incident_id": "inc-1", "deduplicated": False}
    assert lately.keep("a", given) == given
    assert lately.answer("a") == {"incident_id": "inc-1", "deduplicated": True}
    lately.keep("b", given)
    lately.keep("c", given)
    assert lately.answer("a") is None, "the oldest is forgotten first"
