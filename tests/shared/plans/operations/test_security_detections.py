"""One step that only looks, with the limits of the document unless others are given."""

from shared.model.plan import Mode
from shared.plans.operations.security_detections import Parameters, security_detections
from shared.plans.planning import PlanRequest
from tests.shared.actions.stage import contoso


def test_it_only_looks_with_the_limits_that_were_given() -> None:
    plan = security_detections(contoso(), PlanRequest(mode=Mode.REAL), Parameters(minutes=5, most_failures=3))
    (step,) = plan.steps
    wanted = {"over": "PT5M", "most_failures": 3, "most_requests": 100, "most_addresses": 10}
    assert {name: step.params[name] for name in wanted} == wanted
    assert not step.changes
    assert (plan.approval.required, plan.services) == (0, ())
