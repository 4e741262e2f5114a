"""A cache is emptied once; the activity log says that it was."""

from shared.actions.remediation.clear_cache import clear_cache
from shared.model.plan import Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, refused
from tests.shared.actions.remediation.scene import APP, ONCE
from tests.shared.actions.stage import Stage

(CACHE,) = APP.caches
NAME = CACHE.rsplit("/", 1)[-1]


def clear() -> Step:
    return clear_cache.step(caches=APP.caches)


def cache(stage: Stage) -> dict:
    return stage.truth["redis"][NAME]


def emptied(stage: Stage) -> None:
    assert len(cache(stage)["flushes"]) == 1


class TestAFlush(BeginsOperations):
    scenario = Scenario(step=clear, reached=emptied, operation=CACHE)


def test_what_is_empty_fills_again_and_the_stores_behind_it_pay(stage: Stage) -> None:
    assert cache(stage) == {"hit_rate": 0.94, "stampede": 1.0, "flushes": []}
    stage.carry_out(clear())
    assert cache(stage)["hit_rate"] < 0.2
    assert cache(stage)["stampede"] > 10
    stage.lab.advance(300)
    assert cache(stage)["hit_rate"] == 0.94


def test_one_that_was_flushed_before_is_flushed_all_the_same(stage: Stage) -> None:
    stage.carry_out(clear())
    stage.lab.advance(600)
    stage.carry_out(clear())
    assert len(cache(stage)["flushes"]) == 2


def test_what_answers_already_is_left_alone(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.from_now()
    assert not stage.carry_out(clear_cache.step(caches=APP.caches, proof=ONCE)).outcome.changed
    assert stage.writes == []


def test_a_cache_that_is_gone_is_told(stage: Stage) -> None:
    stage.lab.inside(lambda world: world.resources.delete(CACHE))
    refused(stage, clear(), "does not exist: correct `caches` of the service in the estate")
