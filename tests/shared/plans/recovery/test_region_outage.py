"""The plan as data: what waits for what, what goes back how; and the same plan carried out in an outage."""

import json
from datetime import timedelta

import pytest

from shared.actions.catalog import catalog
from shared.errors import EstateInvalid
from shared.model.estate import ContainerApp, CosmosDb, Estate, Storage, TrafficRoute
from shared.model.plan import Mode, Plan, Step
from shared.model.signing import plan_digest
from shared.plans.planning import PlanRequest
from shared.plans.recovery.region_outage import Parameters, region_outage
from tests.shared.actions.stage import Stage, contoso, services_in
from tests.shared.plans.walk import carry_out, undo

REAL = PlanRequest(mode=Mode.REAL)
RECOVERIES = {
    "failover_cosmos_db",
    "failover_storage",
    "recover_key_vault",
    "deploy_container_apps",
    "load_search_snapshot",
}


def plan_of(estate: Estate | None = None, **parameters: str) -> Plan:
    return region_outage(estate or contoso(), REAL, Parameters(**parameters))


def step(name: str, plan: Plan | None = None) -> Step:
    return next(found for found in (plan or plan_of()).steps if found.name == name)


def all_before(name: str, plan: Plan) -> set[str]:
    needs = step(name, plan).needs
    return {*needs, *(earlier for need in needs for earlier in all_before(need, plan))}


def with_services(*more: object, without: type | None = None) -> Estate:
    kept = [service for service in contoso().services if without is None or not isinstance(service, without)]
    return contoso().model_copy(update={"services": (*kept, *more)})


def twin(kind: type, **changes: object) -> object:
    name = f"other-{kind.__name__.lower()}"
    return contoso().of_kind(kind)[0].model_copy(update={"name": name, **changes})


# --- the plan as data


def test_the_same_estate_and_request_make_the_same_plan() -> None:
    assert plan_of() == plan_of()
    assert plan_digest(plan_of()) == plan_digest(plan_of())


def test_everything_waits_for_the_check_and_then_runs_side_by_side() -> None:
    plan = plan_of()
    assert plan.steps[0].name == "validate_dr_region"
    assert plan.steps[0].needs == ()
    assert {found.name for found in plan.steps if found.needs == ("validate_dr_region",)} == RECOVERIES


def test_the_index_is_brought_up_to_date_when_snapshot_and_database_are_there() -> None:
    assert set(step("restore_ai_search").needs) == {"load_search_snapshot", "failover_cosmos_db"}


def test_tenants_are_moved_when_all_that_they_need_is_there() -> None:
    plan = plan_of()
    assert all_before("update_dns_records", plan) == RECOVERIES | {"restore_ai_search", "validate_dr_region"}


def test_validation_is_last_and_telling_holds_up_nothing() -> None:
    plan = plan_of()
    tellers = {"notify_tenants", "notify_stakeholders", "notify_tenants_restored"}
    assert [found.name for found in plan.steps if found.name not in tellers][-3:] == [
        "update_dns_records",
        "validate_services",
        "measure_rto",
    ]
    assert step("notify_tenants").needs == ()
    assert step("notify_tenants_restored").needs == ("validate_services",)
    assert not {need for found in plan.steps for need in found.needs} & tellers
    assert step("validate_services").needs == ("update_dns_records",)
    assert not step("notify_stakeholders").critical
    assert step("notify_stakeholders").wants_record
    assert {found.name for found in plan.steps if not found.critical} == tellers | {
        "measure_rpo",
        "measure_rto",
    }


def test_data_loss_is_measured_once_the_stores_are_back_and_only_the_mail_waits_for_it() -> None:
    assert set(step("measure_rpo").needs) == {"failover_cosmos_db", "failover_storage"}
    assert {found.name for found in plan_of().steps if "measure_rpo" in found.needs} == {
        "notify_stakeholders"
    }


def test_what_changes_something_can_be_undone() -> None:
    undone = {found.name: found.undo.action for found in plan_of().steps if found.undo}
    assert undone == {
        "failover_cosmos_db": "failback_cosmos_db",
        "failover_storage": "failover_storage",
        "deploy_container_apps": "retire_container_app",
        "load_search_snapshot": "retire_search_index",
        "update_dns_records": "update_dns_records",
    }
    # A recovered secret and a sent mail do no harm, and retiring the index takes the alias along.
    kept = {found.name for found in plan_of().steps if found.changes and not found.undo}
    told = {"notify_stakeholders", "notify_tenants", "notify_tenants_restored"}
    assert kept == {"recover_key_vault", "restore_ai_search", *told}


def test_undoing_leads_the_other_way_round() -> None:
    move = step("update_dns_records")
    assert move.undo
    assert (move.params["from_region"], move.params["to_region"]) == ("japaneast", "japanwest")
    assert (move.undo.params["from_region"], move.undo.params["to_region"]) == ("japanwest", "japaneast")


def test_every_step_can_be_read_back_by_its_action() -> None:
    plan = plan_of()
    wire = json.loads(json.dumps(plan.to_wire()))
    assert Plan.from_wire(wire) == plan
    for found in [*plan.steps, *(found.undo for found in plan.steps if found.undo)]:
        params = catalog()[found.action].params
        assert params.from_wire(found.params).to_wire() == found.params
    assert len(json.dumps(wire)) < 200_000


def test_it_takes_its_objective_and_its_approvers_from_the_estate() -> None:
    plan = plan_of()
    assert plan.rto == timedelta(hours=1)
    assert plan.approval.required == 2
    assert plan.services == tuple(sorted(service.name for service in services_in("japaneast")))
    recovered = {name for found in plan.steps for name in found.recovers}
    assert recovered == set(plan.services)


