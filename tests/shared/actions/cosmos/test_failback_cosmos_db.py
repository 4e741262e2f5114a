"""Going back is only ever graceful: the region comes online first, and only when it is there."""

from shared.actions.cosmos.failback_cosmos_db import failback_cosmos_db
from shared.actions.cosmos.failover_cosmos_db import failover_cosmos_db
from shared.model.estate import CosmosDb
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso, refused
from tests.shared.actions.stage import Stage


def database() -> CosmosDb:
    return contoso().of_kind(CosmosDb)[0]


def failback() -> Step:
    return failback_cosmos_db.step(service=database())


def writes_in_the_east(stage: Stage) -> None:
    account = stage.truth["cosmos"]["cosmos-fas-prod"]
    assert account["write_region"] == "japaneast"
    assert account["offline"] == []


def after_a_drill(stage: Stage) -> None:
    stage.carry_out(failover_cosmos_db.step(service=database()), mode=Mode.DRILL)


def while_the_east_is_out(stage: Stage) -> str:
    stage.lab.advance(30)
    fault = stage.outage()
    stage.lab.advance(30)
    stage.carry_out(failover_cosmos_db.step(service=database()))
    return fault


def after_an_outage(stage: Stage) -> None:
    stage.lab.end(while_the_east_is_out(stage))


class TestAfterADrill(BeginsOperations):
    scenario = Scenario(
        step=failback,
        mode=Mode.DRILL,
        prepare=after_a_drill,
        reached=writes_in_the_east,
        operation="cosmos-fas-prod",
    )


class TestAfterAnOutage(BeginsOperations):
    scenario = Scenario(
        step=failback, prepare=after_an_outage, reached=writes_in_the_east, operation="cosmos-fas-prod"
    )


def test_the_region_comes_online_before_it_writes(stage: Stage) -> None:
    after_an_outage(stage)
    stage.from_now()
    stage.carry_out(failback())
    assert [write["path"].rsplit("/", 1)[-1] for write in stage.writes] == [
        "onlineRegion",
        "failoverPriorityChange",
    ]


def test_nothing_goes_back_to_a_region_that_is_still_out(stage: Stage) -> None:
    while_the_east_is_out(stage)
    refused(stage, failback(), "japaneast is not available")
    assert stage.truth["cosmos"]["cosmos-fas-prod"]["write_region"] == "japanwest"
