"""Whom an incident reaches: the documents' own tables, working hours, holidays, rotations, clocks that change."""

# ruff: noqa: DTZ001 - overrides are local times, and hypothesis draws naive ones

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.estate import load as loading
from shared.model.on_call import (
    Calendar,
    Holiday,
    Hours,
    Level,
    OnCall,
    Override,
    Owner,
    Policy,
    Rotation,
    Team,
)
from shared.model.severity import Severity
from shared.planners.duty import business_days_later, holiday, next_business_day, on_duty
from shared.planners.on_call import URGENT, Rung, route

TOKYO, NEW_YORK = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")
SAMPLE = loading.load(Path(loading.__file__).with_name("contoso.yaml")).escalation
assert SAMPLE is not None
CONTOSO: OnCall = SAMPLE

# A Wednesday at eleven in Tokyo, when everybody of operations works; in New York it is nine in the evening before.
WEDNESDAY = datetime(2026, 6, 17, 11, 0, tzinfo=TOKYO)
SATURDAY = datetime(2026, 6, 20, 11, 0, tzinfo=TOKYO)
NEW_YORK_MORNING = datetime(2026, 6, 17, 10, 0, tzinfo=NEW_YORK)
NEW_YORK_NIGHT = datetime(2026, 6, 17, 22, 0, tzinfo=NEW_YORK)


def minutes(rungs: tuple[Rung, ...], opened: datetime) -> list[tuple[str, float]]:
    return [(rung.team, (rung.due_at - opened).total_seconds() / 60) for rung in rungs]


@pytest.mark.parametrize(
    ("policy", "severity", "opened", "expected"),
    [
        # Operations and monitoring procedures, section 2.2.
        ("operations", "critical", WEDNESDAY, [("l3-support", 0), ("architect", 0)]),
        ("operations", "high", WEDNESDAY, [("l2-support", 0), ("l3-support", 60)]),
        ("operations", "medium", WEDNESDAY, [("l1-support", 0), ("l2-support", 240), ("l3-support", 300)]),
        ("operations", "low", WEDNESDAY, [("l1-support", 22 * 60)]),
        ("operations", "informational", WEDNESDAY, [("l1-support", 22 * 60)]),
        # AI landing zone handover, section 3.2.
        (
            "landing-zone",
            "critical",
            NEW_YORK_MORNING,
            [
                ("support", 0),
                ("cloud-ops", 0),
                ("ai-platform-team", 30),
                ("platform-architect", 90),
                ("it-director", 210),
            ],
        ),
        (
            "landing-zone",
            "high",
            NEW_YORK_MORNING,
            [
                ("support", 0),
                ("cloud-ops", 15),
                ("ai-platform-team", 45),
                ("platform-architect", 105),
                ("it-director", 225),
            ],
        ),
        (
            "landing-zone",
            "medium",
            NEW_YORK_MORNING,
            [
                ("support", 0),
                ("cloud-ops", 240),
                ("ai-platform-team", 270),
                ("platform-architect", 330),
                ("it-director", 450),
            ],
        ),
        # P4 has a business day; Friday 19 June is a holiday (Juneteenth), then comes the weekend.
        (
            "landing-zone",
            "low",
            NEW_YORK_MORNING,
            [("support", 0), ("cloud-ops", 24 * 60), ("ai-platform-team", 5 * 24 * 60)],
        ),
    ],
)
def test_the_documents_tables(policy, severity, opened, expected):
    assert minutes(route(CONTOSO, policy, Severity(severity), opened), opened) == expected


def test_what_is_urgent_passes_a_team_over_that_is_off_duty_and_says_so():
    (l3,) = route(CONTOSO, "operations", Severity.HIGH, SATURDAY)
    assert (l3.level, l3.team, l3.due_at) == (2, "l3-support", SATURDAY)
    assert l3.why.startswith(
        "L2 Support is off duty until Mon 2026-06-22 09:00 (Asia/Tokyo), and high does not wait"
    )
    night = route(CONTOSO, "landing-zone", Severity.CRITICAL, NEW_YORK_NIGHT)
    assert [rung.level for rung in night] == [1, 2, 4, 5]
    assert night[2].due_at == NEW_YORK_NIGHT + timedelta(minutes=30), (
        "when the third level would have been told"
    )
    assert (
        "L3 Support (Engineering) is off duty until Thu 2026-06-18 09:00 (America/New_York)" in night[2].why
    )


