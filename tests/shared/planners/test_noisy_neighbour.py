"""Who uses more than a fair share, by the measure that says it best."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.planners.noisy_neighbour import TenantUse, noisy_neighbours


def use(tenant: str, units: float, requests: float = 100, busy: float = 10) -> TenantUse:
    return TenantUse(tenant=tenant, requests=requests, busy_seconds=busy, request_units=units)


def test_equal_tenants_are_all_quiet() -> None:
    assert noisy_neighbours([use("a", 10), use("b", 10), use("c", 12)], seconds=60) == ()


def test_the_database_may_be_driven_by_few_requests() -> None:
    (found,) = noisy_neighbours([use("a", 9_000), use("b", 300), use("c", 300)], seconds=60)
    assert (found.tenant, found.measure) == ("a", "request_units")
    assert found.share == pytest.approx(0.9375)
    assert found.times == pytest.approx(2.8125)
    assert found.advice.startswith("limit a to 10 RU/s, or move it to a container")


def test_of_two_tenants_one_can_be_noisy_too() -> None:
    (found,) = noisy_neighbours([use("a", 95), use("b", 5)], seconds=60)
    assert found.tenant == "a"
    assert noisy_neighbours([use("a", 60), use("b", 40)], seconds=60) == ()


def test_who_pays_for_more_may_use_more() -> None:
    uses = [use("a", 80, 80, 8), use("b", 10, 10, 1), use("c", 10, 10, 1)]
    assert [one.tenant for one in noisy_neighbours(uses, seconds=60)] == ["a"]
    assert noisy_neighbours(uses, seconds=60, weights={"a": 8}) == ()


def test_one_tenant_alone_or_no_use_at_all_is_no_noise() -> None:
    assert noisy_neighbours([use("a", 100)], seconds=60) == ()
    assert noisy_neighbours([use("a", 0, 0, 0), use("b", 0, 0, 0)], seconds=60) == ()


@given(st.lists(st.floats(0, 1e9), min_size=2, max_size=30))
def test_shares_are_parts_of_one_and_at_most_half_of_many_are_noisy(units: list[float]) -> None:
    uses = [TenantUse(tenant=str(number), request_units=one) for number, one in enumerate(units)]
    found = noisy_neighbours(uses, seconds=60)
    assert all(0 < one.share <= 1.000001 and one.times > 1 for one in found)
    assert len(found) <= len(units) / 2
    assert [one.times for one in found] == sorted((one.times for one in found), reverse=True)
