"""Nothing goes back to a region that is not there, and every reason is told at once."""

from shared.actions.readiness.check_primary_region import check_primary_region
from shared.model.estate import ContainerApp, CosmosDb
from shared.model.plan import Step
from shared.plans.recovery.region_outage import hosted
from tests.shared.actions.changes_once import contoso, refused
from tests.shared.actions.stage import Stage


def check() -> Step:
    return check_primary_region.step(region="japaneast", services=hosted(contoso(), "japaneast").services)


def test_a_healthy_region_passes_and_nothing_is_written(stage: Stage) -> None:
    stage.from_now()
    done = stage.carry_out(check())
    assert done.outcome.summary == "japaneast is healthy and has room for 6 services"
    assert stage.writes == []


def test_an_outage_that_goes_on_is_told_by_service_health_and_by_what_does_not_answer(stage: Stage) -> None:
    stage.outage()
    stage.lab.advance(300)
    refused(
        stage,
        check(),
        r"Service Health: Multiple services - Japan East - availability issues, since 20.*"
        r"agent-service does not answer at ca-agent-service.*srch-fas-japaneast.*kv-fas-japaneast",
    )


def test_an_outage_elsewhere_holds_nobody_up(stage: Stage) -> None:
    stage.outage("japanwest")
    stage.lab.advance(300)
    stage.carry_out(check_primary_region.step(region="japaneast", services=contoso().of_kind(CosmosDb)))


def test_an_outage_that_is_over_holds_nobody_up(stage: Stage) -> None:
    fault = stage.outage()
    stage.lab.advance(300)
    stage.lab.end(fault)
    stage.lab.advance(60)
    stage.carry_out(check())


def test_an_app_that_is_gone_is_told(stage: Stage) -> None:
    app = contoso().of_kind(ContainerApp)[0]
    stage.lab.inside(lambda world: world.resources.delete(app.resource_id))
    refused(stage, check(), "containerApps/ca-agent-service is gone: deploy it from its template")
