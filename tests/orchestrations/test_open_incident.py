"""Whatever is reported, in whatever order and how often: one open incident for a cause, and none of it lost."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrations.entities import NO_INCIDENT, heard_all, reported


def report(number: int, condition: str, at: float) -> dict[str, Any]:
    alert = {
        "severity": "high",
        "condition": condition,
        "fired_at": f"t{at}",
        "resolved_at": f"t{at}" if condition == "resolved" else None,
    }
    return {"seen_as": f"{number}/{condition}", "at": at, "alert": alert}


def played(reports: list[dict[str, Any]], state: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    state, opened = state or NO_INCIDENT, 0
    for one in reports:
        opens, state = reported(state, one)
        opened += opens
    return opened, state


def flapping(times: int) -> list[dict[str, Any]]:
    """A rule that fires and resolves again and again, as Azure Monitor tells it."""
    return [
        one
        for number in range(times)
        for one in (report(number, "fired", 10.0 * number + 1), report(number, "resolved", 10.0 * number + 5))
    ]


@given(st.integers(1, 60), st.integers(0, 3), st.randoms(use_true_random=False))
def test_one_incident_however_it_is_shuffled_and_repeated(
    times: int, again: int, chance: random.Random
) -> None:
    reports = flapping(times) * (again + 1)
    chance.shuffle(reports)
    opened, state = played(reports)
    assert opened == 1
    assert state["generation"] == 1
    assert state["open"]
    said = state["signals"]
    assert said["condition"] == "resolved", "the last word was that it is over"
    assert said["fired"] >= 1
    assert said["fired"] <= times


@given(st.integers(1, 30), st.randoms(use_true_random=False))
def test_what_comes_late_opens_nothing_and_what_is_new_does(times: int, chance: random.Random) -> None:
    reports = flapping(times)
    _, state = played(reports)
    state = {**state, "open": False}
    late = reports + [report(1000 + number, "fired", 10.0 * number) for number in range(times)]
    chance.shuffle(late)
    opened, state = played(late, state)
    assert opened == 0
    opened, state = played([report(5000, "fired", 10.0 * times + 1)], state)
    assert opened == 1
    assert state["generation"] == 2


def test_an_end_that_comes_before_its_beginning_still_opens_an_incident() -> None:
    opened, state = played([report(1, "resolved", 5), report(1, "fired", 1)])
    assert opened == 1
    assert state["signals"]["condition"] == "resolved"
    assert played([report(1, "resolved", 5)])[0] == 0


def test_an_incident_has_not_heard_all_while_the_rule_fired_once_more() -> None:
    _, state = played([report(1, "fired", 1)])
    heard = {name: state["signals"][name] for name in ("changes", "fired")}
    assert heard_all(state, heard)
    _, state = played([report(1, "fired", 1)], state)
    assert heard_all(state, heard), "a repeat of what is known is no news"
    _, state = played([report(2, "fired", 2)], state)
    assert state["signals"]["changes"] == heard["changes"]
    assert not heard_all(state, heard)
