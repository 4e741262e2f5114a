"""Errors in the logs decide, and not health alone; each cure of a failing app is found by the ladder."""

import json

import pytest

from shared.actions.catalog import catalog
from shared.model.plan import Mode, Plan
from shared.plans.planning import PlanRequest
from shared.plans.remediation.high_error_rate import Parameters, high_error_rate
from tests.shared.actions.remediation.scene import APP, answers
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import climb


def plan_of(**parameters: object) -> Plan:
    given = Parameters.model_validate({"resources": [APP.resource_id], **parameters})
    return high_error_rate(contoso(), PlanRequest(mode=Mode.REAL), given)


def test_what_was_logged_proves_each_rung() -> None:
    plan = plan_of(below=2)
    assert [step.action for step in plan.steps] == ["restart_service", "clear_cache", "scale_up_resources"]
    for step in plan.steps:
        healthy, errors = step.params["proof"]["conditions"]
        assert healthy["kind"] == "healthy"
        assert (errors["question"], errors["below"]) == ("error_rate", 2.0)


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


@pytest.mark.parametrize(
    ("cured_by", "rung"),
    [("restart", "restart_service"), ("flush", "clear_cache"), ("scale", "scale_up_resources")],
)
def test_the_rung_that_cures_ends_the_climb(stage: Stage, cured_by: str, rung: str) -> None:
    stage.lab.advance(120)
    stage.lab.fault("endpoint_down", APP.resource_id, cured_by=cured_by)
    stage.lab.advance(180)
    failed: dict[str, str] = {}
    done = climb(stage, plan_of(), mode=Mode.REAL, failed=failed)
    assert list(done) == [rung]
    assert done[rung].summary.endswith("; it helped")
    assert answers(stage)
    assert all("did not help within" in why for why in failed.values())


def test_where_nothing_helps_people_get_what_was_seen(stage: Stage) -> None:
    stage.lab.advance(120)
    stage.lab.fault("endpoint_down", APP.resource_id, cured_by="nothing")
    stage.lab.advance(120)
    failed: dict[str, str] = {}
    assert climb(stage, plan_of(), mode=Mode.REAL, failed=failed) == {}
    assert "answers 503" in failed["scale_up_resources"]
    assert "error_rate of contoso is 100, and must be below 5" in failed["scale_up_resources"]


def test_errors_count_although_the_health_endpoint_answers(stage: Stage) -> None:
    stage.lab.advance(120)
    fault = stage.lab.fault("error", "/tenants/fabrikam/messages", status=500)
    stage.lab.advance(180)
    assert answers(stage)
    failed: dict[str, str] = {}
    assert climb(stage, plan_of(), mode=Mode.REAL, failed=failed) == {}
    assert "error_rate of fabrikam is 100" in failed["restart_service"]
    stage.lab.end(fault)
