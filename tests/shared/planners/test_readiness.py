"""A score with its reasons: what does not hold costs, and only what a plan needs counts for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.readiness import PlanToCheck, Precondition
from shared.model.severity import Severity
from shared.planners.readiness import NEEDED_BY, is_allowed, judged

OUTAGE = PlanToCheck(name="region_outage", kind="recovery", actions=tuple(sorted(set(NEEDED_BY.values()))))


def one(severity: Severity = Severity.LOW, *, met: bool = False, check: str = "replica") -> Precondition:
    return Precondition(
        check=check,
        resource="r",
        met=met,
        severity=severity,
        title=f"it {severity}",
        recommendation="mend it",
    )


@pytest.mark.parametrize(
    ("severities", "score", "verdict"),
    [
        ((), 100, "ready"),
        ((Severity.LOW,), 97, "ready"),
        ((Severity.MEDIUM, Severity.LOW), 87, "at_risk"),
        ((Severity.HIGH,), 80, "at_risk"),
        ((Severity.LOW, Severity.CRITICAL), 47, "not_ready"),
        ((Severity.CRITICAL,) * 3, 0, "not_ready"),
    ],
)
def test_each_gap_costs_by_its_severity(severities: tuple[Severity, ...], score: int, verdict: str) -> None:
    found = judged(OUTAGE, [one(met=True), *(one(severity) for severity in severities)])
    assert (found.score, found.verdict) == (score, verdict)
    assert len(found.reasons) == len(severities)


def test_the_worst_is_told_first_with_what_to_do() -> None:
    found = judged(OUTAGE, [one(Severity.LOW), one(Severity.CRITICAL)])
    assert found.reasons[0] == "critical: it critical (mend it)"


def test_what_a_plan_does_not_use_does_not_count() -> None:
    plan = PlanToCheck(name="other", kind="recovery", actions=("isolate_corrupted_data",))
    found = judged(plan, [one(Severity.CRITICAL, check="quota"), one(Severity.HIGH, check="permissions")])
    assert [kept.check for kept in found.preconditions] == ["permissions"]


@given(st.lists(st.builds(one, st.sampled_from(Severity), met=st.booleans())))
def test_a_gap_more_never_makes_a_plan_readier(found: list[Precondition]) -> None:
    before, after = judged(OUTAGE, found), judged(OUTAGE, [*found, one(Severity.MEDIUM)])
    assert after.score <= before.score
    assert 0 <= after.score <= 100


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ({"actions": ["*"]}, True),
        ({"actions": ["microsoft.app/*"]}, True),
        ({"actions": ["Microsoft.App/containerApps/write"]}, True),
        ({"actions": ["*/read"]}, False),
        ({"actions": ["*"], "notActions": ["Microsoft.App/*/write"]}, False),
        ({"dataActions": ["*"]}, False),
        ({}, False),
    ],
)
def test_permissions_are_read_as_azure_reads_them(permission: dict, allowed: bool) -> None:  # noqa: FBT001
    assert is_allowed([permission], "Microsoft.App/containerApps/write") is allowed
