"""Which plans a proof is held against: every one that has a scenario, in the normal run or under `make crash`."""

import pytest

from infra.local.drill import command, scenario

FIRST, PLANS = command.FIRST, scenario.known()

every_plan = pytest.mark.parametrize("plan", PLANS)
"""In the normal run."""
first_plan = pytest.mark.parametrize(
    "plan", [pytest.param(plan, marks=[] if plan == FIRST else [pytest.mark.crash]) for plan in PLANS]
)
"""In the normal run for the first plan, under `make crash` for all others."""
