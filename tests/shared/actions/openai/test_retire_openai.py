"""What a failover deployed goes again, and nothing else."""

from typing import Any

from shared.actions.openai.failover_openai import failover_openai
from shared.actions.openai.retire_openai import retire_openai
from shared.model.estate import OpenAi
from shared.model.plan import Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso
from tests.shared.actions.stage import Stage


def models(count: int = 2) -> OpenAi:
    found = contoso().of_kind(OpenAi)[0]
    return found.model_copy(update={"deployments": found.deployments[:count]})


def retire_one() -> Step:
    return retire_openai.step(service=models(1))


def retire() -> Step:
    return retire_openai.step(service=models())


def one_is_deployed(stage: Stage) -> None:
    stage.carry_out(failover_openai.step(service=models(1)))


def both_are_deployed(stage: Stage) -> None:
    stage.carry_out(failover_openai.step(service=models()))


def gone(stage: Stage) -> None:
    prefix = f"{models().recovery_resource_id}/deployments/"
    assert [key for key in stage.truth["resources"] if key.startswith(prefix)] == []


class TestOne(BeginsOperations):
    scenario = Scenario(step=retire_one, prepare=one_is_deployed, reached=gone, operation="deployments/gpt-4")


class TestAll(BeginsOperations):
    scenario = Scenario(step=retire, prepare=both_are_deployed, reached=gone, operation="deployments/gpt-35")


def test_what_stood_there_before_stays(stage: Stage) -> None:
    both_are_deployed(stage)

    def not_ours(resource: Any) -> None:
        resource["tags"] = {}

    stage.change(f"{models().recovery_resource_id}/deployments/gpt-4", not_ours)
    stage.from_now()
    done = stage.carry_out(retire())
    assert done.outcome.changed
    (write,) = stage.writes
    assert write["path"].endswith("/deployments/gpt-35-turbo")


def test_there_may_be_nothing_to_take_away(stage: Stage) -> None:
    done = stage.carry_out(retire())
    assert not done.outcome.changed
