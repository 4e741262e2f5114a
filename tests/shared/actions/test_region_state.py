"""A region is out when Azure says so, or when nothing in it answers; one silent service is not a region."""

from shared.actions.region_state import region_out
from tests.shared.actions.stage import Stage


def out(stage: Stage, region: str = "japaneast") -> str:
    return region_out(stage.estate, stage.azure, region)


def test_a_region_that_works_is_not_out(stage: Stage) -> None:
    stage.lab.advance(30)
    assert out(stage) == ""


def test_it_is_seen_before_azure_declares_it_and_named_by_azure_afterwards(stage: Stage) -> None:
    fault = stage.outage()
    stage.lab.advance(10)
    assert "kv-fas-japaneast.vault.azure.net" in out(stage)
    assert out(stage, "eastus2") == ""
    stage.lab.advance(200)
    assert "Azure has declared" in out(stage)
    stage.lab.end(fault)
    stage.lab.advance(10)
    assert out(stage) == ""


def test_one_service_that_is_silent_is_not_a_region(stage: Stage) -> None:
    stage.lab.fault("endpoint_down", "kv-fas-japaneast.vault.azure.net")
    stage.lab.fault("endpoint_down", "srch-fas-japaneast.search.windows.net")
    assert out(stage) == ""