def test_what_can_wait_waits_for_a_team_s_hours_and_says_so():
    _, l2, l3 = route(CONTOSO, "operations", Severity.MEDIUM, SATURDAY)
    monday = datetime(2026, 6, 22, 9, 0, tzinfo=TOKYO)
    assert (l2.due_at, l3.due_at) == (monday, monday + timedelta(hours=1))
    assert (
        "L2 Support is off duty until Mon 2026-06-22 09:00 (Asia/Tokyo), and medium waits for its hours"
        in l2.why
    )


def test_low_is_for_the_next_business_day_after_weekends_holidays_and_days_of_our_own():
    # Golden Week of 2026: 3 to 5 May are holidays, the 6th stands in for the Sunday among them.
    (l1,) = route(CONTOSO, "operations", Severity.LOW, datetime(2026, 5, 1, 23, 30, tzinfo=TOKYO))
    assert l1.due_at == datetime(2026, 5, 7, 9, 0, tzinfo=TOKYO)
    assert l1.why == "low is for the next business day"
    (l1,) = route(CONTOSO, "operations", Severity.LOW, datetime(2026, 12, 30, 10, 0, tzinfo=TOKYO))
    assert l1.due_at == datetime(2027, 1, 4, 9, 0, tzinfo=TOKYO), "31 December is a day of the estate's own"


def test_the_promise_is_when_somebody_must_respond_at_the_latest():
    rungs = route(CONTOSO, "landing-zone", Severity.HIGH, NEW_YORK_MORNING)
    assert rungs[0].respond_by == NEW_YORK_MORNING + timedelta(minutes=15)
    assert rungs[2].respond_by == NEW_YORK_MORNING + timedelta(hours=1), "P2 promises an hour"
    assert rungs[3].respond_by == rungs[4].due_at, "the promise is broken by then"


def test_the_owners_of_a_rule_are_told_at_once_wherever_the_ladder_begins():
    rungs = route(CONTOSO, "landing-zone", Severity.HIGH, NEW_YORK_MORNING, rule="inferenceendpointdown")
    assert (rungs[0].level, rungs[0].team) == (0, "cloud-ops")
    assert [rung.level for rung in rungs[1:]] == [1, 2, 3, 4, 5]
    both = route(CONTOSO, "landing-zone", Severity.LOW, NEW_YORK_MORNING, rule="CostAnomaly")
    assert [rung.team for rung in both[:2]] == ["finance", "cloud-ops"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("InferenceEndpointDown", [("landing-zone-pager", "landing-zone-chat")]),
        ("HighLatency", [("landing-zone-chat",)]),
        ("SecurityAlert", [("security-pager",)]),
        ("SystemAvailabilityDrop", [("operations-chat",), ()]),
    ],
)
def test_owners_are_told_in_the_rules_channels_and_in_their_teams_and_in_none_twice(rule, expected):
    rungs = route(CONTOSO, None, Severity.HIGH, WEDNESDAY, rule=rule)
    assert [rung.channels for rung in rungs if rung.level == 0] == expected


def test_two_owners_with_one_channel_get_one_message_there():
    owner = Owner(alert_rule="x", teams=("sre", "l3-support", "sre"), channels=("operations-pager",))
    rungs = route(CONTOSO.model_copy(update={"owners": (owner,)}), None, Severity.HIGH, WEDNESDAY, rule="X")
    assert [one.channels for one in rungs if one.level == 0] == [
        ("operations-pager", "operations-chat"),
        (),
        (),
    ]


