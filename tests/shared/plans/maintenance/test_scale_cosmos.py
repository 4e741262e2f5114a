"""A step for each container, side by side, that claims nothing and is counted by container."""

import json

import pytest

from shared.errors import EstateInvalid
from shared.model.estate import CosmosDb
from shared.model.plan import Mode, Plan, PlanKind
from shared.plans.maintenance.scale_cosmos import scale_cosmos
from shared.plans.planning import PlanRequest
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import carry_out

PLAN = scale_cosmos(contoso(), PlanRequest(mode=Mode.REAL))
SERVICE = contoso().of_kind(CosmosDb)[0]


def test_every_container_has_a_step_of_its_own() -> None:
    assert [step.name for step in PLAN.steps] == [
        f"scale_agents_db_{one}" for one in ("threads", "messages", "runs", "files")
    ]
    assert [step.touches for step in PLAN.steps] == [
        (f"container:agents-db/{one}",) for one in SERVICE.containers
    ]
    assert {step.params["limits"]["most"] for step in PLAN.steps} == {SERVICE.throughput.most} == {20_000}


def test_names_that_no_step_may_have_are_made_plain() -> None:
    odd = SERVICE.model_copy(update={"containers": ("Chat-Log.v2",)})
    estate = contoso().model_copy(update={"services": (odd,)})
    (step,) = scale_cosmos(estate, PlanRequest(mode=Mode.REAL)).steps
    assert (step.name, step.params["container"]) == ("scale_agents_db_chat_log_v2", "Chat-Log.v2")


def test_none_waits_for_another_and_none_stops_another_nor_a_recovery() -> None:
    assert not any(step.needs or step.critical for step in PLAN.steps)
    assert (PLAN.kind, PLAN.services, PLAN.approval.required) == (PlanKind.MAINTENANCE, (), 0)
    assert all(step.changes and step.looks_first and not step.routine for step in PLAN.steps)


def test_it_is_due_every_five_minutes_and_may_act_as_often() -> None:
    (schedule,) = (found for found in contoso().schedules if found.plan == "scale_cosmos")
    assert schedule.every is not None
    assert schedule.every.total_seconds() == 300
    assert contoso().limits.cool_downs["autoscale_cosmos"] < schedule.every


def test_an_estate_without_cosmos_has_none() -> None:
    services = tuple(one for one in contoso().services if not isinstance(one, CosmosDb))
    with pytest.raises(EstateInvalid, match="no Cosmos DB service to scale"):
        scale_cosmos(contoso().model_copy(update={"services": services}), PlanRequest(mode=Mode.REAL))


def test_it_survives_the_wire() -> None:
    assert Plan.from_wire(json.loads(json.dumps(PLAN.to_wire()))) == PLAN


def test_an_ordinary_hour_keeps_everything(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.from_now()
    done = carry_out(stage, PLAN, mode=Mode.REAL)
    assert [outcome.changed for outcome in done.values()] == [False] * 4
    assert stage.writes == []
