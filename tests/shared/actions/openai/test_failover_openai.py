"""Every model is deployed on the recovery account within its quota, and must truly answer."""

from typing import Any

from shared.actions.openai.failover_openai import failover_openai
from shared.model.estate import OpenAi
from shared.model.plan import Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso, refused
from tests.shared.actions.stage import Stage

DEPLOYMENT = "aoai-prod-wus2-ai-01/deployments/gpt-4"


def models(**changes: Any) -> OpenAi:
    return contoso().of_kind(OpenAi)[0].model_copy(update=changes)


def failover(**changes: Any) -> Step:
    return failover_openai.step(service=models(**changes))


def one_model() -> Step:
    return failover(deployments=models().deployments[:1])


def region_is_out(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.outage("eastus2")
    stage.lab.advance(60)


def deployed(stage: Stage, name: str) -> Any:
    return stage.truth["resources"][f"{models().recovery_resource_id}/deployments/{name}"]


def both_answer(stage: Stage) -> None:
    for wanted in models().deployments:
        found = deployed(stage, wanted.name)
        assert found["properties"]["provisioningState"] == "Succeeded"
        assert found["properties"]["model"]["version"] == wanted.version
        assert found["sku"] == {"name": "Standard", "capacity": wanted.capacity}
        assert found["tags"] == {"made-by": "foundry-ops"}


def first_answers(stage: Stage) -> None:
    assert deployed(stage, "gpt-4")["properties"]["provisioningState"] == "Succeeded"


class TestInAnOutage(BeginsOperations):
    scenario = Scenario(
        step=one_model, prepare=region_is_out, reached=first_answers, operation="deployments/gpt-4"
    )


class TestSeveralModels(BeginsOperations):
    scenario = Scenario(
        step=failover, prepare=region_is_out, reached=both_answer, operation="deployments/gpt-4 "
    )


def test_models_come_one_after_another_and_are_asked(stage: Stage) -> None:
    region_is_out(stage)
    done = stage.carry_out(failover())
    assert done.errors == []
    assert "gpt-4 is being deployed, 1 to go" in done.summaries[0]
    assert done.outcome.summary == "landing-openai: 2 models answer from westus2"
    assert done.outcome.evidence["endpoint"] == "https://aoai-prod-wus2-ai-01.openai.azure.com"


def test_all_that_quota_and_region_lack_is_told_before_anything_is_deployed(stage: Stage) -> None:
    first, second = models().deployments
    wanted = (
        first.model_copy(update={"capacity": 150}),
        second.model_copy(update={"capacity": 300}),
        first.model_copy(update={"name": "old", "version": "0314"}),
    )
    said = (
        r"gpt-4 needs 150 thousand tokens a minute of gpt-4 more, westus2 leaves 100: ask for quota.*"
        r"gpt-35-turbo needs 300 .* leaves 240.*westus2 has no gpt-4 0314 as Standard"
    )
    refused(stage, failover(deployments=wanted), said)


def test_a_region_without_machines_is_told_as_what_it_leaves(stage: Stage) -> None:
    stage.lab.fault("no_capacity", "westus2")
    refused(stage, failover(), "gpt-4 needs 80 .* leaves 0")


def test_what_serves_already_is_left_alone_and_what_is_too_small_grows(stage: Stage) -> None:
    first, second = models().deployments
    stage.carry_out(failover())
    stage.from_now()
    bigger = (first.model_copy(update={"capacity": 100}), second.model_copy(update={"capacity": 10}))
    stage.carry_out(failover(deployments=bigger))
    (write,) = stage.writes
    assert write["path"].endswith("/deployments/gpt-4")
    assert deployed(stage, "gpt-4")["sku"]["capacity"] == 100
    assert deployed(stage, "gpt-35-turbo")["sku"]["capacity"] == 120


def test_somebody_else_s_deployment_of_that_name_is_not_overwritten(stage: Stage) -> None:
    stage.carry_out(failover())

    def others(resource: Any) -> None:
        resource["properties"]["model"] = {"format": "OpenAI", "name": "gpt-4o", "version": "2024-08-06"}
        resource["tags"] = {}

    stage.change(f"{models().recovery_resource_id}/deployments/gpt-4", others)
    refused(stage, failover(), "its deployment gpt-4 serves gpt-4o, not gpt-4: rename one of them")


def test_a_model_that_is_deployed_but_silent_is_no_success(stage: Stage) -> None:
    stage.carry_out(failover())
    stage.lab.fault(
        "error", "aoai-prod-wus2-ai-01.openai.azure.com", status=403, message="blocked by the network"
    )
    refused(stage, failover(), "deployed in westus2, but gpt-4: 403 .*blocked by the network")


def test_without_the_sibling_account_it_says_so(stage: Stage) -> None:
    nowhere = models().recovery_resource_id + "-not"
    refused(stage, failover(recovery_resource_id=nowhere), "does not exist: create the account in westus2")
