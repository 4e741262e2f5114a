"""Region, route, clusters or models: what stands between a caller and an answer."""

from infra.local.azure import landing_zone
from infra.local.azure.contoso import resource_id
from shared.actions.diagnosis.diagnose_endpoint_503 import diagnose_endpoint_503
from shared.model.estate import OpenAi, TrafficRoute
from tests.shared.actions.stage import Stage, contoso

SERVICE = next(one for one in contoso().of_kind(TrafficRoute) if one.name == "inference-api")
AKS = resource_id(
    landing_zone.EAST, "Microsoft.ContainerService/managedClusters", "aks-prod-eus2-ai-inference"
)
LOOK = diagnose_endpoint_503.step(service=SERVICE, clusters=(AKS,))


def titles(stage: Stage) -> list[str]:
    return [one.title for one in stage.carry_out(LOOK).outcome.findings]


def test_an_endpoint_that_answers_has_nothing_wrong(stage: Stage) -> None:
    stage.lab.advance(60)
    assert titles(stage) == []
    assert stage.writes == []


def test_a_stopped_cluster_is_told(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.change(AKS, lambda one: one["properties"].update(powerState={"code": "Stopped"}))
    assert titles(stage) == ["AKS cluster aks-prod-eus2-ai-inference is stopped"]


def test_models_that_do_not_answer_are_told_apart_from_the_endpoint(stage: Stage) -> None:
    stage.lab.advance(60)
    account = contoso().of_kind(OpenAi)[0].resource_id
    stage.lab.inside(lambda world: world.resources.delete(f"{account}/deployments/gpt-4"))
    (said,) = titles(stage)
    assert said.startswith("the endpoint answers, its models do not: {'gpt-4'")


def test_a_region_that_is_out_explains_the_rest(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.outage("eastus2")
    stage.lab.advance(240)
    said = titles(stage)
    assert said[0].startswith("eastus2 is out: Azure has declared")
    assert any("answers" in one for one in said[1:])
