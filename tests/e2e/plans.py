"""Which plans a proof is held against: every one that has a scenario, in the normal run or under `make crash`."""

from typing import Any

import pytest

from infra.local.drill import command, scenario

FIRST, PLANS = command.FIRST, scenario.known()


def proof(plan: str, *more: Any, when: bool | None = None) -> Any:
    """Parameters of a proof: in the normal run for the first plan, or `when` it is so; by `make crash` always."""
    normal = plan == FIRST if when is None else when
    name = "-".join([plan, *("in turn" if len(one) > 1 else one[0] for one in more)])
    return pytest.param(plan, *more, id=name, marks=[] if normal else [pytest.mark.crash])


every_plan_or_a_third = pytest.mark.parametrize(
    ("plan", "nth"),
    [
        pytest.param(FIRST, 3, id=f"{FIRST}-every third"),
        *(pytest.param(plan, 1, id=plan, marks=pytest.mark.crash) for plan in PLANS),
    ],
)
"""Under `make crash` everywhere in every plan, in the normal run at every third place of the first: it takes minutes."""
