"""Which plans a proof is held against: every one that has a scenario, in the normal run or under `make crash`."""

import pytest

from infra.local.drill import scenario
from infra.local.drill.command import FIRST

PLANS = scenario.known()
__all__ = ["FIRST", "PLANS", "every_plan", "first_plan"]


def _thorough(*plans: str) -> list[object]:
    return [pytest.param(plan, marks=[] if plan == FIRST else [pytest.mark.crash]) for plan in plans]


every_plan = pytest.mark.parametrize("plan", PLANS)
"""In the normal run."""
first_plan = pytest.mark.parametrize("plan", _thorough(*PLANS))
"""In the normal run for the first plan, under `make crash` for all others."""
