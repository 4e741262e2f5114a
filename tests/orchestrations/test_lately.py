"""A cause that flaps wakes its incident ever more seldom, and one that was calm is heard at once."""

import itertools

import pytest

from orchestrations.triggers import alerts


def test_an_incident_is_woken_ever_more_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(alerts.time, "monotonic", lambda: now)
    lately = alerts._Lately()
    woken: list[float] = []
    for _ in range(3600):
        now += 1.0
        if lately.may_wake("inc-1"):
            woken.append(now)
    gaps = [later - earlier for earlier, later in itertools.pairwise(woken)]
    assert gaps[:6] == [10, 20, 40, 80, 160, 300]
    assert set(gaps[6:]) == {300}
    assert lately.may_wake("inc-2"), "another incident is heard"
    now += 3600
    assert lately.may_wake("inc-1")
    now += 10
    assert lately.may_wake("inc-1"), "as promptly as at first"


def test_a_repeat_is_answered_without_asking_anybody() -> None:
    lately = alerts._Lately(room=2)
    given = {"incident_id": "inc-1", "deduplicated": False}
    assert lately.keep("a", given) == given
    assert lately.answer("a") == {"incident_id": "inc-1", "deduplicated": True}
    lately.keep("b", given)
    lately.keep("c", given)
    assert lately.answer("a") is None, "the oldest is forgotten first"
