"""The plan as data: nothing before declaration and trigger; and the same plan carried out in an outage."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.drill.landing_zone import problems_after_activation, take_region_away
from shared.actions.catalog import catalog
from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import ContainerApp, Estate, MlWorkspace, OpenAi, Storage, TrafficRoute
from shared.model.plan import Mode, Plan, Step
from shared.plans.planning import PlanRequest
from shared.plans.recovery.landing_zone_activation import Parameters, landing_zone_activation
from shared.plans.recovery.region_outage import Parameters as Outage
from shared.plans.recovery.region_outage import region_outage
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import carry_out, undo
from tests.shared.reports import samples

REAL = PlanRequest(mode=Mode.REAL, outage_started_at=datetime(2026, 1, 1, tzinfo=UTC))
DRILL = PlanRequest(mode=Mode.DRILL)
RECOVERIES = {"failover_openai", "activate_ml_workspace", "failover_storage"}
SERVICES = ("inference-api", "landing-openai", "ml-workspace", "training-data")


def plan_of(estate: Estate | None = None, request: PlanRequest = REAL, **parameters: str) -> Plan:
    wanted = Parameters.model_validate({"trigger": "data_center_failure", **parameters})
    return landing_zone_activation(estate or contoso(), request, wanted)


def step(name: str, plan: Plan | None = None) -> Step:
    return next(found for found in (plan or plan_of()).steps if found.name == name)


def with_services(*more: object, without: type | None = None) -> Estate:
    kept = [service for service in contoso().services if without is None or not isinstance(service, without)]
    return contoso().model_copy(update={"services": (*kept, *more)})


def one(kind: type, **changes: object) -> Any:
    found = next(service for service in contoso().of_kind(kind) if service.region == "eastus2")
    return found.model_copy(update={"name": f"other-{kind.__name__.lower()}", **changes})


def test_the_same_estate_and_request_make_the_same_plan() -> None:
    assert plan_of() == plan_of()


def test_nothing_is_touched_before_it_is_declared_and_proved() -> None:
    plan = plan_of()
    assert [found.name for found in plan.steps[:3]] == [
        "declare_disaster",
        "check_dr_trigger",
        "validate_dr_region",
    ]
    assert step("validate_dr_region").needs == ("declare_disaster", "check_dr_trigger")
    assert {found.name for found in plan.steps if found.needs == ("validate_dr_region",)} == RECOVERIES
    assert not any(found.changes for found in plan.steps[:3])
    assert all(found.changes for found in plan.steps if found.name in RECOVERIES)


def test_the_front_door_is_led_over_when_a_job_has_proved_the_workspace() -> None:
    assert set(step("run_sample_training_job").needs) == {"activate_ml_workspace", "failover_storage"}
    assert set(step("update_dns_records").needs) == RECOVERIES | {"run_sample_training_job"}
    assert step("validate_services").needs == ("update_dns_records",)
    assert not step("notify_stakeholders").critical


def test_it_asks_for_the_incident_commander_among_those_who_agree() -> None:
    approval = plan_of().approval
    assert (approval.required, approval.declared_by) == (2, "incident-commander")
    assert step("declare_disaster").params == {"duty": "incident-commander"}
    assert plan_of().services == SERVICES
    assert plan_of().rto == timedelta(hours=4)


def test_what_changes_something_can_be_undone() -> None:
    undone = {found.name: found.undo.action for found in plan_of().steps if found.undo}
    assert undone == {
        "failover_openai": "retire_openai",
        "activate_ml_workspace": "deactivate_ml_workspace",
        "failover_storage": "failover_storage",
        "update_dns_records": "update_dns_records",
    }


def test_every_step_can_be_read_back_by_its_action() -> None:
    wire = json.loads(json.dumps(plan_of().to_wire()))
    assert Plan.from_wire(wire) == plan_of()
    for found in [*plan_of().steps, *(found.undo for found in plan_of().steps if found.undo)]:
        params = catalog()[found.action].params
        assert params.from_wire(found.params).to_wire() == found.params


def test_a_real_activation_says_on_which_condition() -> None:
    with pytest.raises(
        ParametersInvalid, match="say which condition holds: region_unavailable, data_center"
    ) as e:
        landing_zone_activation(contoso(), REAL, Parameters())
    assert e.value.field == "trigger"
    assert landing_zone_activation(contoso(), DRILL, Parameters()).title.endswith("of eastus2 in westus2")


def test_a_region_without_a_landing_zone_is_refused() -> None:
    with pytest.raises(ParametersInvalid, match="'japaneast' holds no landing zone; there is one in eastus2"):
        plan_of(region="japaneast")


def test_an_estate_with_two_landing_zones_is_asked_which() -> None:
    more = [
        one(kind, region="westus2", recovery_region="eastus2") for kind in (OpenAi, MlWorkspace, TrafficRoute)
    ]
    estate = with_services(*more)
    with pytest.raises(ParametersInvalid, match="in eastus2 and westus2: say which"):
        plan_of(estate)
    assert plan_of(estate, region="westus2").services == (
        "other-mlworkspace",
        "other-openai",
        "other-trafficroute",
    )


def test_what_is_no_part_of_a_landing_zone_is_refused() -> None:
    app = contoso().of_kind(ContainerApp)[0].model_copy(update={"name": "app", "region": "eastus2"})
    with pytest.raises(EstateInvalid, match=r"app \(container_app\) in eastus2 is no part of a landing zone"):
        plan_of(with_services(app))


def test_an_estate_without_a_landing_zone_its_front_door_or_a_commander_is_refused() -> None:
    bare = contoso().model_copy(update={"services": contoso().services[:6]})
    with pytest.raises(EstateInvalid, match="no open_ai and no ml_workspace"):
        plan_of(bare)
    with pytest.raises(
        EstateInvalid, match="one front door must lead to the landing zone in eastus2, not none"
    ):
        plan_of(with_services(without=TrafficRoute))
    nobody = tuple(person.model_copy(update={"duties": ()}) for person in contoso().people)
    with pytest.raises(EstateInvalid, match="nobody who may start or approve a recovery has the duty"):
        plan_of(contoso().model_copy(update={"people": nobody}))


def test_two_services_of_a_kind_get_steps_of_their_own() -> None:
    plan = plan_of(with_services(one(OpenAi), one(MlWorkspace), one(Storage)))
    names = [found.name for found in plan.steps]
    assert len(set(names)) == len(names)
    assert {"failover_openai_landing_openai", "run_sample_training_job_other_mlworkspace"} <= set(names)


def test_region_outage_leads_to_this_plan_and_leaves_its_services_alone() -> None:
    with pytest.raises(ParametersInvalid, match="start landing_zone_activation") as error:
        region_outage(contoso(), REAL, Outage(region="eastus2"))
    assert error.value.field == "region"
    assert not set(region_outage(contoso(), REAL, Outage()).services) & set(SERVICES)


def test_region_outage_recovers_models_that_stand_beside_apps() -> None:
    models = one(OpenAi, region="japaneast", recovery_region="japanwest")
    learning = one(MlWorkspace, region="japaneast", recovery_region="japanwest")
    plan = region_outage(with_services(models, learning), REAL, Outage())
    assert {"failover_openai", "activate_ml_workspace"} <= set(step("update_dns_records", plan).needs)


# --- carried out


def test_it_brings_the_landing_zone_up_in_its_standby_region(stage: Stage) -> None:
    stage.lab.advance(30)
    take_region_away(stage.lab.fault)
    stage.lab.advance(200)
    assert problems_after_activation(stage.truth)
    erin = contoso().person_by_mail("erin@contoso.com")
    assert erin
    record = samples.success().model_copy(update={"requester_id": erin.id})
    outcomes = carry_out(stage, plan_of(), mode=Mode.REAL, record=record)
    stage.lab.advance(90)
    assert problems_after_activation(stage.truth) == []
    assert "data_center_failure holds" in outcomes["check_dr_trigger"].summary
    assert "Erin (incident-commander) has declared" in outcomes["declare_disaster"].summary
    assert "2 models answer from westus2" in outcomes["failover_openai"].summary


def test_a_drill_leaves_nothing_behind_when_it_is_undone(stage: Stage) -> None:
    stage.lab.advance(60)
    before = stage.truth["resources"]
    plan = plan_of(request=DRILL)
    carry_out(stage, plan, mode=Mode.DRILL)
    assert problems_after_activation(stage.truth) == []
    undo(stage, plan, mode=Mode.DRILL)
    stage.lab.advance(90)
    after = stage.truth["resources"]
    jobs = {key for key in after if "/jobs/" in key}
    assert len(jobs) == 1
    changed = {key for key in after if key not in jobs and plain(after[key]) != plain(before.get(key))}
    assert changed == set()
    assert set(before) - set(after) == set()
    assert stage.truth["landing_zone"]["inference"]["served_by"] == "eastus2"


def plain(resource: Any) -> Any:
    return {name: value for name, value in (resource or {}).items() if name != "tags" or value}