def test_a_service_without_a_policy_and_one_whose_policy_is_gone_have_the_first():
    expected = route(CONTOSO, "operations", Severity.HIGH, WEDNESDAY)
    assert route(CONTOSO, None, Severity.HIGH, WEDNESDAY) == expected
    assert route(CONTOSO, "of-last-year", Severity.HIGH, WEDNESDAY) == expected


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="aware"):
        route(CONTOSO, None, Severity.HIGH, WEDNESDAY.replace(tzinfo=None))


# --- rotations


def rotating(zone: str = "Asia/Tokyo", **changes) -> OnCall:
    rotation = Rotation(people=("a@x.y", "b@x.y", "c@x.y"), starts=date(2026, 1, 5)).model_copy(
        update={name: value for name, value in changes.items() if name in Rotation.model_fields}
    )
    overrides = changes.get("overrides", ())
    team = Team(name="l3", title="L3", mail="l3@x.y", rotation=rotation, overrides=overrides)
    ladder = {severity: (Level(team="l3"),) for severity in Severity}
    policy = Policy(name="p", title="P", severities=ladder)
    return OnCall(calendars=(Calendar(name="here", time_zone=zone),), teams=(team,), policies=(policy,))


def test_people_take_turns_and_hand_over_at_the_local_hour():
    on_call = rotating()
    before = on_duty(on_call, "l3", datetime(2026, 1, 12, 8, 59, tzinfo=TOKYO))
    assert (before.to, before.then) == (("a@x.y",), "b@x.y")
    assert before.handover == datetime(2026, 1, 12, 9, 0, tzinfo=TOKYO)
    assert on_duty(on_call, "l3", datetime(2026, 1, 12, 9, 0, tzinfo=TOKYO)).to == ("b@x.y",)
    assert on_duty(on_call, "l3", datetime(2026, 1, 4, 9, 0, tzinfo=TOKYO)).to == ("c@x.y",), (
        "no gap before it"
    )


def test_an_override_holds_from_its_beginning_until_just_before_its_end():
    week = Override(who="z@x.y", begins=datetime(2026, 1, 13, 9), ends=datetime(2026, 1, 14, 9))
    on_call = rotating(overrides=(week,))
    moments = [
        datetime(2026, 1, 13, 8, 59),
        datetime(2026, 1, 13, 9),
        datetime(2026, 1, 14, 8, 59),
        datetime(2026, 1, 14, 9),
    ]
    found = [on_duty(on_call, "l3", moment.replace(tzinfo=TOKYO)) for moment in moments]
    assert [duty.to[0] for duty in found] == ["b@x.y", "z@x.y", "z@x.y", "b@x.y"]
    assert found[1].why == "z@x.y stands in for b@x.y"
    assert [(duty.handover, duty.then) for duty in found[:3]] == [
        (datetime(2026, 1, 13, 9, tzinfo=TOKYO), "z@x.y"),
        (datetime(2026, 1, 14, 9, tzinfo=TOKYO), "b@x.y"),
        (datetime(2026, 1, 14, 9, tzinfo=TOKYO), "b@x.y"),
    ], "whoever stands in takes over too"


def test_an_override_for_somebody_holds_only_in_their_turn():
    year = Override(
        who="z@x.y", instead_of="a@x.y", begins=datetime(2026, 1, 1, 0), ends=datetime(2027, 1, 1, 0)
    )
    on_call = rotating(overrides=(year,))
    weeks = [datetime(2026, 1, 6, 12, tzinfo=TOKYO) + timedelta(weeks=week) for week in range(4)]
    assert [on_duty(on_call, "l3", week).to[0] for week in weeks] == ["z@x.y", "b@x.y", "c@x.y", "z@x.y"]


def test_nobody_changes_twice_when_the_clocks_go_back_over_a_handover():
    on_call = rotating("America/New_York", every="day", handover=time(1, 30))
    first = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)  # 01:00 in New York; 02:00 becomes 01:00 an hour later
    seen = [on_duty(on_call, "l3", first + timedelta(minutes=15 * step)).to[0] for step in range(10)]
    assert seen == [seen[0]] * 2 + [seen[-1]] * 8


