"""After the loss of its region and the activation of its standby a landing zone goes home, and nothing stays behind."""

import json

import pytest

from infra.local.drill.landing_zone import AWAY, PRIMARY, REGION, STANDBY, problems_after_failback
from shared.actions.catalog import catalog
from shared.errors import ParametersInvalid
from shared.model.estate import OpenAi
from shared.model.plan import Mode, Plan, Step
from shared.plans.planning import PlanRequest
from shared.plans.recovery.landing_zone_activation import Parameters as Activation
from shared.plans.recovery.landing_zone_activation import landing_zone_activation
from shared.plans.recovery.landing_zone_failback import Parameters, landing_zone_failback
from tests.shared.actions.stage import Stage, StepFailed, contoso
from tests.shared.plans.recovery.test_landing_zone_activation import plain
from tests.shared.plans.walk import carry_out
from tests.shared.reports import samples

REAL = PlanRequest(mode=Mode.REAL)


def plan_of(**parameters: str) -> Plan:
    return landing_zone_failback(contoso(), REAL, Parameters(**parameters))


def step(name: str) -> Step:
    return next(found for found in plan_of().steps if found.name == name)


# --- the plan as data


def test_the_front_door_follows_when_home_has_proved_itself() -> None:
    assert set(step("lead_tenants_back").needs) == {
        "confirm_geo_replication",
        "failback_openai",
        "run_sample_training_job",
    }
    assert "confirm_geo_replication" in step("run_sample_training_job").needs, "it reads from the lake"
    assert PRIMARY in step("run_sample_training_job").params["workspace_id"]
    assert step("failback_openai").params["service"]["recovery_region"] == REGION


def test_the_data_goes_home_as_planned_even_in_a_real_run() -> None:
    assert step("failback_storage").params["planned"]
    assert step("failback_storage").needs == ("restore_geo_replication",)


def test_the_standby_rests_only_after_home_has_proved_itself() -> None:
    for name in ("retire_openai", "deactivate_ml_workspace", "notify_stakeholders"):
        assert step(name).needs == ("validate_primary",)
    assert step("validate_primary").params["region"] == REGION


def test_the_front_door_can_be_led_to_the_standby_again() -> None:
    undo = step("lead_tenants_back").undo
    assert undo is not None
    assert (undo.params["from_region"], undo.params["to_region"]) == (REGION, AWAY)


def test_every_step_can_be_read_back_by_its_action() -> None:
    plan = plan_of()
    assert Plan.from_wire(json.loads(json.dumps(plan.to_wire()))) == plan
    for found in plan.steps:
        assert catalog()[found.action].params.from_wire(found.params).to_wire() == found.params


def test_there_is_no_way_back_to_a_region_that_holds_no_landing_zone() -> None:
    with pytest.raises(ParametersInvalid, match="'japaneast' holds no landing zone"):
        plan_of(region="japaneast")


# --- the plan carried out


def activated(stage: Stage) -> str:
    """The region is lost and the standby serves; the fault goes on."""
    stage.lab.advance(30)
    began = stage.now
    fault = stage.outage(REGION)
    stage.lab.advance(200)
    erin = contoso().person_by_mail("erin@contoso.com")
    assert erin
    record = samples.success().model_copy(update={"requester_id": erin.id})
    plan = landing_zone_activation(
        contoso(),
        PlanRequest(mode=Mode.REAL, outage_started_at=began),
        Activation.model_validate({"trigger": "data_center_failure"}),
    )
    carry_out(stage, plan, mode=Mode.REAL, record=record)
    return fault


def shape(stage: Stage) -> dict[str, object]:
    """Every resource as it really is, but for jobs, which are history, and what Azure keeps of failovers."""

    def without(value: object) -> object:
        if isinstance(value, dict):
            return {key: without(one) for key, one in plain(value).items() if key != "lastGeoFailoverTime"}
        return [without(one) for one in value] if isinstance(value, list) else value

    return {key: without(row) for key, row in stage.truth["resources"].items() if "/jobs/" not in key}


def test_after_loss_activation_and_failback_the_world_is_what_it_was(stage: Stage) -> None:
    stage.lab.advance(30)
    before = shape(stage)
    fault = activated(stage)
    assert problems_after_failback(stage.truth)
    stage.lab.advance(600)
    stage.lab.end(fault)
    stage.lab.advance(60)
    outcomes = carry_out(stage, plan_of(), mode=Mode.REAL)
    stage.lab.advance(90)
    assert problems_after_failback(stage.truth) == []
    assert shape(stage) == before
    assert "2 models answer from eastus2" in outcomes["failback_openai"].summary
    assert not outcomes["failback_openai"].changed, "the outage has taken no model away"


def test_it_waits_while_the_region_is_still_out(stage: Stage) -> None:
    activated(stage)
    stage.lab.advance(300)
    stage.from_now()
    with pytest.raises(StepFailed, match=f"{REGION} cannot take its services back yet: Service Health"):
        carry_out(stage, plan_of(), mode=Mode.REAL)
    assert stage.writes == []


def test_a_model_that_is_gone_at_home_comes_back_before_the_users_do(stage: Stage) -> None:
    fault = activated(stage)
    stage.lab.end(fault)
    stage.lab.advance(60)
    account = contoso().of_kind(OpenAi)[0]
    lost = account.deployments[0].name
    stage.azure.openai.remove(account.resource_id, lost)
    stage.lab.advance(120)
    outcomes = carry_out(stage, plan_of(), mode=Mode.REAL)
    stage.lab.advance(90)
    assert outcomes["failback_openai"].changed
    assert problems_after_failback(stage.truth) == []


@pytest.mark.parametrize(("fault", "details"), [("ack_lost", {}), ("throttle", {"retry_after": 3})])
def test_it_gets_home_though_many_writes_go_wrong(stage: Stage, fault: str, details: dict) -> None:
    stage.lab.end(activated(stage))
    stage.from_now()
    stage.lab.fault(fault, "*", count=6, match={"writes": True}, **details)
    carry_out(stage, plan_of(), mode=Mode.REAL)
    stage.lab.advance(90)
    assert problems_after_failback(stage.truth) == []
    assert max(stage.effects.values()) == 1
    assert stage.truth["landing_zone"]["workspaces"][STANDBY]["runs_jobs"] is False
