"""A cluster may have more nodes, once, and never more than the estate allows."""

from shared.actions.remediation.scale_training_compute import scale_training_compute
from shared.model.estate import MlWorkspace
from shared.model.plan import Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso, refused
from tests.shared.actions.stage import Stage

WORKSPACE = contoso().of_kind(MlWorkspace)[0].resource_id
CLUSTER = f"{WORKSPACE}/computes/gpu-cluster-01"


def scale(most: int = 8) -> Step:
    return scale_training_compute.step(workspace_id=WORKSPACE, cluster="gpu-cluster-01", more=2, most=most)


def bounds(stage: Stage) -> tuple[int, int]:
    found = stage.properties(CLUSTER)["properties"]["scaleSettings"]
    return found["minNodeCount"], found["maxNodeCount"]


def two_more(stage: Stage) -> None:
    assert bounds(stage) == (0, 6)


class TestMoreNodes(BeginsOperations):
    scenario = Scenario(step=scale, reached=two_more, operation="gpu-cluster-01")


def test_the_estates_limit_holds(stage: Stage) -> None:
    stage.carry_out(scale(5))
    assert bounds(stage) == (0, 5)
    refused(stage, scale(5), r"may have 5 nodes, which is the estate's limit \(5\): look what fills it")
