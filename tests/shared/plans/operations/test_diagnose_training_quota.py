"""One step that only looks, about what the estate names."""

import json

import pytest

from shared.actions.catalog import catalog
from shared.errors import ParametersInvalid
from shared.model.plan import Mode, Plan
from shared.plans.operations.diagnose_training_quota import Parameters, diagnose_training_quota
from shared.plans.planning import PlanRequest
from tests.shared.actions.stage import contoso

REQUEST = PlanRequest(mode=Mode.REAL)


def test_it_only_looks_and_asks_nobody() -> None:
    plan = diagnose_training_quota(contoso(), REQUEST, Parameters())
    (step,) = plan.steps
    assert (step.action, step.changes, plan.approval.required) == ("diagnose_training_quota", False, 0)
    assert Plan.from_wire(json.loads(json.dumps(plan.to_wire()))) == plan
    params = catalog()[step.action].params
    assert params.from_wire(step.params).to_wire() == step.params


def test_a_service_of_another_kind_is_refused() -> None:
    with pytest.raises(ParametersInvalid, match="'agents-db' is no"):
        diagnose_training_quota(contoso(), REQUEST, Parameters(service="agents-db"))
