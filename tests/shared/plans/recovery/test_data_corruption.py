"""The plan as data: what waits for what; and the same plan carried out while a bad writer is at work."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.drill.corruption import FAULT, still_wrong
from shared.actions.catalog import catalog
from shared.actions.maintenance.record_integrity_manifest import record_integrity_manifest
from shared.errors import EstateInvalid
from shared.model.estate import CosmosDb, Estate
from shared.model.plan import Mode, Plan, Step
from shared.plans.planning import PlanRequest
from shared.plans.recovery.data_corruption import Parameters, data_corruption
from tests.shared.actions.stage import Stage, StepFailed, contoso
from tests.shared.plans.walk import carry_out, undo

REAL = PlanRequest(mode=Mode.REAL)
SERVICES = ("agents_db", "agent_files", "agent_secrets")
NIGHT = "maintenance-daily-20260101T000000-0a1b2c3d"


def plan_of(estate: Estate | None = None, **parameters: Any) -> Plan:
    return data_corruption(estate or contoso(), REAL, Parameters(**parameters))


def step(name: str) -> Step:
    return next(found for found in plan_of().steps if found.name == name)


# --- the plan as data


def test_every_service_that_holds_data_is_restored_and_validated_side_by_side() -> None:
    for name in SERVICES:
        assert step(f"restore_from_backup_{name}").needs == ("isolate_corrupted_data",)
        assert step(f"validate_data_integrity_{name}").needs == (f"restore_from_backup_{name}",)
    assert set(step("resume_operations").needs) == {f"validate_data_integrity_{name}" for name in SERVICES}


def test_isolation_is_first_and_telling_holds_up_nothing() -> None:
    plan = plan_of()
    assert plan.steps[0].name == "isolate_corrupted_data"
    assert plan.steps[0].needs == ()
    assert [found.name for found in plan.steps[-4:]] == [
        "resume_operations",
        "validate_services",
        "measure_rto",
        "notify_stakeholders",
    ]
    assert all(found.critical for found in plan.steps[:-2])
    assert not any(found.critical for found in plan.steps[-2:])


def test_only_the_isolation_is_undone_and_without_what_was_restored() -> None:
    undone = {found.name: found.undo for found in plan_of().steps if found.undo}
    assert list(undone) == ["isolate_corrupted_data"]
    back = undone["isolate_corrupted_data"]
    assert back is not None
    assert (back.action, back.params["use_restored"]) == ("resume_operations", False)


def test_it_takes_its_objective_and_its_approvers_from_the_estate() -> None:
    plan = plan_of()
    assert plan.rto == timedelta(hours=4)
    assert plan.approval.required == 2
    assert plan.services == ("agent-files", "agent-secrets", "agent-service", "agents-db", "front-door")
    assert {name for found in plan.steps for name in found.recovers} == set(plan.services)


def test_one_service_alone_keeps_the_names_of_the_procedure() -> None:
    names = [found.name for found in plan_of(services=("agents-db",)).steps]
    assert names == [
        "isolate_corrupted_data",
        "restore_from_backup",
        "validate_data_integrity",
        "resume_operations",
        "validate_services",
        "measure_rto",
        "notify_stakeholders",
    ]


def test_every_step_can_be_read_back_by_its_action() -> None:
    plan = plan_of(good_at=datetime(2026, 1, 1, tzinfo=UTC), containers=("threads",), keep_out=("ABC",))
    assert Plan.from_wire(json.loads(json.dumps(plan.to_wire()))) == plan
    for found in [*plan.steps, *(found.undo for found in plan.steps if found.undo)]:
        params = catalog()[found.action].params
        assert params.from_wire(found.params).to_wire() == found.params


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"services": ("front-door",)}, "front-door hold no data that can go back to a moment"),
        ({"services": ("training-data",)}, "a data lake comes back path by path"),
        ({"containers": ("nothing",)}, "there is no container nothing"),
    ],
)
def test_what_does_not_exist_is_refused(parameters: Any, said: str) -> None:
    with pytest.raises(EstateInvalid, match=said):
        plan_of(**parameters)


def test_an_estate_without_data_has_nothing_to_restore() -> None:
    services = tuple(
        found for found in contoso().services if found.kind in {"container_app", "ai_search", "ml_workspace"}
    )
    with pytest.raises(EstateInvalid, match="no service holds data"):
        plan_of(contoso().model_copy(update={"services": services}))


# --- the plan carried out


def good_night(stage: Stage) -> Any:
    """The nightly manifests are taken, some traffic follows; returns the truth then."""
    stage.lab.advance(60)
    stage.carry_out(record_integrity_manifest.step(services=contoso().services), run_id=NIGHT)
    stage.lab.advance(60)
    return stage.truth


def corrupt(stage: Stage, **details: Any) -> None:
    fault = {**FAULT, "details": {**FAULT["details"], **details}}
    stage.lab.fault(**fault)


def test_everything_is_cured_and_nothing_good_is_lost(stage: Stage) -> None:
    before = good_night(stage)
    good_at = stage.now
    stage.lab.advance(60)
    at_its_begin = stage.truth
    corrupt(stage)
    stage.lab.advance(120)
    assert still_wrong(before, stage.truth)
    outcomes = carry_out(stage, plan_of(good_at=good_at), mode=Mode.REAL)
    stage.lab.advance(90)
    assert still_wrong(before, stage.truth) == []
    told = outcomes["restore_from_backup_agents_db"].evidence
    assert told["route"] == "new_account"
    # A minute's worth of documents came after the restore point: all that were not spoiled since are there.
    written = sum(at_its_begin["cosmos"]["cosmos-fas-prod"]["documents"].values()) - sum(
        before["cosmos"]["cosmos-fas-prod"]["documents"].values()
    )
    assert written - 10 <= told["kept"] <= written + 20
    assert told["dropped"] > 500
    corrupted = stage.truth["corruption"]["accounts"]["cosmos-fas-prod"]
    assert corrupted["damaged"]["messages"]["bad"] > 100, "it is kept for the investigation"
    assert corrupted["writers"] == ["9e2d5c1a-0f0e-4d11-9f3b-f0d5f0d5f0d5"], "nobody but this app's canary"
    assert len(stage.truth["mails"]) == 1


def test_without_a_moment_the_last_manifest_is_what_it_goes_back_to(stage: Stage) -> None:
    before = good_night(stage)
    corrupt(stage, writer="script", containers=["runs"], secrets=[])
    stage.lab.advance(60)
    outcomes = carry_out(stage, plan_of(), mode=Mode.REAL)
    stage.lab.advance(90)
    assert still_wrong(before, stage.truth) == []
    assert outcomes["restore_from_backup_agents_db"].evidence["good_at"] < before["time"]
    assert outcomes["restore_from_backup_agent_files"].evidence["route"] == "nothing"


def test_a_deleted_container_comes_back_in_its_place(stage: Stage) -> None:
    before = good_night(stage)
    good_at = stage.now
    stage.lab.advance(10)
    corrupt(stage, writer="script", containers=["files"], dropped=["files"], secrets=[])
    stage.lab.advance(30)
    outcomes = carry_out(stage, plan_of(good_at=good_at), mode=Mode.REAL)
    stage.lab.advance(90)
    assert outcomes["restore_from_backup_agents_db"].evidence["route"] == "deleted_containers"
    assert still_wrong(before, stage.truth) == []
    assert stage.truth["corruption"]["accounts"]["cosmos-fas-prod"]["serves"]


def test_a_moment_when_it_was_bad_already_is_found_out_before_anybody_works_on_it(stage: Stage) -> None:
    good_night(stage)
    corrupt(stage)
    stage.lab.advance(60)
    with pytest.raises(StepFailed, match=r"agents-db is not sound: .* belong to another tenant"):
        carry_out(stage, plan_of(good_at=stage.now, services=("agents-db",)), mode=Mode.REAL)
    assert stage.truth["traffic"]["FAS"]["tenants"]["contoso"]["status"] == 403, "nothing was resumed"


def test_without_moment_and_manifest_people_are_asked(stage: Stage) -> None:
    corrupt(stage)
    stage.lab.advance(30)
    with pytest.raises(StepFailed, match="nobody knows when it was good: start again with good_at"):
        carry_out(stage, plan_of(services=("agents-db",)), mode=Mode.REAL)


@pytest.mark.parametrize(("fault", "details"), [("ack_lost", {}), ("throttle", {"retry_after": 7})])
def test_it_survives_writes_that_go_wrong(stage: Stage, fault: str, details: dict[str, Any]) -> None:
    before = good_night(stage)
    good_at = stage.now
    stage.lab.advance(5)
    corrupt(stage)
    stage.lab.advance(30)
    stage.from_now()
    stage.lab.fault(fault, "*", count=5, match={"writes": True}, **details)
    carry_out(stage, plan_of(good_at=good_at), mode=Mode.REAL)
    stage.lab.advance(90)
    assert still_wrong(before, stage.truth) == []
    # Both tenants' later documents are written to the same address.
    twice = {effect: times for effect, times in stage.effects.items() if times > 1}
    assert {times for (_, place), times in twice.items() if place.endswith("/docs")} == {2}
    assert all(place.endswith("/docs") for _, place in twice)


def test_undoing_the_isolation_lets_everybody_work_as_before(stage: Stage) -> None:
    before = good_night(stage)
    plan = plan_of(good_at=stage.now)
    stage.carry_out(plan.steps[0])
    assert not stage.healthy()
    undo(stage, plan, mode=Mode.DRILL)
    stage.lab.advance(30)
    assert still_wrong(before, stage.truth) == []


def test_a_sound_estate_is_left_as_it_is(stage: Stage) -> None:
    before = good_night(stage)
    outcomes = carry_out(stage, plan_of(), mode=Mode.DRILL)
    stage.lab.advance(60)
    routes = {
        outcome.evidence.get("route") for name, outcome in outcomes.items() if name.startswith("restore")
    }
    assert routes == {"nothing"}
    assert still_wrong(before, stage.truth) == []
    account = contoso().of_kind(CosmosDb)[0].resource_id
    assert stage.exists(account)
