"""A month's bounds in any time zone, and what of it is named."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.estate import ServiceLevels
from shared.model.monthly import (
    Costs,
    IncidentOfMonth,
    MonthlyReport,
    OutsideTest,
    RunOfMonth,
    SecurityAlert,
    ServiceCost,
    TenantMonth,
)
from shared.model.plan import Mode, PlanKind
from shared.model.readiness import PlanReadiness, Readiness
from shared.model.run import Objective, RunStatus
from shared.model.severity import Severity
from shared.planners.monthly import (
    bounds,
    by_day,
    days_before,
    days_of,
    findings,
    last_of_each_day,
    month_before,
    trend,
)

ZONES = ["UTC", "Asia/Tokyo", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati", "America/Havana"]
T0 = datetime(2026, 10, 5, tzinfo=UTC)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - made aware


@given(moments, st.sampled_from(ZONES))
def test_the_month_before_a_moment_is_over_and_the_next_is_not(at: datetime, zone: str) -> None:
    month = month_before(at, zone)
    since, until = bounds(month, zone)
    assert since < until <= at
    assert until - since >= timedelta(days=27)
    assert at - until < timedelta(days=32)
    assert month_before(until, zone) == month
    assert month_before(until - timedelta(seconds=1), zone) < month


@given(moments, st.sampled_from(ZONES))
def test_months_follow_each_other_without_a_gap(at: datetime, zone: str) -> None:
    later = month_before(at, zone)
    earlier = month_before(bounds(later, zone)[0], zone)
    assert bounds(earlier, zone)[1] == bounds(later, zone)[0]
    local = bounds(later, zone)[0].astimezone(ZoneInfo(zone))
    # Where the clocks skip midnight of the first, the month begins with the first minute that there is.
    assert (local.day, local.hour) in {(1, 0), (1, 1)}


def test_a_month_of_the_estate_begins_there() -> None:
    since, until = bounds("2026-10", "Asia/Tokyo")
    assert since == datetime(2026, 9, 30, 15, tzinfo=UTC)
    assert until == datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert month_before(datetime(2026, 10, 31, 14, 59, tzinfo=UTC), "Asia/Tokyo") == "2026-09"
    assert month_before(datetime(2026, 10, 31, 15, tzinfo=UTC), "Asia/Tokyo") == "2026-10"
    assert month_before(datetime(2027, 1, 1, tzinfo=UTC), "UTC") == "2026-12"


@pytest.mark.parametrize(
    ("month", "today", "these", "those"),
    [
        ("2026-10", "2026-11-01", ("10-01", "10-31"), ("09-01", "09-30")),
        ("2026-10", "2026-10-10", ("10-01", "10-10"), ("09-01", "09-10")),
        ("2026-03", "2026-03-30", ("03-01", "03-30"), ("02-01", "02-28")),
        ("2026-03", "2026-04-01", ("03-01", "03-31"), ("02-01", "02-28")),
        ("2026-02", "2026-03-01", ("02-01", "02-28"), ("01-01", "01-31")),
        ("2026-10", "2026-10-01", ("10-01", "10-01"), ("09-01", "09-01")),
    ],
)
def test_whole_months_are_compared_with_whole_ones(
    month: str, today: str, these: tuple[str, str], those: tuple[str, str]
) -> None:
    on = date.fromisoformat(today)
    assert tuple(f"{day:%m-%d}" for day in days_of(month, on)) == these
    assert tuple(f"{day:%m-%d}" for day in days_before(month, on)) == those


@given(
    st.lists(st.tuples(st.integers(0, 31 * 24 - 1), st.integers(0, 10**6)), max_size=60),
    st.sampled_from(ZONES),
)
def test_days_add_up_to_their_hours(hours: list[tuple[int, int]], zone: str) -> None:
    days = by_day(((T0 + timedelta(hours=hour), count, count // 3) for hour, count in hours), zone)
    assert sum(day.requests for day in days) == sum(count for _, count in hours)
    assert sum(day.failed for day in days) == sum(count // 3 for _, count in hours)
    assert list(days) == sorted(days, key=lambda day: day.day)
    assert {day.day for day in days} == {
        (T0 + timedelta(hours=hour)).astimezone(ZoneInfo(zone)).date() for hour, _ in hours
    }


def test_one_check_of_each_day_is_read() -> None:
    names = [f"readiness/202610{day:02}T{hour:02}0000Z.json" for day in (2, 1) for hour in (2, 14)]
    assert last_of_each_day(names) == (
        "readiness/20261001T140000Z.json",
        "readiness/20261002T140000Z.json",
    )


def readiness(verdict: str = "ready", score: int = 100, *, days: int = 0) -> Readiness:
    plan = PlanReadiness.model_validate(
        {
            "plan": "region_outage",
            "kind": "recovery",
            "verdict": verdict,
            "score": score,
            "reasons": ("a gap",),
        }
    )
    return Readiness(checked_at=T0 + timedelta(days=days), plans=(plan,))


def test_the_trend_goes_forward() -> None:
    points = trend([readiness(score=90, days=1), readiness(score=50)])
    assert [(point.checked_at.day, point.scores) for point in points] == [
        (5, {"region_outage": 50}),
        (6, {"region_outage": 90}),
    ]


def report(**changes: object) -> MonthlyReport:
    good = {
        "estate": "contoso",
        "title": "Contoso",
        "month": "2026-10",
        "time_zone": "UTC",
        "since": datetime(2026, 10, 1, tzinfo=UTC),
        "until": datetime(2026, 11, 1, tzinfo=UTC),
        "made_at": datetime(2026, 11, 1, 4, tzinfo=UTC),
        "levels": ServiceLevels(),
        "tenants": (TenantMonth(tenant="contoso", requests=100_000, failed=100, p95_ms=2000),),
        "outside": (OutsideTest(test="door", requests=1000, failed=1),),
        "runs": (run(),),
        "incidents": (),
        "alerts": (),
        "costs": Costs(currency="USD", services=(ServiceCost(service="Storage", cost=150, before=100),)),
        "readiness": readiness(),
    }
    return MonthlyReport.model_validate(good | changes)


def run(status: RunStatus = RunStatus.SUCCEEDED, *, met: bool = True) -> RunOfMonth:
    return RunOfMonth(
        run_id="r1",
        plan="region_outage",
        title="Recover contoso",
        kind=PlanKind.RECOVERY,
        mode=Mode.REAL,
        status=status,
        started_at=T0,
        finished_at=T0 + timedelta(minutes=10),
        rto=Objective(basis="operator", started_at=T0, target_seconds=14400, measured_seconds=600, met=met),
    )


def incident(number: int, **changes: object) -> IncidentOfMonth:
    told = {"id": f"inc-{number}", "rule": "HighErrorRate", "severity": Severity.HIGH, "tenant": "contoso"}
    return IncidentOfMonth.model_validate({**told, "opened_at": T0, "closed_at": T0, **changes})


def test_a_month_just_within_its_promises_needs_nobody() -> None:
    assert findings(report()) == ()


@pytest.mark.parametrize(
    ("changes", "severity", "words"),
    [
        (
            {"tenants": (TenantMonth(tenant="contoso", requests=100_000, failed=101),)},
            "high",
            "answered 99.89 % of the time",
        ),
        (
            {"tenants": (TenantMonth(tenant="contoso", requests=1, failed=0, p95_ms=2001),)},
            "medium",
            "2001 ms",
        ),
        (
            {"tenants": (TenantMonth(tenant="fabrikam", requests=0, failed=0, violations=1),)},
            "critical",
            "fabrikam reached",
        ),
        ({"outside": (OutsideTest(test="door", requests=1000, failed=2),)}, "high", "door was up 99.80 %"),
        ({"runs": (run(RunStatus.FAILED),)}, "high", "ended failed"),
        ({"runs": (run(met=False),)}, "high", "missed its target for recovery time"),
        ({"incidents": tuple(incident(number) for number in range(3))}, "medium", "(contoso) came 3 times"),
        (
            {"alerts": (SecurityAlert(title="Malware", seen=T0),)},
            "high",
            "'Malware' is still open",
        ),
        ({"readiness": None}, "high", "no readiness check of this month"),
        (
            {"readiness": readiness("not_ready", 40)},
            "critical",
            "region_outage is not ready (40 of 100): a gap",
        ),
        ({"readiness": readiness("at_risk", 80)}, "medium", "region_outage is at risk (80 of 100)"),
        (
            {
                "costs": Costs(
                    currency="USD", services=(ServiceCost(service="Storage", cost=151, before=100),)
                )
            },
            "medium",
            "Storage cost 1.5 times",
        ),
        ({"unknown": ("costs: HTTP 403",), "costs": None}, "medium", "not in this report: costs: HTTP 403"),
    ],
)
def test_what_needs_somebody_is_named(changes: dict[str, object], severity: str, words: str) -> None:
    (found,) = findings(report(**changes))
    assert found.severity == severity
    assert words in found.title
    assert found.recommendation


def test_readiness_that_could_not_be_read_is_not_said_to_be_unchecked() -> None:
    (found,) = findings(report(readiness=None, trend=None, unknown=("readiness: HTTP 403",)))
    assert found.title == "not in this report: readiness: HTTP 403"


def test_the_worst_comes_first_and_what_a_month_did_not_have_is_no_finding() -> None:
    found = findings(
        report(readiness=readiness("not_ready", 0), alerts=(SecurityAlert(title="x", seen=T0),), runs=())
    )
    assert [one.severity for one in found] == [Severity.CRITICAL, Severity.HIGH]
    rejected = report(
        runs=(run(RunStatus.REJECTED),), incidents=(incident(1), incident(2), incident(3, tenant="b"))
    )
    assert findings(rejected) == ()
