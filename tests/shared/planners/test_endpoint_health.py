"""Three failures in a row are an outage, ten minutes are worse, one lucky answer is no recovery; noise is nothing."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.planners.endpoint_health import Change, Health, Seen, watch

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def played(answers: str, endpoint: str = "api") -> tuple[Health, list[Change]]:
    """One character a minute: `.` answers, `x` fails."""
    health, told = Health(), list[Change]()
    for minute, one in enumerate(answers):
        seen = {endpoint: Seen(healthy=one == ".", said="" if one == "." else "503")}
        health, changes = watch(health, seen, NOON + timedelta(minutes=minute))
        told += changes
    return health, told


def test_three_failures_in_a_row_are_an_outage_and_two_answers_its_end() -> None:
    health, told = played("..xxx..")
    assert [(one.what, one.since) for one in told] == [
        ("down", NOON + timedelta(minutes=2)),
        ("up", NOON + timedelta(minutes=2)),
    ]
    assert told[0].failures == 3
    assert told[0].said == "503"
    assert health == Health()


def test_noise_is_nothing() -> None:
    assert played("xx.xx.x.xx.")[1] == []


def test_one_lucky_answer_ends_nothing() -> None:
    assert [one.what for one in played("xxx.x.x.")[1]] == ["down"]


def test_ten_minutes_are_worse_once() -> None:
    assert [one.what for one in played("x" * 30)[1]] == ["down", "worse"]
    assert [one.what for one in played("x" * 30 + "..")[1]] == ["down", "worse", "up"]


def test_an_endpoint_that_is_asked_no_more_is_forgotten() -> None:
    health, _ = played("xxx")
    assert watch(health, {"other": Seen(healthy=True)}, NOON)[0] == Health()


@given(st.text(alphabet=".x", max_size=80))
def test_down_and_up_take_turns(answers: str) -> None:
    health, told = played(answers)
    turns = [one.what for one in told if one.what != "worse"]
    assert turns == ["down", "up"] * (len(turns) // 2) + ["down"] * (len(turns) % 2)
    assert (len(turns) % 2 == 1) == any(one.down for one in health.watched.values())
    round_trip = Health.from_wire(health.to_wire())
    assert round_trip == health
