"""Facts first, then a watch; nothing is changed."""

import json

import pytest

from shared.actions.catalog import catalog
from shared.errors import EstateInvalid
from shared.model.estate import Estate, TrafficRoute
from shared.model.plan import Mode, Plan
from shared.plans.planning import PlanRequest
from shared.plans.remediation.inference_endpoint_down import Parameters, inference_endpoint_down
from tests.shared.actions.stage import Stage, StepFailed, contoso
from tests.shared.plans.walk import carry_out

ROUTE = next(one for one in contoso().of_kind(TrafficRoute) if one.name == "inference-api")


def plan_of(estate: Estate | None = None, **parameters: object) -> Plan:
    given = Parameters.model_validate({"resources": [ROUTE.resource_id], **parameters})
    return inference_endpoint_down(estate or contoso(), PlanRequest(mode=Mode.REAL), given)


def test_it_looks_and_watches_and_changes_nothing() -> None:
    look, watch = plan_of().steps
    assert (look.action, look.critical, watch.needs) == ("diagnose_endpoint_503", False, (look.name,))
    assert not any(step.changes for step in plan_of().steps)
    blind = ROUTE.model_copy(update={"health_url": None})
    rest = tuple(one for one in contoso().services if one.name != ROUTE.name)
    with pytest.raises(EstateInvalid, match="inference-api has no health_url"):
        plan_of(contoso().model_copy(update={"services": (*rest, blind)}))


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


def test_an_endpoint_that_comes_back_ends_well_and_one_that_does_not_pages(stage: Stage) -> None:
    stage.lab.advance(60)
    assert "it helped" in carry_out(stage, plan_of(), mode=Mode.REAL)["verify_endpoint_health"].summary
    stage.lab.fault("endpoint_down", "ml-inference.contoso.com")
    stage.outage("eastus2")
    with pytest.raises(StepFailed, match="did not help within 0:10:00: https://ml-inference"):
        carry_out(stage, plan_of(), mode=Mode.REAL)
