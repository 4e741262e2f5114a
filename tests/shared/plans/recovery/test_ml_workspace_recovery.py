"""The plan as data: verify, restore, validate, reconnect, train, tell; and carried out after a deletion."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from infra.local.drill.landing_zone import lose_workspace, problems_after_restore
from shared.actions.catalog import catalog
from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import Estate, MlWorkspace
from shared.model.plan import Mode, Plan
from shared.plans.planning import PlanRequest
from shared.plans.recovery.ml_workspace_recovery import Parameters, ml_workspace_recovery
from tests.shared.actions.machine_learning.backups import taken
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import carry_out

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def plan_of(estate: Estate | None = None, began: datetime | None = BEGAN, **parameters: object) -> Plan:
    request = PlanRequest(mode=Mode.REAL, outage_started_at=began)
    return ml_workspace_recovery(estate or contoso(), request, Parameters.model_validate(parameters))


def twin() -> Estate:
    more = contoso().of_kind(MlWorkspace)[0].model_copy(update={"name": "other"})
    return contoso().model_copy(update={"services": (*contoso().services, more)})


def test_its_steps_are_those_of_the_source_document() -> None:
    plan = plan_of()
    names = [step.name for step in plan.steps]
    assert names == [
        "verify_ml_backup",
        "restore_ml_workspace",
        "validate_ml_configuration",
        "reconnect_compute",
        "run_sample_training_job",
        "notify_stakeholders",
    ]
    assert [step.needs for step in plan.steps] == [(), *((name,) for name in names[:-1])]
    assert [step.critical for step in plan.steps] == [True] * 5 + [False]
    assert plan.services == ("ml-workspace",)
    assert (plan.approval.required, plan.rto) == (2, timedelta(hours=4))
    assert "ai-platform-team@contoso.com" in plan.steps[-1].params["to"]


def test_a_backup_from_before_the_damage_counts() -> None:
    assert {step.params.get("before") for step in plan_of().steps[:4]} == {"2026-03-01T12:00:00Z"}
    earlier = BEGAN - timedelta(days=3)
    assert plan_of(restore_to=earlier).steps[1].params["before"] == "2026-02-26T12:00:00Z"
    with pytest.raises(ParametersInvalid, match="lies after the damage began") as error:
        plan_of(restore_to=BEGAN + timedelta(hours=1))
    assert error.value.field == "restore_to"


def test_the_workspace_is_said_where_there_are_several() -> None:
    with pytest.raises(ParametersInvalid, match="say which: ml-workspace, other"):
        plan_of(twin())
    assert plan_of(twin(), workspace="other").services == ("other",)
    with pytest.raises(ParametersInvalid, match=r"'agents-db' is no ml_workspace .* there is ml-workspace"):
        plan_of(workspace="agents-db")
    bare = contoso().model_copy(update={"services": contoso().services[:6]})
    with pytest.raises(EstateInvalid, match="there is no ml_workspace service"):
        plan_of(bare)


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


def test_a_deleted_workspace_trains_again(stage: Stage) -> None:
    stage.lab.advance(60)
    lose_workspace(stage.lab.fault)
    began = stage.now
    stage.lab.advance(60)
    assert problems_after_restore(stage.truth)
    outcomes = carry_out(stage, plan_of(began=began), mode=Mode.REAL)
    assert problems_after_restore(stage.truth) == []
    assert outcomes["restore_ml_workspace"].changed
    assert "has trained" in outcomes["run_sample_training_job"].summary


def test_a_backup_that_holds_the_damage_is_passed_over(stage: Stage) -> None:
    stage.lab.advance(60)
    began = stage.now
    stage.lab.advance(600)

    def damaged(kept: dict) -> None:
        kept["workspace"]["properties"]["publicNetworkAccess"] = "Disabled"

    taken(stage, stage.now, damaged)
    lose_workspace(stage.lab.fault)
    carry_out(stage, plan_of(began=began), mode=Mode.REAL)
    assert problems_after_restore(stage.truth) == []


def test_a_drill_changes_nothing_but_to_train(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.from_now()
    plan = ml_workspace_recovery(contoso(), PlanRequest(mode=Mode.DRILL))
    carry_out(stage, plan, mode=Mode.DRILL)
    assert len([write for write in stage.writes if "/jobs/" in write["path"]]) == 1
    assert not [
        write for write in stage.writes if "/jobs/" not in write["path"] and "emails" not in write["path"]
    ]
