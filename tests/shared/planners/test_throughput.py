"""What Cosmos DB takes, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.throughput import Throughput
from shared.planners.throughput import STEP, allowed


def manual(ru: int, minimum: int = 400) -> Throughput:
    return Throughput(mode="manual", ru=ru, minimum=minimum)


def autoscale(ru: int, minimum: int = 1000) -> Throughput:
    return Throughput(mode="autoscale", ru=ru, minimum=minimum)


@pytest.mark.parametrize(
    ("has", "wanted", "given_"),
    [
        (manual(1000), 2000, 2000),
        (manual(1000), 2001, 2100),
        (manual(15_000), 30_000, 20_000),
        (manual(500), 250, 400),
        (manual(1000, minimum=900), 500, 900),
        (manual(1000, minimum=25_000), 500, 25_000),
        (autoscale(4000), 8000, 8000),
        (autoscale(4000), 8001, 9000),
        (autoscale(15_000), 30_000, 20_000),
        (autoscale(2000), 500, 1000),
        (autoscale(8000, minimum=4300), 500, 5000),
    ],
)
def test_the_next_that_the_service_takes(has: Throughput, wanted: float, given_: int) -> None:
    assert allowed(wanted, has) == given_


@given(
    st.sampled_from(["manual", "autoscale"]),
    st.integers(1, 1_000_000),
    st.integers(400, 60_000),
    st.floats(0, 1e7),
    st.integers(400, 100_000),
)
def test_it_is_always_a_step_and_never_below_the_minimum(
    mode: str, ru: int, minimum: int, wanted: float, cap: int
) -> None:
    has = Throughput.from_wire({"mode": mode, "ru": ru, "minimum": minimum})
    found = allowed(wanted, has, cap=cap)
    assert found % STEP[mode] == 0
    assert found >= minimum
    assert found <= max(cap, minimum + STEP[mode], 1000)
    assert allowed(found, has, cap=cap) == found