def test_two_services_of_a_kind_get_steps_of_their_own() -> None:
    more = (twin(CosmosDb), twin(Storage), twin(ContainerApp, health_url=None))
    plan = plan_of(with_services(*more))
    names = [found.name for found in plan.steps]
    assert len(set(names)) == len(names)
    assert {"failover_cosmos_db_agents_db", "failover_cosmos_db_other_cosmosdb"} <= set(names)
    others = {"deploy_container_apps_other_containerapp", "failover_storage_other_storage"}
    assert others <= all_before("update_dns_records", plan)
    assert step("update_dns_records", plan).params["app"]["name"] == "agent-service"
    assert set(step("restore_ai_search", plan).needs) == {
        "load_search_snapshot",
        "failover_cosmos_db_agents_db",
    }


def test_a_service_of_another_region_is_not_touched() -> None:
    elsewhere = twin(CosmosDb, region="eastus2", recovery_region="westus2")
    assert "other-cosmosdb" not in json.dumps(plan_of(with_services(elsewhere)).to_wire())


def test_order_in_the_file_changes_no_dependency() -> None:
    turned = contoso().model_copy(update={"services": contoso().services[::-1]})
    needs = {found.name: set(found.needs) for found in plan_of().steps}
    assert {found.name: set(found.needs) for found in plan_of(turned).steps} == needs


def test_every_front_door_is_moved() -> None:
    plan = plan_of(with_services(twin(TrafficRoute)))
    moves = ("update_dns_records_front_door", "update_dns_records_other_trafficroute")
    assert step("validate_services", plan).needs == moves
    assert all(all_before(move, plan) >= RECOVERIES for move in moves)


def test_two_apps_that_may_be_behind_a_door_are_no_guess() -> None:
    with pytest.raises(
        EstateInvalid, match=r"front-door: agent-service or other-containerapp may be behind it: give"
    ):
        plan_of(with_services(twin(ContainerApp)))


@pytest.mark.parametrize("kind", [TrafficRoute, ContainerApp])
@pytest.mark.parametrize("named", [{}, {"region": "japaneast"}])
def test_without_a_front_door_there_is_no_such_plan(kind: type, named: dict[str, str]) -> None:
    with pytest.raises(EstateInvalid, match="no front door leads to region"):
        plan_of(with_services(without=kind), **named)


def test_a_region_that_nobody_lives_in_cannot_be_recovered() -> None:
    with pytest.raises(EstateInvalid, match="no front door leads to region westus2"):
        plan_of(region="westus2")


# --- the plan carried out


def assert_each_effect_once(stage: Stage) -> None:
    """Mails all go to one address, so they are counted by whom they reach: twice each tenant, once the rest."""
    effects = {effect: count for effect, count in stage.effects.items() if "/emails:send" not in effect[1]}
    assert max(effects.values()) == 1
    told = [tuple(mail["to"]) for mail in stage.truth["mails"]]
    tenants = {tenant.contacts for tenant in contoso().tenants}
    assert sorted(told) == sorted([*tenants, *tenants, contoso().stakeholders])


def test_in_an_outage_tenants_come_back(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.outage()
    began = stage.now
    stage.lab.advance(60)
    assert not stage.healthy("contoso")
    request = PlanRequest(mode=Mode.REAL, outage_started_at=began)
    outcomes = carry_out(stage, region_outage(contoso(), request), mode=Mode.REAL)
    stage.lab.advance(30)
    assert stage.healthy("contoso")
    assert stage.healthy("fabrikam")
    traffic = stage.truth["traffic"]["FAS"]["tenants"]
    assert {tenant["served_by"] for tenant in traffic.values()} == {"japanwest"}
    assert {name for name, outcome in outcomes.items() if outcome.changed} >= RECOVERIES
    assert (stage.now - began) < timedelta(minutes=20)
    assert_each_effect_once(stage)


@pytest.mark.parametrize(("fault", "details"), [("ack_lost", {}), ("throttle", {"retry_after": 3})])
def test_tenants_come_back_though_many_writes_go_wrong(stage: Stage, fault: str, details: dict) -> None:
    stage.lab.advance(30)
    stage.outage()
    stage.lab.fault(fault, "*", count=12, match={"writes": True}, **details)
    carry_out(stage, plan_of(), mode=Mode.REAL)
    assert not [one for one in stage.truth["faults"] if one["kind"] == fault]
    stage.lab.advance(30)
    assert stage.healthy("contoso")
    assert stage.healthy("fabrikam")
    assert_each_effect_once(stage)


def test_a_drill_moves_everything_there_and_back_without_losing_anything(stage: Stage) -> None:
    stage.lab.advance(30)
    plan = region_outage(contoso(), PlanRequest(mode=Mode.DRILL))
    carry_out(stage, plan, mode=Mode.DRILL)
    assert stage.truth["traffic"]["FAS"]["tenants"]["contoso"]["served_by"] == "japanwest"
    undo(stage, plan, mode=Mode.DRILL)
    stage.lab.advance(90)
    truth = stage.truth
    assert {tenant["served_by"] for tenant in truth["traffic"]["FAS"]["tenants"].values()} == {"japaneast"}
    assert truth["cosmos"]["cosmos-fas-prod"]["write_region"] == "japaneast"
    assert truth["cosmos"]["cosmos-fas-prod"]["losses"] == []
    storage = contoso().of_kind(Storage)[0].resource_id
    assert truth["resources"][storage]["properties"]["primaryLocation"] == "japaneast"
    assert truth["resources"][storage]["sku"]["name"] == "Standard_RAGRS"
    assert not stage.exists(contoso().of_kind(ContainerApp)[0].recovery_resource_id)
    assert truth["search"]["srch-fas-japanwest"] == {"indexes": {}, "aliases": {}, "indexers": {}}
