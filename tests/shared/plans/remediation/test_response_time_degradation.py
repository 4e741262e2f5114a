"""Slow is too little first: replicas, then a restart, each proved by what requests took afterwards."""

import json

from shared.actions.catalog import catalog
from shared.model.estate import Estate
from shared.model.plan import Mode, Plan
from shared.model.replicas import ReplicaRange
from shared.plans.planning import PlanRequest
from shared.plans.remediation.response_time_degradation import Parameters, response_time_degradation
from tests.shared.actions.remediation.scene import APP
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import climb


def plan_of(estate: Estate | None = None, **parameters: object) -> Plan:
    given = Parameters.model_validate({"resources": [APP.resource_id], **parameters})
    return response_time_degradation(estate or contoso(), PlanRequest(mode=Mode.REAL), given)


def test_replicas_come_first_and_the_cache_stays() -> None:
    plan = plan_of(p95_below=2000)
    assert [step.action for step in plan.steps] == ["scale_up_resources", "restart_service"]
    assert {step.params["proof"]["conditions"][1]["below"] for step in plan.steps} == {2000.0}
    assert (plan.mode, plan.services) == ("first_success", ("agent-service",))


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


def test_more_replicas_make_it_fast(stage: Stage) -> None:
    slow(stage, "scale")
    assert list(climb(stage, plan_of(), mode=Mode.REAL)) == ["scale_up_resources"]


def test_at_the_limit_of_the_estate_it_is_restarted(stage: Stage) -> None:
    slow(stage, "restart")
    full = APP.model_copy(update={"replicas": ReplicaRange(least=2, most=3)})
    rest = tuple(one for one in contoso().services if one.name != APP.name)
    failed: dict[str, str] = {}
    plan = plan_of(contoso().model_copy(update={"services": (*rest, full)}))
    assert list(climb(stage, plan, mode=Mode.REAL, failed=failed)) == ["restart_service"]
    assert "which is the estate's limit (3)" in failed["scale_up_resources"]


def slow(stage: Stage, cured_by: str) -> None:
    stage.lab.advance(120)
    stage.lab.fault("slow_responses", "agent-service", factor=8, cured_by=cured_by)
    stage.lab.advance(300)


def test_what_is_fast_already_is_left_alone(stage: Stage) -> None:
    stage.lab.advance(400)
    stage.from_now()
    (outcome,) = climb(stage, plan_of(), mode=Mode.REAL).values()
    assert not outcome.changed
    assert stage.writes == []
