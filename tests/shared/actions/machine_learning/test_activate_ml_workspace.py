"""The standby workspace gets its clusters at full scale, and remembers what it stood by with."""

from typing import Any

from shared.actions.machine_learning.activate_ml_workspace import activate_ml_workspace
from shared.model.estate import MlWorkspace
from shared.model.plan import Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso, refused
from tests.shared.actions.stage import Stage


def workspace(**changes: Any) -> MlWorkspace:
    return contoso().of_kind(MlWorkspace)[0].model_copy(update=changes)


def activate(**changes: Any) -> Step:
    return activate_ml_workspace.step(service=workspace(**changes))


def activate_one() -> Step:
    return activate(computes=workspace().computes[:1])


def path(name: str) -> str:
    return f"{workspace().recovery_resource_id}/computes/{name}"


def region_is_out(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.outage("eastus2")
    stage.lab.advance(60)


def cluster_is_missing(stage: Stage) -> None:
    region_is_out(stage)
    stage.lab.inside(lambda world: world.resources.delete(path("cpu-cluster-01")))


def nodes(stage: Stage, name: str) -> int:
    return stage.properties(path(name))["properties"]["scaleSettings"]["maxNodeCount"]


def all_may_work(stage: Stage) -> None:
    assert (nodes(stage, "cpu-cluster-01"), nodes(stage, "gpu-cluster-01")) == (8, 4)
    tags = [stage.truth["resources"][path(one.name)]["tags"] for one in workspace().computes]
    assert tags == [{"foundry-ops-standby": "0-0"}] * 2


def first_may_work(stage: Stage) -> None:
    assert nodes(stage, "cpu-cluster-01") == 8


class TestOneCluster(BeginsOperations):
    scenario = Scenario(
        step=activate_one, prepare=region_is_out, reached=first_may_work, operation="cpu-cluster-01"
    )


class TestAllClusters(BeginsOperations):
    scenario = Scenario(
        step=activate, prepare=region_is_out, reached=all_may_work, operation="cpu-cluster-01"
    )


class TestAMissingCluster(BeginsOperations):
    scenario = Scenario(
        step=activate_one, prepare=cluster_is_missing, reached=first_may_work, operation="cpu-cluster-01"
    )


def test_without_a_standby_workspace_it_says_what_to_do(stage: Stage) -> None:
    nowhere = workspace().recovery_resource_id + "-not"
    refused(stage, activate(recovery_resource_id=nowhere), "does not exist: deploy it from its template")


def test_a_broken_standby_workspace_is_not_touched(stage: Stage) -> None:
    def broken(resource: Any) -> None:
        resource["properties"]["provisioningState"] = "Failed"

    stage.change(workspace().recovery_resource_id, broken)
    refused(stage, activate(), "is Failed: wait, or repair it")


def test_machines_of_another_size_are_told(stage: Stage) -> None:
    first, *others = workspace().computes
    wanted = (first.model_copy(update={"vm_size": "Standard_D8s_v5"}), *others)
    refused(stage, activate(computes=wanted), "machines of Standard_D4s_v5, not of Standard_D8s_v5")


def test_a_cluster_that_is_larger_already_keeps_its_scale(stage: Stage) -> None:
    def large(resource: Any) -> None:
        resource["properties"]["properties"]["scaleSettings"]["maxNodeCount"] = 20

    stage.change(path("cpu-cluster-01"), large)
    stage.carry_out(activate())
    assert nodes(stage, "cpu-cluster-01") == 20
