"""Every cluster of backup and estate is there again, at its own scale."""

from typing import Any

from shared.actions.machine_learning.reconnect_compute import reconnect_compute
from shared.actions.machine_learning.restore_ml_workspace import restore_ml_workspace
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, refused
from tests.shared.actions.machine_learning.backups import lost, params, taken
from tests.shared.actions.stage import Stage

ID = params()["service"].resource_id


def reconnect() -> Step:
    return reconnect_compute.step(**params())


def restored(stage: Stage) -> None:
    lost(stage)
    stage.carry_out(restore_ml_workspace.step(**params()))


def shrunk(stage: Stage) -> None:
    def shrink(resource: Any) -> None:
        resource["properties"]["properties"]["scaleSettings"]["maxNodeCount"] = 1

    stage.change(f"{ID}/computes/cpu-cluster-01", shrink)


def both_are_there(stage: Stage) -> None:
    found = {
        name: stage.properties(f"{ID}/computes/{name}")["properties"]
        for name in ("cpu-cluster-01", "gpu-cluster-01")
    }
    assert {name: one["scaleSettings"]["maxNodeCount"] for name, one in found.items()} == {
        "cpu-cluster-01": 8,
        "gpu-cluster-01": 4,
    }
    assert found["gpu-cluster-01"]["vmSize"] == "Standard_NC24ads_A100_v4"
    workspace = stage.truth["landing_zone"]["workspaces"]["aml-prod-eus2-ai-01"]
    assert workspace["runs_jobs"], workspace


class TestAfterARestore(BeginsOperations):
    scenario = Scenario(
        step=reconnect, prepare=restored, reached=both_are_there, operation="computes/cpu-cluster-01"
    )


class TestAShrunkCluster(BeginsOperations):
    scenario = Scenario(
        step=reconnect, prepare=shrunk, reached=both_are_there, operation="computes/cpu-cluster-01"
    )


def test_what_no_backup_has_is_made_as_the_estate_describes_it(stage: Stage) -> None:
    taken(stage, stage.now, lambda kept: kept["computes"].clear())
    restored(stage)
    stage.carry_out(reconnect())
    both_are_there(stage)


def test_a_drill_leaves_clusters_as_they_are(stage: Stage) -> None:
    shrunk(stage)
    stage.carry_out(reconnect(), mode=Mode.DRILL)
    assert stage.writes == []


def test_machines_of_another_size_are_told(stage: Stage) -> None:
    def larger(resource: Any) -> None:
        resource["properties"]["properties"]["vmSize"] = "Standard_D8s_v5"

    stage.change(f"{ID}/computes/cpu-cluster-01", larger)
    refused(stage, reconnect(), "machines of Standard_D8s_v5, its backup of Standard_D4s_v5")


def test_without_a_workspace_there_is_nothing_to_connect_to(stage: Stage) -> None:
    lost(stage)
    refused(stage, reconnect(), "does not exist")
