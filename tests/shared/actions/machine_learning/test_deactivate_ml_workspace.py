"""Clusters go back to the scale that they stood by with, and only those that were activated."""

from typing import Any

from shared.actions.machine_learning.activate_ml_workspace import activate_ml_workspace
from shared.actions.machine_learning.deactivate_ml_workspace import deactivate_ml_workspace
from shared.model.estate import MlWorkspace
from shared.model.plan import Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso
from tests.shared.actions.stage import Stage


def workspace(count: int = 2) -> MlWorkspace:
    found = contoso().of_kind(MlWorkspace)[0]
    return found.model_copy(update={"computes": found.computes[:count]})


def deactivate_one() -> Step:
    return deactivate_ml_workspace.step(service=workspace(1))


def deactivate() -> Step:
    return deactivate_ml_workspace.step(service=workspace())


def one_is_active(stage: Stage) -> None:
    stage.carry_out(activate_ml_workspace.step(service=workspace(1)))


def all_are_active(stage: Stage) -> None:
    stage.carry_out(activate_ml_workspace.step(service=workspace()))


def standing_by(stage: Stage) -> None:
    for one in workspace().computes:
        found = stage.truth["resources"][f"{workspace().recovery_resource_id}/computes/{one.name}"]
        assert found["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 0
        assert not found.get("tags")


class TestOne(BeginsOperations):
    scenario = Scenario(
        step=deactivate_one, prepare=one_is_active, reached=standing_by, operation="cpu-cluster-01"
    )


class TestAll(BeginsOperations):
    scenario = Scenario(
        step=deactivate, prepare=all_are_active, reached=standing_by, operation="cpu-cluster-01"
    )


def test_what_never_stood_by_is_left_alone(stage: Stage) -> None:
    def large(resource: Any) -> None:
        resource["properties"]["properties"]["scaleSettings"]["maxNodeCount"] = 20

    stage.change(f"{workspace().recovery_resource_id}/computes/cpu-cluster-01", large)
    stage.from_now()
    assert not stage.carry_out(deactivate()).outcome.changed
    assert stage.writes == []


def test_a_tag_that_somebody_has_spoilt_means_no_nodes(stage: Stage) -> None:
    one_is_active(stage)

    def spoilt(resource: Any) -> None:
        resource["tags"]["foundry-ops-standby"] = "many"

    stage.change(f"{workspace().recovery_resource_id}/computes/cpu-cluster-01", spoilt)
    stage.carry_out(deactivate())
    standing_by(stage)
