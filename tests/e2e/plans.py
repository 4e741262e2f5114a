"""Which plans a proof is held against: every one that has a scenario, in the normal run or under `make crash`."""

from typing import Any

import pytest

from infra.local.drill import command, scenario

FIRST, PLANS = command.FIRST, scenario.known()
NOT_YET_PROVED = {
    "blob_data_recovery",
    "landing_zone_activation",
    "landing_zone_failback",
    "ml_workspace_recovery",
}
"""Scenarios whose proofs only `make crash` holds so far; whoever has seen them pass takes the plan out of here."""


def proof(plan: str, *more: Any, when: bool = True) -> Any:
    """Parameters of a proof: in the normal run `when` it is so and the plan is ready for it, else by `make crash`."""
    normal = when and plan not in NOT_YET_PROVED
    name = "-".join([plan, *("in turn" if len(one) > 1 else one[0] for one in more)])
    return pytest.param(plan, *more, id=name, marks=[] if normal else [pytest.mark.crash])


every_plan = pytest.mark.parametrize("plan", [proof(plan) for plan in PLANS])
"""In the normal run."""
first_plan = pytest.mark.parametrize("plan", [proof(plan, when=plan == FIRST) for plan in PLANS])
"""In the normal run for the first plan, under `make crash` for all others."""
