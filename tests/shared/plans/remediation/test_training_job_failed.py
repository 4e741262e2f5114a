"""More nodes, then a look whether jobs go on failing."""

import json

import pytest

from shared.actions.catalog import catalog
from shared.errors import EstateInvalid
from shared.model.estate import MlWorkspace
from shared.model.plan import Mode, Plan
from shared.plans.alerted import AlertParameters
from shared.plans.planning import PlanRequest
from shared.plans.remediation.training_job_failed import training_job_failed
from tests.shared.actions.stage import Stage, StepFailed, contoso
from tests.shared.plans.walk import carry_out

WORKSPACE = contoso().of_kind(MlWorkspace)[0]


def plan_of(**dimensions: str) -> Plan:
    given = AlertParameters(resources=(WORKSPACE.resource_id,), dimensions=dimensions)
    return training_job_failed(contoso(), PlanRequest(mode=Mode.REAL), given)


def test_the_cluster_that_may_grow_gets_half_as_many_nodes_more() -> None:
    scale, verify = plan_of().steps
    assert (scale.params["cluster"], scale.params["more"], scale.params["most"]) == ("gpu-cluster-01", 2, 8)
    assert verify.needs == ("scale_training_compute",)
    with pytest.raises(EstateInvalid, match=r"cpu-cluster-01 may not grow, .* look at its jobs"):
        plan_of(ClusterName="cpu-cluster-01")


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


@pytest.mark.parametrize("cured_by", ["scale", "nothing"])
def test_jobs_run_again_or_people_hear_what_they_said(stage: Stage, cured_by: str) -> None:
    stage.lab.advance(60)
    stage.lab.fault("training_failures", WORKSPACE.resource_id, cured_by=cured_by)
    stage.lab.advance(600)
    if cured_by == "scale":
        assert "it helped" in carry_out(stage, plan_of(), mode=Mode.REAL)["verify_logs"].summary
    else:
        with pytest.raises(StepFailed, match="failures of gpu-cluster-01 is"):
            carry_out(stage, plan_of(), mode=Mode.REAL)
