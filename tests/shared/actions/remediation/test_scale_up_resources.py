"""An app gets twice its replicas once, within the limits of the estate and of its environment."""

import pytest

from shared.actions.remediation.scale_up_resources import scale_up_resources
from shared.model.plan import Step
from shared.model.replicas import ReplicaRange
from tests.shared.actions.changes_once import BeginsOperations, Scenario, refused
from tests.shared.actions.remediation.scene import APP, HEALTH, ONCE, answers, hang
from tests.shared.actions.stage import Stage, StepFailed

LIMITS = ReplicaRange(least=2, most=10)


def scale_up() -> Step:
    return scale_up_resources.step(app_id=APP.resource_id, limits=LIMITS, proof=ONCE)


def blind(most: int = 10) -> Step:
    return scale_up_resources.step(app_id=APP.resource_id, limits=ReplicaRange(least=2, most=most))


def scale(stage: Stage) -> tuple[int, int]:
    found = stage.properties(APP.resource_id)["template"]["scale"]
    return found["minReplicas"], found["maxReplicas"]


def doubled(stage: Stage) -> None:
    assert scale(stage) == (6, 10)
    assert answers(stage)


class TestScalingUp(BeginsOperations):
    scenario = Scenario(step=scale_up, prepare=hang, reached=doubled, operation=APP.resource_id)


def test_the_limit_of_the_estate_holds(stage: Stage) -> None:
    stage.lab.advance(30)
    assert (
        stage.carry_out(blind(4)).outcome.summary == "ca-agent-service has 4 replicas now, it had 3 at least"
    )
    assert scale(stage)[0] == 4
    refused(stage, blind(4), r"has 4 replicas at least, which is the estate's limit \(4\): raise `replicas`")


def test_without_room_in_the_environment_nothing_is_tried(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.lab.fault("no_capacity", "japaneast")
    refused(stage, blind(), r"has 0 cores left, 3 more are needed: ask Azure for a higher quota")


def test_what_answers_already_is_left_alone(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.from_now()
    assert not stage.carry_out(scale_up()).outcome.changed
    assert stage.writes == []


def test_more_replicas_that_do_not_help_are_told(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.lab.fault("endpoint_down", HEALTH)
    with pytest.raises(
        StepFailed, match="has 6 replicas now, it had 3 at least; it did not help within 0:05:00"
    ):
        stage.carry_out(scale_up())
