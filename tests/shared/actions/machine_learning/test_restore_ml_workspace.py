"""A workspace that is gone comes back as it was, and one that was misconfigured is set back."""

from typing import Any

from shared.actions.machine_learning.restore_ml_workspace import restore_ml_workspace
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, refused
from tests.shared.actions.machine_learning.backups import lost, params
from tests.shared.actions.stage import Stage

ID = params()["service"].resource_id


def restore() -> Step:
    return restore_ml_workspace.step(**params())


def misconfigured(stage: Stage) -> None:
    def spoil(resource: Any) -> None:
        resource["properties"]["publicNetworkAccess"] = "Disabled"

    stage.change(ID, spoil)


def as_before(stage: Stage) -> None:
    found = stage.properties(ID)
    assert found["provisioningState"] == "Succeeded"
    assert found["publicNetworkAccess"] == "Enabled"
    assert found["hbiWorkspace"] is True
    assert found["storageAccount"].endswith("/stprodeus2aidatalake")
    assert stage.truth["resources"][ID]["identity"] == {"type": "SystemAssigned"}
    assert stage.truth["resources"][ID]["tags"] == {"env": "prod"}


class TestADeletedWorkspace(BeginsOperations):
    scenario = Scenario(step=restore, prepare=lost, reached=as_before, operation="aml-prod-eus2-ai-01")


class TestAMisconfiguredWorkspace(BeginsOperations):
    scenario = Scenario(
        step=restore, prepare=misconfigured, reached=as_before, operation="aml-prod-eus2-ai-01"
    )


def test_it_says_what_it_sets_back(stage: Stage) -> None:
    misconfigured(stage)
    assert "setting back publicNetworkAccess" in stage.carry_out(restore()).summaries[0]


def test_a_drill_sets_nothing_back(stage: Stage) -> None:
    misconfigured(stage)
    done = stage.carry_out(restore(), mode=Mode.DRILL)
    assert "differs from its backup in publicNetworkAccess" in done.outcome.summary
    assert stage.writes == []


def test_another_workspace_in_its_place_is_not_overwritten(stage: Stage) -> None:
    def another(resource: Any) -> None:
        resource["properties"]["storageAccount"] += "2"

    stage.change(ID, another)
    refused(
        stage, restore(), "bound to another storageAccount than in its backup, .* delete that, then retry"
    )
