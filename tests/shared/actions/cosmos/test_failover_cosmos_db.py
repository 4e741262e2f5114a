"""The write region moves: gracefully in a drill, by giving up the region that is out in an outage."""

from shared.actions.cosmos.failover_cosmos_db import failover_cosmos_db
from shared.model.estate import CosmosDb
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso, refused
from tests.shared.actions.stage import Stage


def database() -> CosmosDb:
    return contoso().of_kind(CosmosDb)[0]


def failover() -> Step:
    return failover_cosmos_db.step(service=database())


def account(stage: Stage) -> dict:
    return stage.truth["cosmos"]["cosmos-fas-prod"]


def writes_in_the_west(stage: Stage) -> None:
    assert account(stage)["write_region"] == "japanwest"


def east_is_out(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.outage()
    stage.lab.advance(60)


class TestInAnOutage(BeginsOperations):
    scenario = Scenario(
        step=failover, prepare=east_is_out, reached=writes_in_the_west, operation="cosmos-fas-prod"
    )


class TestInADrill(BeginsOperations):
    scenario = Scenario(
        step=failover, mode=Mode.DRILL, reached=writes_in_the_west, operation="cosmos-fas-prod"
    )


def test_a_drill_loses_nothing_and_keeps_both_regions(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.from_now()
    stage.carry_out(failover(), mode=Mode.DRILL)
    (write,) = stage.effects
    assert write[1].endswith("/failoverPriorityChange")
    assert account(stage)["offline"] == []
    assert account(stage)["losses"] == []


def test_an_outage_gives_up_only_the_region_that_is_out(stage: Stage) -> None:
    east_is_out(stage)
    stage.from_now()
    done = stage.carry_out(failover())
    (write,) = stage.writes
    assert write["path"].endswith("/offlineRegion")
    assert write["body"] == {"region": "Japan East"}
    assert account(stage)["offline"] == ["japaneast"]
    assert done.outcome.evidence["write_region"] == "japanwest"


def test_a_third_region_that_has_taken_over_is_never_given_up(stage: Stage) -> None:
    def third(resource: dict) -> None:
        policies = resource["properties"]["failoverPolicies"]
        east, west = policies
        middle = {**west, "id": "cosmos-fas-prod-eastus2", "locationName": "East US 2"}
        resource["properties"]["failoverPolicies"] = [
            {**one, "failoverPriority": place} for place, one in enumerate([middle, west, east])
        ]

    stage.change(database().resource_id, third)
    east_is_out(stage)
    stage.from_now()
    stage.carry_out(failover())
    assert [write["path"].rsplit("/", 1)[-1] for write in stage.writes] == ["failoverPriorityChange"]
    assert account(stage)["offline"] == []


def test_without_a_replica_nothing_is_touched(stage: Stage) -> None:
    service = database().model_copy(update={"recovery_region": "westus2"})
    refused(stage, failover_cosmos_db.step(service=service), "no replica in westus2: add that region")


def test_a_replica_that_is_offline_is_no_place_to_go(stage: Stage) -> None:
    def off(world):
        row = world.table("cosmos").get("cosmos-fas-prod")
        world.table("cosmos").put("cosmos-fas-prod", {**row, "offline": ["japanwest"]})

    stage.lab.inside(off)
    refused(stage, failover(), "replica in japanwest is not online")


def test_the_graceful_way_is_refused_while_the_region_is_out(stage: Stage) -> None:
    east_is_out(stage)
    refused(stage, failover(), "503.*must not be triggered during an outage", mode=Mode.DRILL)