@settings(max_examples=200, deadline=None)
@given(
    at=st.datetimes(datetime(2025, 1, 1), datetime(2029, 1, 1)).map(lambda one: one.replace(tzinfo=UTC)),
    handover=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    every=st.sampled_from(["day", "week"]),
    zone=st.sampled_from(
        ["Asia/Tokyo", "America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Kathmandu"]
    ),
)
def test_at_every_moment_somebody_has_the_turn_until_the_handover(at, handover, every, zone):
    on_call = rotating(zone, every=every, handover=handover)
    duty = on_duty(on_call, "l3", at)
    assert duty.handover is not None
    assert at < duty.handover <= at + timedelta(days=8 if every == "week" else 2)
    assert on_duty(on_call, "l3", duty.handover - timedelta(seconds=1)).to == duty.to
    assert on_duty(on_call, "l3", duty.handover).to == (duty.then,)


# --- hours


def working(hours: Hours, zone: str = "America/New_York", own: tuple[date, ...] = ()) -> OnCall:
    calendar = Calendar(name="here", time_zone=zone, own=tuple(Holiday(date=day, name="off") for day in own))
    teams = (
        Team(name="day", title="Day", mail="day@x.y", hours=hours),
        Team(name="all", title="All", mail="all@x.y"),
    )
    ladders = {
        severity: (Level(team="day", within=timedelta(hours=1)), Level(team="all")) for severity in Severity
    }
    return OnCall(
        calendars=(calendar,), teams=teams, policies=(Policy(name="p", title="P", severities=ladders),)
    )


def test_hours_over_midnight_belong_to_the_day_that_they_begin_on():
    on_call = working(Hours(weekdays=("fri",), start=time(22), end=time(6)), "Asia/Tokyo")
    saturday = datetime(2026, 6, 20, 5, 59, tzinfo=TOKYO)
    assert on_duty(on_call, "day", saturday).on_duty
    assert on_duty(on_call, "day", saturday).ends == datetime(2026, 6, 20, 6, 0, tzinfo=TOKYO)
    assert not on_duty(on_call, "day", saturday + timedelta(minutes=1)).on_duty
    assert not on_duty(on_call, "day", saturday - timedelta(days=1)).on_duty


def test_a_holiday_is_no_working_day_unless_the_team_works_on_holidays():
    day = date(2026, 6, 17)
    noon = datetime(2026, 6, 17, 12, tzinfo=NEW_YORK)
    assert not on_duty(working(Hours(), own=(day,)), "day", noon).on_duty
    assert on_duty(working(Hours(on_holidays=True), own=(day,)), "day", noon).on_duty
    japan = Calendar(name="japan", time_zone="Asia/Tokyo", country="JP")
    assert holiday(japan, date(2026, 5, 6)), "a day off in lieu"
    assert not holiday(japan, date(2026, 5, 7))


def test_hours_that_begin_in_the_hour_that_the_clocks_skip_begin_at_the_next_minute():
    on_call = working(Hours(weekdays=("sun",), start=time(2, 30), end=time(4)))
    duty = on_duty(on_call, "day", datetime(2026, 3, 8, 0, 0, tzinfo=NEW_YORK))
    assert duty.begins == datetime(2026, 3, 8, 7, 0, tzinfo=UTC), "03:00, for 02:30 does not exist"


def test_a_team_that_is_away_all_year_is_paged_all_the_same_when_nobody_is_left():
    days = tuple(date(2026, 1, 1) + timedelta(days=ahead) for ahead in range(800))
    on_call = working(Hours(), own=days)
    lonely = on_call.model_copy(
        update={"policies": (Policy(name="p", title="P", severities={Severity.LOW: (Level(team="day"),)}),)}
    )
    opened = datetime(2026, 6, 17, 12, tzinfo=UTC)
    (rung,) = route(lonely, None, Severity.LOW, opened)
    assert (rung.to, rung.due_at) == (("day@x.y",), opened)
    assert "nobody is left above" in rung.why


