"""Which containers the plan looks at, and that it helps."""

import json

import pytest

from shared.actions.catalog import catalog
from shared.errors import ParametersInvalid
from shared.model.estate import CosmosDb
from shared.model.plan import Mode, Plan
from shared.plans.planning import PlanRequest
from shared.plans.remediation.cosmos_ru_usage import Parameters, cosmos_ru_usage
from tests.shared.actions.remediation.scene import trouble
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import climb

SERVICE = contoso().of_kind(CosmosDb)[0]


def plan_of(**parameters: object) -> Plan:
    given = Parameters.model_validate({"resources": [SERVICE.resource_id], **parameters})
    return cosmos_ru_usage(contoso(), PlanRequest(mode=Mode.REAL), given)


def containers(plan: Plan) -> list[str]:
    return [one["container_id"].rsplit("/", 1)[-1] for one in plan.steps[0].params["containers"]]


def test_the_alert_says_which_container_else_all_are_looked_at() -> None:
    assert containers(plan_of()) == ["threads", "messages", "runs", "files"]
    assert containers(plan_of(dimensions={"collectionName": "Runs", "DatabaseName": "agents"})) == ["runs"]
    assert containers(plan_of(dimensions={"tenantId": "contoso"})) == ["threads", "messages", "runs", "files"]
    with pytest.raises(
        ParametersInvalid, match="'orders' is no container of agents-db, which has threads, messages"
    ):
        plan_of(dimensions={"CollectionName": "orders"})


def test_limits_come_from_the_rule() -> None:
    plan = plan_of(target=3000, cap=8000, usage_below=70)
    params = plan.steps[0].params
    assert (params["target"], params["cap"], params["floor"]) == (3000, 8000, 400)
    assert params["containers"][0]["proof"]["conditions"][0]["below"] == 70
    assert (plan.mode, plan.services, plan.approval.required) == ("first_success", ("agents-db",), 0)


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


def test_a_container_that_uses_up_its_throughput_gets_twice_as_much(stage: Stage) -> None:
    stage.lab.advance(60)
    hot = f"{SERVICE.resource_id}/sqlDatabases/agents/containers/messages"
    trouble(stage, "high_load", hot, demand=5000)
    stage.lab.advance(120)
    (outcome,) = climb(stage, plan_of(), mode=Mode.REAL).values()
    assert outcome.summary == "messages has 8000 RU/s, it had 4000 (autoscale); it helped"
