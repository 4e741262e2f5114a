"""One step that only looks, so nobody is asked."""

from shared.model.plan import Mode
from shared.plans.operations.noisy_neighbour import Parameters, noisy_neighbour
from shared.plans.planning import PlanRequest
from tests.shared.actions.stage import contoso


def test_it_only_looks_and_as_far_back_as_was_said() -> None:
    plan = noisy_neighbour(
        contoso(), PlanRequest(mode=Mode.REAL), Parameters(minutes=60, weights={"contoso": 3})
    )
    (step,) = plan.steps
    assert (step.params["over"], step.params["weights"], step.changes) == ("PT1H", {"contoso": 3.0}, False)
    assert (plan.approval.required, plan.services) == (0, ())
