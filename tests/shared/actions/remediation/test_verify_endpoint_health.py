"""Health is so many good answers in a row, within a time."""

from datetime import timedelta

import pytest

from shared.actions.proof import Healthy, Proof
from shared.actions.remediation.verify_endpoint_health import verify_endpoint_health
from tests.shared.actions.remediation.scene import HEALTH
from tests.shared.actions.stage import Stage, StepFailed

PROOF = Proof(conditions=(Healthy(url=HEALTH),), in_a_row=3, within=timedelta(minutes=2))


def test_it_takes_as_many_good_answers_in_a_row_as_are_asked_for(stage: Stage) -> None:
    stage.lab.advance(30)
    done = stage.carry_out(verify_endpoint_health.step(proof=PROOF))
    assert len(done.summaries) == 2
    assert done.outcome.summary == f"probed {HEALTH}; it helped"
    assert not done.outcome.changed


def test_a_bad_answer_begins_the_count_anew(stage: Stage) -> None:
    stage.lab.advance(30)
    fault = stage.lab.fault("endpoint_down", HEALTH)
    advance, seen = stage.lab.advance, []

    def heals(seconds: float) -> None:
        seen.append(seconds)
        if len(seen) == 2:
            stage.lab.end(fault)
        advance(seconds)

    stage.lab.advance = heals
    done = stage.carry_out(verify_endpoint_health.step(proof=PROOF))
    assert seen == [15.0] * 4
    assert "answers nothing" in done.summaries[0]


def test_what_does_not_come_back_in_time_is_told(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.lab.fault("endpoint_down", HEALTH)
    with pytest.raises(StepFailed, match="did not help within 0:02:00: https://api"):
        stage.carry_out(verify_endpoint_health.step(proof=PROOF))
