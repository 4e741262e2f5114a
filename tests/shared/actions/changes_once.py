"""What holds for every action that changes something, whatever fails on the way: the same end, each effect once."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from shared.actions.action import ATTEMPTS
from shared.model.plan import Mode, Step
from shared.model.run import RunRecord
from tests.shared.actions.stage import Stage, StepFailed, contoso, open_stage

FAULTS: dict[str, dict[str, Any]] = {
    "ack_lost": {},
    "throttle": {"retry_after": 7},
    "error": {"status": 500},
}


def nothing(_stage: Stage) -> None:
    """The world is as it is."""


@dataclass(frozen=True)
class Scenario:
    """A step, the world that it meets, and the world that it must leave."""

    step: Callable[[], Step]
    reached: Callable[[Stage], None]
    prepare: Callable[[Stage], None] = nothing
    mode: Mode = Mode.REAL
    record: Callable[[], RunRecord] | None = None
    # Part of the id of the resource whose long-running operation this step begins, if it begins one.
    operation: str = ""
    # Whether one address gets several writes, which then differ in their bodies.
    same_address: bool = False
    # Whether one call goes on to the next write when one has failed, so that it tells of several at once.
    goes_on: bool = False

    def run(self, stage: Stage, **options: Any) -> Any:
        record = self.record() if self.record else None
        return stage.carry_out(self.step(), mode=self.mode, record=record, **options)


_EFFECTS: dict[Scenario, Counter[tuple[str, str]]] = {}


def undisturbed(scenario: Scenario) -> Counter[tuple[str, str]]:
    """The effects of the step when nothing fails, each of them once; kept for all tests of the scenario."""
    if scenario not in _EFFECTS:
        with open_stage() as stage:
            scenario.prepare(stage)
            stage.from_now()
            scenario.run(stage)
            _EFFECTS[scenario] = stage.effects
    return _EFFECTS[scenario]


class ChangesOnce:
    """Subclass it in an action's test file and give the scenario."""

    scenario: ClassVar[Scenario]

    def test_does_what_it_says_and_no_more_when_run_again(self, stage: Stage) -> None:
        self.scenario.prepare(stage)
        stage.from_now()
        # What a two-phase step observed stays in history: again is the same step, not another one.
        before = stage.observe(self.scenario.step(), mode=self.scenario.mode)
        done = self.scenario.run(stage, before=before)
        assert done.outcome.changed
        assert done.errors == []
        self.scenario.reached(stage)
        assert self.scenario.same_address or set(stage.effects.values()) == {1}
        assert len(stage.writes) == stage.effects.total(), "a write that changed nothing was sent"
        assert len(stage.writes) == len({json.dumps(one, sort_keys=True) for one in map(_said, stage.writes)})
        _EFFECTS[self.scenario] = stage.effects
        stage.from_now()
        again = self.scenario.run(stage, before=before)
        assert stage.writes == []
        assert again.summaries == []
        assert self.scenario.record is not None or not again.outcome.changed
        self.scenario.reached(stage)

    @pytest.mark.parametrize("fault", FAULTS)
    def test_every_write_that_goes_wrong_once(self, stage: Stage, fault: str) -> None:
        self.scenario.prepare(stage)
        stage.from_now()
        expected = undisturbed(self.scenario)
        assert expected
        for (method, place), count in expected.items():
            stage.lab.fault(fault, place, count=count, match={"method": method}, **FAULTS[fault])
        # As many failures in a row as there are writes are more than a step's own retries bear.
        done = self.scenario.run(stage, attempts=expected.total() + 1)
        assert not [one for one in stage.truth["faults"] if one["kind"] == fault], "a fault struck nothing"
        assert done.errors
        assert self.scenario.goes_on or len(done.errors) == expected.total()
        self.scenario.reached(stage)
        assert stage.effects == expected

    @pytest.mark.parametrize("lives", [0, 1])
    def test_killed_before_every_other_answer_was_kept(self, stage: Stage, lives: int) -> None:
        self.scenario.prepare(stage)
        stage.from_now()
        self.scenario.run(stage, forget=lambda number: number % 2 != lives)
        self.scenario.reached(stage)
        assert stage.effects == undisturbed(self.scenario)


class BeginsOperations(ChangesOnce):
    """For actions that begin long-running operations of Azure; the scenario names the resource."""

    def test_an_operation_that_fails_is_begun_again_until_people_are_asked(self, stage: Stage) -> None:
        self.scenario.prepare(stage)
        told = {"code": "Conflict", "message": "the backend was busy"}
        stage.lab.fault("lro_failed", self.scenario.operation, count=ATTEMPTS, **told)
        stage.from_now()
        with pytest.raises(StepFailed, match=r"failed 3 times.*the backend was busy"):
            self.scenario.run(stage)
        assert len(stage.writes) == ATTEMPTS
        assert self.scenario.run(stage).outcome.changed, "the operator said: retry"
        self.scenario.reached(stage)


def _said(write: dict[str, Any]) -> list[Any]:
    """What a write said to whom; a write of ours says the same to the same only once."""
    return [write["method"], write["host"], write["path"], write["body"]]


def refused(stage: Stage, step: Step, said: str, *, mode: Mode = Mode.REAL) -> None:
    """The step fails with that message (a regular expression), and nothing was written."""
    stage.from_now()
    with pytest.raises(StepFailed, match=said):
        stage.carry_out(step, mode=mode)
    assert [entry for entry in stage.writes if entry["applied"]] == []


__all__ = ["BeginsOperations", "ChangesOnce", "Scenario", "contoso", "refused"]
