"""Every container app scales as the estate says, and whatever was otherwise is corrected and told."""

import json

import pytest

from shared.errors import EstateInvalid
from shared.model.estate import ContainerApp
from shared.model.plan import Mode, Plan, PlanKind
from shared.plans.maintenance.scale_container_apps import Parameters, scale_container_apps
from shared.plans.planning import PlanRequest
from tests.shared.actions.remediation.scene import APP
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import carry_out

REQUEST = PlanRequest(mode=Mode.REAL)
PLAN = scale_container_apps(contoso(), REQUEST)


def test_each_app_has_a_step_with_the_estates_limits_and_the_documents_shares() -> None:
    (step,) = PLAN.steps
    assert (step.name, step.touches) == ("set_scale_rules_agent_service", ("service:agent-service",))
    assert step.params["limits"] == APP.replicas.to_wire() == {"least": 2, "most": 10}
    assert (step.params["cpu"], step.params["memory"]) == (70, 80)
    other = scale_container_apps(contoso(), REQUEST, Parameters(cpu=60, memory=75)).steps[0].params
    assert (other["cpu"], other["memory"]) == (60, 75)


def test_it_is_maintenance_that_one_app_cannot_stop() -> None:
    assert (PLAN.kind, PLAN.services, PLAN.approval.required) == (
        PlanKind.MAINTENANCE,
        ("agent-service",),
        0,
    )
    assert not any(step.critical for step in PLAN.steps)
    assert Plan.from_wire(json.loads(json.dumps(PLAN.to_wire()))) == PLAN


def test_it_is_due_every_night() -> None:
    (schedule,) = (found for found in contoso().schedules if found.plan == "scale_container_apps")
    assert schedule.at is not None


def test_an_estate_without_container_apps_has_none() -> None:
    services = tuple(one for one in contoso().services if not isinstance(one, ContainerApp))
    with pytest.raises(EstateInvalid, match="no container app to scale"):
        scale_container_apps(contoso().model_copy(update={"services": services}), REQUEST)


def test_drift_is_corrected_and_told_once(stage: Stage) -> None:
    carry_out(stage, PLAN, mode=Mode.REAL)

    def spoil(app: dict) -> None:
        scale = app["properties"]["template"]["scale"]
        scale["maxReplicas"] = 3
        next(rule for rule in scale["rules"] if rule["name"] == "cpu")["custom"]["metadata"]["value"] = "95"

    stage.change(APP.resource_id, spoil)
    (outcome,) = carry_out(stage, PLAN, mode=Mode.REAL).values()
    (finding,) = outcome.findings
    assert finding.title == (
        "ca-agent-service did not scale as the estate says: 2 to 3 replicas instead of 2 to 10; "
        "cpu 95 % instead of 70 %"
    )
    assert outcome.changed
    assert stage.properties(APP.resource_id)["template"]["scale"]["maxReplicas"] == 10
    stage.from_now()
    (again,) = carry_out(stage, PLAN, mode=Mode.REAL).values()
    assert (again.changed, again.findings, stage.writes) == (False, (), [])
    assert "scales between 2 and 10 replicas at 70 % CPU and 80 % memory" in again.summary
