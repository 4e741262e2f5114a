"""Which plans a proof is held against: every one that has a scenario, in the normal run or under `make crash`."""

from typing import Any

import pytest

from infra.local.drill import command, scenario

FIRST, PLANS = command.FIRST, scenario.known()
LONG = {
    "blob_data_recovery",
    "data_corruption",
    "dr_drill",
    "landing_zone_activation",
    "landing_zone_failback",
    "region_failback",
    "security_breach",
}
"""Plans of so many writes that killing the host at each of them takes minutes: `make crash` holds those proofs."""


def proof(plan: str, *more: Any, when: bool | None = None) -> Any:
    """Parameters of a proof: in the normal run `when` it is so, or the plan is short; by `make crash` always."""
    normal = plan not in LONG if when is None else when
    name = "-".join([plan, *("in turn" if len(one) > 1 else one[0] for one in more)])
    return pytest.param(plan, *more, id=name, marks=[] if normal else [pytest.mark.crash])


every_plan = pytest.mark.parametrize("plan", [proof(plan) for plan in PLANS])
"""In the normal run for short plans, under `make crash` for all."""
first_plan = pytest.mark.parametrize("plan", [proof(plan, when=plan == FIRST) for plan in PLANS])
"""In the normal run for the first plan, under `make crash` for all others."""
