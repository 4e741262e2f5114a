"""One step that only looks, about what the estate names."""

import json

import pytest

from shared.actions.catalog import catalog
from shared.errors import ParametersInvalid
from shared.model.plan import Mode, Plan
from shared.plans.operations.diagnose_registry_sync import Parameters, diagnose_registry_sync
from shared.plans.planning import PlanRequest
from tests.shared.actions.stage import contoso

REQUEST = PlanRequest(mode=Mode.REAL)


def test_it_only_looks_and_asks_nobody() -> None:
    plan = diagnose_registry_sync(contoso(), REQUEST, Parameters())
    (step,) = plan.steps
    assert (step.action, step.changes, plan.approval.required) == ("diagnose_registry_sync", False, 0)
    assert Plan.from_wire(json.loads(json.dumps(plan.to_wire()))) == plan
    params = catalog()[step.action].params
    assert params.from_wire(step.params).to_wire() == step.params


def test_without_a_registry_somebody_must_say_which() -> None:
    bare = contoso().model_copy(update={"security": None})
    with pytest.raises(ParametersInvalid, match="the estate names no registry"):
        diagnose_registry_sync(bare, REQUEST, Parameters())
