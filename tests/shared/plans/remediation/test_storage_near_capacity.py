"""Old versions go after one person agreed, and the account must really empty."""

import json

import pytest

from shared.actions.catalog import catalog
from shared.errors import EstateInvalid
from shared.model.estate import Estate, Storage
from shared.model.plan import Mode, Plan
from shared.plans.planning import PlanRequest
from shared.plans.remediation.storage_near_capacity import Parameters, storage_near_capacity
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import carry_out

LAKE = next(one for one in contoso().of_kind(Storage) if one.name == "training-data")


def plan_of(estate: Estate | None = None, **parameters: object) -> Plan:
    given = Parameters.model_validate({"resources": [LAKE.resource_id], **parameters})
    return storage_near_capacity(estate or contoso(), PlanRequest(mode=Mode.REAL), given)


def test_what_recovery_needs_is_kept_and_somebody_agrees() -> None:
    plan = plan_of()
    policy, verify = plan.steps
    assert (policy.params["keep_days"], policy.params["cool_after_days"]) == (14, 30)
    assert verify.params["proof"]["conditions"][0]["below"] == 8 * 2**40
    assert plan.approval.required == 1
    sizeless = LAKE.model_copy(update={"planned_tib": None})
    rest = tuple(one for one in contoso().services if one.name != LAKE.name)
    with pytest.raises(EstateInvalid, match="training-data has no planned_tib"):
        plan_of(estate=contoso().model_copy(update={"services": (*rest, sizeless)}))


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


def test_a_full_account_empties(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.lab.fault("storage_full", LAKE.resource_id.rsplit("/", 1)[-1], percent=92)
    done = carry_out(stage, plan_of(), mode=Mode.REAL)
    assert done["verify_logs"].summary == "training-data is less than 80 % full; it helped"
