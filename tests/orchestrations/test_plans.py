"""What `GET /plans` says of each plan, also of those that an estate gives no reason for."""

from orchestrations.triggers.plans import described
from shared.estate.load import load
from shared.plans.catalog import catalog
from tests.e2e.machine import ROOT

CONTOSO = load(ROOT / "shared" / "estate" / "contoso.yaml")


def test_every_plan_can_be_made_for_the_sample_estate() -> None:
    for maker in catalog().values():
        told = described(maker, CONTOSO)
        assert "unavailable" not in told, told
        assert told["steps"]


def test_a_plan_that_this_estate_has_no_use_for_says_why_and_hides_no_other() -> None:
    platform = tuple(service for service in CONTOSO.services if service.region == "japaneast")
    bare = CONTOSO.model_copy(update={"services": platform})
    told = {name: described(maker, bare) for name, maker in catalog().items()}
    assert "no landing zone" in told["landing_zone_activation"]["unavailable"]
    assert "no ml_workspace" in told["ml_workspace_recovery"]["unavailable"]
    assert told["landing_zone_activation"]["steps"] == []
    assert told["region_outage"]["steps"]
    assert told["landing_zone_activation"]["parameters"]["properties"].keys() == {"trigger", "region"}
