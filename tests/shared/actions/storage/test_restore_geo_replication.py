"""What an unplanned failover left with one region is copied again, and waited for."""

from shared.actions.storage.failover_storage import failover_storage
from shared.actions.storage.restore_geo_replication import restore_geo_replication
from shared.model.plan import Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, refused
from tests.shared.actions.stage import Stage
from tests.shared.actions.storage.test_failover_storage import files, state


def restore() -> Step:
    return restore_geo_replication.step(service=files())


def failed_over(stage: Stage) -> None:
    stage.lab.advance(30)
    fault = stage.outage()
    stage.carry_out(failover_storage.step(service=files()))
    stage.lab.end(fault)


def copied_home(stage: Stage) -> None:
    assert state(stage) == ("japanwest", "japaneast", "Standard_RAGRS")
    assert stage.azure.storage.account(files().resource_id).replication == "Live"


class TestAfterAnOutage(ChangesOnce):
    scenario = Scenario(step=restore, prepare=failed_over, reached=copied_home)


def test_it_waits_for_the_first_copy(stage: Stage) -> None:
    failed_over(stage)
    began = stage.now
    done = stage.carry_out(restore())
    assert any("Bootstrap" in summary for summary in done.summaries)
    assert (stage.now - began).total_seconds() >= 240
    assert "last_sync" in done.outcome.evidence


def test_an_account_that_is_copied_is_only_looked_at(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.from_now()
    assert not stage.carry_out(restore()).outcome.changed
    assert stage.writes == []


def test_a_copy_elsewhere_is_no_way_home(stage: Stage) -> None:
    def elsewhere(resource: dict) -> None:
        resource["properties"]["secondaryLocation"] = "eastus2"

    stage.change(files().resource_id, elsewhere)
    refused(stage, restore(), "is copied to eastus2, not to japanwest: Azure chooses the pair")


def test_nothing_is_copied_to_a_region_that_is_out(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.outage("japanwest")
    refused(stage, restore(), "nothing is copied to japanwest, which is not available")
