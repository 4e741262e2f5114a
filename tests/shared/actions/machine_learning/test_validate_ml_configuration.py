"""A restored workspace is compared with its backup, setting by setting."""

from typing import Any

from shared.actions.machine_learning.validate_ml_configuration import validate_ml_configuration
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import refused
from tests.shared.actions.machine_learning.backups import lost, params
from tests.shared.actions.stage import Stage

ID = params()["service"].resource_id


def validate() -> Step:
    return validate_ml_configuration.step(**params())


def spoil(resource: Any) -> None:
    resource["properties"]["publicNetworkAccess"] = "Disabled"


def test_a_workspace_that_is_as_in_its_backup_passes(stage: Stage) -> None:
    done = stage.carry_out(validate())
    assert done.outcome.summary == "ml-workspace: 7 settings as in its backup"
    assert done.outcome.evidence["storage_primary"] == "eastus2"
    assert stage.writes == []


def test_a_setting_that_differs_is_named(stage: Stage) -> None:
    stage.change(ID, spoil)
    refused(stage, validate(), "differs from its backup in publicNetworkAccess: restore it again")


def test_a_drill_tells_it_and_goes_on(stage: Stage) -> None:
    stage.change(ID, spoil)
    (found,) = stage.carry_out(validate(), mode=Mode.DRILL).outcome.findings
    assert "publicNetworkAccess is not as in the backup" in found.title


def test_a_workspace_that_is_not_there_fails(stage: Stage) -> None:
    lost(stage)
    refused(stage, validate(), "does not exist")
