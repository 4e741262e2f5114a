"""The ladder as data, what it is about, and carried out on an app that hangs."""

import json

import pytest

from shared.actions.catalog import catalog
from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import ContainerApp, Estate
from shared.model.plan import Mode, Plan
from shared.plans.alerted import AlertParameters
from shared.plans.planning import PlanRequest
from shared.plans.remediation.system_availability_drop import system_availability_drop
from tests.shared.actions.remediation.scene import APP, HEALTH, answers, hang
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import climb

WORKSPACE = (
    "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-fas-global"
    "/providers/Microsoft.OperationalInsights/workspaces/log-fas"
)


def plan_of(*resources: str, estate: Estate | None = None, **parameters: object) -> Plan:
    given = AlertParameters.model_validate({"resources": resources or (APP.resource_id,), **parameters})
    return system_availability_drop(estate or contoso(), PlanRequest(mode=Mode.REAL), given)


def test_its_rungs_are_those_of_the_source_document() -> None:
    plan = plan_of()
    assert [step.action for step in plan.steps] == ["restart_service", "clear_cache", "scale_up_resources"]
    assert (plan.mode, plan.kind, plan.services) == ("first_success", "remediation", ("agent-service",))
    assert plan.approval.required == 0
    assert {step.params["app_id"] for step in plan.steps if "app_id" in step.params} == {APP.resource_id}
    assert plan.steps[1].params["caches"] == list(APP.caches)
    for step in plan.steps:
        assert step.params["proof"]["conditions"] == [{"kind": "healthy", "url": HEALTH, "timeout": 30.0}]


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


def test_the_resource_of_the_alert_decides_whatever_its_case_and_depth() -> None:
    deep = APP.resource_id.upper() + "/revisions/x"
    assert plan_of(deep).services == ("agent-service",)
    sibling = plan_of(APP.recovery_resource_id)
    assert {step.params["app_id"] for step in sibling.steps if "app_id" in step.params} == {
        APP.recovery_resource_id
    }


def test_what_only_looks_at_the_service_says_nothing_of_it() -> None:
    assert plan_of(WORKSPACE, service="agent-service").services == ("agent-service",)
    front_door = next(one for one in contoso().services if one.name == "front-door").resource_id
    assert plan_of(front_door, service="agent-service").services == ("agent-service",)
    with pytest.raises(ParametersInvalid, match=r"say in the estate, under `parameters` .*\(agent-service\)"):
        plan_of(WORKSPACE)
    with pytest.raises(
        ParametersInvalid, match="'agents-db' is no container_app service; there is agent-service"
    ):
        plan_of(WORKSPACE, service="agents-db")


def test_a_resource_that_nobody_knows_is_never_guessed() -> None:
    other = APP.resource_id.replace("ca-agent-service", "ca-agent-service-2")
    with pytest.raises(
        ParametersInvalid, match="ca-agent-service-2 is no container_app service of the estate"
    ) as told:
        plan_of(other, service="agent-service")
    assert told.value.field == "resources"


def test_without_an_app_or_its_health_there_is_no_plan() -> None:
    rest = tuple(one for one in contoso().services if not isinstance(one, ContainerApp))
    with pytest.raises(EstateInvalid, match="there is no container_app service to remediate"):
        plan_of(estate=contoso().model_copy(update={"services": rest}))
    blind = APP.model_copy(update={"health_url": None})
    with pytest.raises(EstateInvalid, match="agent-service has no health_url"):
        plan_of(estate=contoso().model_copy(update={"services": (*rest, blind)}))


def test_a_restart_is_enough_for_an_app_that_hangs(stage: Stage) -> None:
    hang(stage)
    assert list(climb(stage, plan_of(), mode=Mode.REAL)) == ["restart_service"]
    assert answers(stage)


def test_where_nothing_helps_every_rung_says_what_it_saw(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.lab.fault("endpoint_down", HEALTH)
    failed: dict[str, str] = {}
    assert climb(stage, plan_of(), mode=Mode.REAL, failed=failed) == {}
    assert list(failed) == [step.name for step in plan_of().steps]
    assert all("did not help within 0:05:00" in why for why in failed.values())
