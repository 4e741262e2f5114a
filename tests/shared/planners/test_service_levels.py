"""Whether a promise was kept is never a matter of rounding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.monthly import Answered, TenantMonth
from shared.planners.service_levels import allowed, answered_met, budget_used, fast_met, percent

counts = st.integers(1, 10**12).flatmap(
    lambda requests: st.tuples(st.just(requests), st.integers(0, requests))
)
targets = st.sampled_from([99.0, 99.5, 99.9, 99.95, 99.99, 99.995, 99.999])


@pytest.mark.parametrize(
    ("requests", "failed", "target", "words"),
    [
        (1_000_000, 1_000, 99.9, "99.90 %"),
        (1_000_000, 1_001, 99.9, "99.89 %"),
        (10_000_000, 1, 99.9, "99.99 %"),
        (1_000, 0, 99.9, "100 %"),
        (0, 0, 99.9, "no requests"),
        (1_000_000, 40, 99.995, "99.996 %"),
        (3, 3, 99.0, "0.00 %"),
    ],
)
def test_availability_is_never_rounded_up(requests: int, failed: int, target: float, words: str):
    assert percent(Answered(requests=requests, failed=failed), target) == words


@given(counts, targets)
def test_what_is_shown_never_reaches_a_target_that_was_missed(
    counted: tuple[int, int], target: float
) -> None:
    answered = Answered(requests=counted[0], failed=counted[1])
    shown = float(percent(answered, target).removesuffix(" %"))
    assert answered_met(answered, target) == (shown >= target)


@given(counts, targets)
def test_the_budget_is_used_up_exactly_where_the_target_is_missed(
    counted: tuple[int, int], target: float
) -> None:
    answered = Answered(requests=counted[0], failed=counted[1])
    assert answered_met(answered, target) == (counted[1] <= allowed(answered, target))
    used = budget_used(answered, target)
    assert used is not None
    assert used == pytest.approx(counted[1] / counted[0] * 100 / (100 - target))


def test_the_last_request_that_may_fail_is_no_miss() -> None:
    # As floats 100 * (1 - 7 / 7000) and the like fall to either side of 99.9.
    for thousands in range(1, 3000):
        assert answered_met(Answered(requests=1000 * thousands, failed=thousands), 99.9) is True
        assert answered_met(Answered(requests=1000 * thousands, failed=thousands + 1), 99.9) is False


def test_where_nobody_asked_nothing_is_said() -> None:
    nobody = TenantMonth(tenant="contoso", requests=0, failed=0)
    assert (answered_met(nobody, 99.9), fast_met(nobody, 2000), budget_used(nobody, 99.9)) == (
        None,
        None,
        None,
    )
    assert fast_met(nobody.model_copy(update={"p95_ms": 2000.0}), 2000) is True
    assert fast_met(nobody.model_copy(update={"p95_ms": 2000.1}), 2000) is False
