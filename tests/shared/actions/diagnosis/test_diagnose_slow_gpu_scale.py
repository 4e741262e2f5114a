"""No warm node, low priority, a resize that lasts, no quota."""

from infra.local.azure import World
from shared.actions.diagnosis.diagnose_slow_gpu_scale import diagnose_slow_gpu_scale
from shared.model.estate import MlWorkspace
from tests.shared.actions.stage import Stage, contoso

SERVICE = contoso().of_kind(MlWorkspace)[0]
CLUSTER = f"{SERVICE.resource_id}/computes/gpu-cluster-01"
LOOK = diagnose_slow_gpu_scale.step(service=SERVICE, cluster="gpu-cluster-01")


def titles(stage: Stage) -> list[str]:
    return [one.title for one in stage.carry_out(LOOK).outcome.findings]


def test_a_cluster_without_a_warm_node_makes_every_job_wait(stage: Stage) -> None:
    (found,) = stage.carry_out(LOOK).outcome.findings
    assert found.title == "gpu-cluster-01 keeps no node: every job waits for a start"
    assert "pre-warm it: az ml compute update -n gpu-cluster-01 --min-instances 1" in found.recommendation
    assert stage.writes == []


def test_each_further_cause_is_told(stage: Stage) -> None:
    def slow(one: dict) -> None:
        inner = one["properties"]["properties"]
        inner.update(vmPriority="LowPriority", allocationState="Resizing", currentNodeCount=1)
        inner["scaleSettings"]["minNodeCount"] = 1

    def use_up(world: World) -> None:
        world.table("ml quota").put("eastus2/standardNCADSA100v4Family", {"used": 168})

    stage.change(CLUSTER, slow)
    stage.lab.inside(use_up)
    assert titles(stage) == [
        "its nodes are of low priority, which Azure gives last",
        "it is resizing: 1 of 4 nodes are there",
        "the quota of standardNCADSA100v4Family is used up: 192 of 192",
    ]


def test_one_that_is_gone(stage: Stage) -> None:
    stage.lab.inside(lambda world: world.resources.delete(CLUSTER))
    assert titles(stage) == ["gpu-cluster-01 does not exist"]
