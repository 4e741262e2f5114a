"""Throughput grows in each mode's own steps, once, and only where it is lacking."""

import pytest

from shared.actions.remediation.scale_cosmos_throughput import Container, scale_cosmos_throughput
from shared.model.estate import CosmosDb
from shared.model.plan import Step
from shared.plans.planning import PlanRequest
from shared.plans.remediation.cosmos_ru_usage import Parameters, cosmos_ru_usage
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso, refused
from tests.shared.actions.remediation.scene import trouble
from tests.shared.actions.stage import Stage, StepFailed

SERVICE = contoso().of_kind(CosmosDb)[0]


def container(name: str) -> str:
    return f"{SERVICE.resource_id}/sqlDatabases/agents/containers/{name}"


def scale(name: str, **params: object) -> Step:
    return scale_cosmos_throughput.step(containers=(Container(container_id=container(name)),), **params)


def proved(*names: str) -> Step:
    plan = cosmos_ru_usage(
        contoso(),
        PlanRequest.model_validate({"mode": "real"}),
        Parameters(
            resources=(SERVICE.resource_id,), dimensions={"CollectionName": names[0]} if names else {}
        ),
    )
    return plan.steps[0]


def offer(stage: Stage, name: str) -> dict:
    return stage.properties(f"{container(name)}/throughputSettings/default")["resource"]


def manual_doubled(stage: Stage) -> None:
    assert offer(stage, "runs") == {"throughput": 2000}


def autoscale_doubled(stage: Stage) -> None:
    assert offer(stage, "threads")["autoscaleSettings"] == {"maxThroughput": 8000}


def busy(stage: Stage, name: str = "runs", demand: int = 1100) -> None:
    stage.lab.advance(60)
    trouble(stage, "high_load", container(name), demand=demand)
    stage.lab.advance(120)


class TestManual(BeginsOperations):
    scenario = Scenario(step=lambda: scale("runs"), reached=manual_doubled, operation="containers/runs")


class TestAutoscale(BeginsOperations):
    scenario = Scenario(
        step=lambda: scale("threads"), reached=autoscale_doubled, operation="containers/threads"
    )


class TestWithItsProof(BeginsOperations):
    scenario = Scenario(
        step=lambda: proved("runs"), prepare=busy, reached=manual_doubled, operation="containers/runs"
    )

    def test_does_what_it_says_and_no_more_when_run_again(self, stage: Stage) -> None:
        """Its proof takes two measurements every time; that nothing is sent again is what counts."""
        busy(stage)
        before = stage.observe(proved("runs"), mode=self.scenario.mode)
        stage.carry_out(proved("runs"), before=before)
        stage.from_now()
        stage.carry_out(proved("runs"), before=before)
        assert stage.writes == []
        manual_doubled(stage)


@pytest.mark.parametrize(
    ("name", "params", "ru"),
    [("runs", {"target": 1234}, 1300), ("threads", {"target": 5001}, 6000), ("runs", {"target": 100}, 400)],
)
def test_a_target_is_rounded_to_what_the_service_takes(
    stage: Stage, name: str, params: dict, ru: int
) -> None:
    stage.carry_out(scale(name, **params))
    found = offer(stage, name)
    assert found.get("autoscaleSettings", {}).get("maxThroughput", found["throughput"]) == ru


def test_the_cap_is_never_passed_and_at_the_cap_people_are_asked(stage: Stage) -> None:
    stage.carry_out(scale("threads", cap=6000))
    assert offer(stage, "threads")["autoscaleSettings"]["maxThroughput"] == 6000
    refused(
        stage,
        scale("threads", cap=6000),
        "has 6000 RU/s .* may have 6000 at most: raise the cap, or find out",
    )


def test_containers_with_enough_are_left_alone(stage: Stage) -> None:
    busy(stage)
    done = stage.carry_out(proved())
    assert done.outcome.summary == "runs has 2000 RU/s, it had 1000 (manual); it helped"
    assert offer(stage, "files") == {"throughput": 1000}
    stage.from_now()
    assert "enough already" in stage.carry_out(proved()).outcome.summary
    assert stage.writes == []


def test_load_that_is_too_much_even_so_is_told(stage: Stage) -> None:
    busy(stage, demand=5000)
    with pytest.raises(
        StepFailed, match=r"runs has 2000 RU/s.*did not help within 0:10:00: NormalizedRUConsumption of runs"
    ):
        stage.carry_out(proved("runs"))


def test_a_container_without_throughput_of_its_own_is_told(stage: Stage) -> None:
    from shared.errors import CheckFailed
    from shared.model.plan import Mode

    stage.lab.inside(lambda world: world.resources.delete(f"{container('runs')}/throughputSettings/default"))
    with pytest.raises(CheckFailed, match="has no throughput of its own"):
        stage.observe(scale("runs"), mode=Mode.REAL)
