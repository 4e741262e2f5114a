"""The other region becomes the primary: planned in a drill, unplanned and at a price in an outage."""

from datetime import timedelta

import pytest

from shared.actions.storage.failover_storage import failover_storage
from shared.model.estate import Storage
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso, refused
from tests.shared.actions.stage import Stage, StepFailed


def files() -> Storage:
    return contoso().of_kind(Storage)[0]


def failover() -> Step:
    return failover_storage.step(service=files())


def state(stage: Stage) -> tuple[str, str | None, str]:
    resource = stage.truth["resources"][files().resource_id]
    properties = resource["properties"]
    return properties["primaryLocation"], properties.get("secondaryLocation"), resource["sku"]["name"]


def moved_and_locally_redundant(stage: Stage) -> None:
    assert state(stage) == ("japanwest", None, "Standard_LRS")


def moved_and_still_copied(stage: Stage) -> None:
    assert state(stage) == ("japanwest", "japaneast", "Standard_RAGRS")


def east_is_out(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.outage()
    stage.lab.advance(60)


class TestInAnOutage(BeginsOperations):
    scenario = Scenario(
        step=failover, prepare=east_is_out, reached=moved_and_locally_redundant, operation="stfasprod"
    )


class TestInADrill(BeginsOperations):
    scenario = Scenario(step=failover, mode=Mode.DRILL, reached=moved_and_still_copied, operation="stfasprod")


def test_what_was_not_copied_is_told(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.outage()
    began = stage.now
    stage.lab.advance(600)
    done = stage.carry_out(failover_storage.step(service=files(), outage_started_at=began))
    lost = done.outcome.evidence["unsynced_seconds"]
    assert 100 <= lost <= 140
    assert done.outcome.evidence["sku"] == "Standard_LRS"


def test_a_drill_goes_back_the_same_way(stage: Stage) -> None:
    stage.carry_out(failover(), mode=Mode.DRILL)
    back = files().model_copy(update={"region": "japanwest", "recovery_region": "japaneast"})
    stage.carry_out(failover_storage.step(service=back), mode=Mode.DRILL)
    assert state(stage) == ("japaneast", "japanwest", "Standard_RAGRS")


def test_after_an_unplanned_failover_there_is_no_way_back_without_a_copy(stage: Stage) -> None:
    east_is_out(stage)
    stage.carry_out(failover())
    back = files().model_copy(update={"region": "japanwest", "recovery_region": "japaneast"})
    refused(stage, failover_storage.step(service=back), r"no copy in japaneast \(Standard_LRS\): make it geo")


def test_a_planned_failover_is_refused_in_an_outage(stage: Stage) -> None:
    east_is_out(stage)
    refused(stage, failover(), "409.*not available for this failover type", mode=Mode.DRILL)


def test_an_account_without_copy_is_left_alone(stage: Stage) -> None:
    def local(resource: dict) -> None:
        resource["sku"]["name"] = "Standard_LRS"
        resource["properties"].pop("secondaryLocation")

    stage.change(files().resource_id, local)
    refused(stage, failover(), "no copy in japanwest")


def test_the_moment_of_the_outage_decides_not_that_of_the_call(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.outage()
    long_ago = stage.now - timedelta(hours=1)
    stage.lab.advance(60)
    done = stage.carry_out(failover_storage.step(service=files(), outage_started_at=long_ago))
    assert done.outcome.evidence["unsynced_seconds"] == 0


def test_losing_both_regions_moves_nothing(stage: Stage) -> None:
    stage.outage()
    stage.outage("japanwest")
    with pytest.raises(StepFailed, match="japanwest"):
        stage.carry_out(failover())
    assert state(stage)[0] == "japaneast"