def test_a_business_day_is_a_whole_one():
    calendar = Calendar(name="here", time_zone="America/New_York", business=Hours(end=time(17)))
    friday = datetime(2026, 6, 19, 15, 20, 30, tzinfo=NEW_YORK)
    assert business_days_later(calendar, friday, 1) == friday + timedelta(days=3)
    saturday = datetime(2026, 6, 20, 15, 0, tzinfo=NEW_YORK)
    assert business_days_later(calendar, saturday, 1) == datetime(2026, 6, 23, 9, 0, tzinfo=NEW_YORK)
    assert next_business_day(calendar, saturday) == datetime(2026, 6, 22, 9, 0, tzinfo=NEW_YORK)


# --- whatever the estate: every incident reaches somebody, in order, and nobody is left out unsaid

ZONES = ["Asia/Tokyo", "America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "UTC"]
WHOLE = st.times().map(lambda one: one.replace(second=0, microsecond=0))
HOURS = st.builds(
    Hours,
    weekdays=st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1).map(
        tuple
    ),
    start=WHOLE,
    end=WHOLE,
    on_holidays=st.booleans(),
)
LEVELS = st.builds(
    Level,
    team=st.sampled_from(["a", "b", "c", "d"]),
    within=st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=2)),
)


@st.composite
def estates(draw: st.DrawFn) -> OnCall:
    teams = tuple(
        Team(
            name=name,
            title=name.upper(),
            mail=f"{name}@x.y",
            calendar=draw(st.sampled_from(["one", "two"])),
            hours=draw(st.none() | HOURS),
            rotation=draw(st.none() | st.just(Rotation(people=("p@x.y", "q@x.y"), starts=date(2026, 1, 5)))),
        )
        for name in ("a", "b", "c", "d")
    )
    first = draw(st.sampled_from(["at_once", "next_business_day"]))
    severities: dict[Severity, tuple[Level, ...]] = {}
    for severity in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW):
        levels = draw(st.lists(LEVELS, min_size=1, max_size=5))
        if severity not in URGENT:
            levels[0] = levels[0].model_copy(update={"begins": first})
        severities[severity] = tuple(levels)
    calendars = (
        Calendar(name="one", time_zone=draw(st.sampled_from(ZONES)), country="JP"),
        Calendar(name="two", time_zone=draw(st.sampled_from(ZONES)), country="US"),
    )
    return OnCall(
        calendars=calendars, teams=teams, policies=(Policy(name="p", title="P", severities=severities),)
    )


@settings(max_examples=200, deadline=None)
@given(
    on_call=estates(),
    severity=st.sampled_from(list(Severity)),
    opened=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
        lambda one: one.replace(tzinfo=UTC)
    ),
)
def test_every_incident_reaches_somebody_in_order_and_nobody_is_passed_over_unsaid(on_call, severity, opened):
    rungs = route(on_call, None, severity, opened)
    levels = on_call.policies[0].ladder(severity)
    assert rungs
    assert all(rung.to for rung in rungs)
    assert rungs[0].due_at >= opened
    assert all(one.due_at <= other.due_at for one, other in pairwise(rungs))
    assert rungs[-1].level == len(levels), "the last level is always told"
    if severity in URGENT:
        assert rungs[0].due_at == opened, "what is urgent is told to somebody at once"
    else:
        assert [rung.level for rung in rungs] == list(range(1, len(levels) + 1)), (
            "what waits leaves nobody out"
        )
    told = {rung.level for rung in rungs}
    for number, level in enumerate(levels, 1):
        if number not in told:
            following = next(rung for rung in rungs if rung.level > number)
            assert f"{level.team.upper()} is off duty" in following.why
    for rung in rungs:
        duty = on_duty(on_call, rung.team, rung.due_at)
        assert duty.on_duty or "nobody is left above" in rung.why
        assert rung.to == duty.to
        assert rung.respond_by is None or rung.respond_by > rung.due_at
