"""A canary for each store, side by side, that claims nothing and is cheap."""

import pytest

from shared.actions.canary.write_canary import write_canary
from shared.errors import EstateInvalid
from shared.model.estate import CosmosDb, Storage
from shared.model.plan import Mode, PlanKind
from shared.plans.maintenance.canary import canary
from shared.plans.planning import PlanRequest
from tests.shared.actions.stage import Stage, contoso

PLAN = canary(contoso(), PlanRequest(mode=Mode.REAL))


def test_every_store_has_a_step_of_its_own():
    stores = [service for service in contoso().services if isinstance(service, CosmosDb | Storage)]
    assert [step.params["service"]["name"] for step in PLAN.steps] == [service.name for service in stores]
    assert PLAN.steps[0].name == "write_canary_agents_db"
    assert {step.action for step in PLAN.steps} == {write_canary.name}
    assert PLAN.kind is PlanKind.MAINTENANCE


def test_none_waits_for_another_and_none_stops_another():
    assert not any(step.needs or step.critical for step in PLAN.steps)


def test_it_stands_in_no_recoverys_way():
    assert PLAN.services == ()
    assert PLAN.approval.required == 0
    assert all(step.routine for step in PLAN.steps)


def test_it_is_due_every_five_minutes():
    (schedule,) = (found for found in contoso().schedules if found.plan == "canary")
    assert schedule.every is not None
    assert schedule.every.total_seconds() == 300


def test_an_estate_without_stores_has_none():
    services = tuple(one for one in contoso().services if not isinstance(one, CosmosDb | Storage))
    with pytest.raises(EstateInvalid, match="no service keeps data"):
        canary(contoso().model_copy(update={"services": services}), PlanRequest(mode=Mode.REAL))


def test_it_runs(stage: Stage):
    for step in PLAN.steps:
        assert stage.carry_out(step).outcome.summary.endswith("canary 1 is written")
