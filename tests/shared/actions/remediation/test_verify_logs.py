"""What must stay away is watched for a time after it was last seen."""

from datetime import timedelta

import pytest

from shared.actions.proof import Proof, RowsBelow
from shared.actions.remediation.verify_logs import verify_logs
from shared.model.plan import Step
from tests.shared.actions.stage import Stage, StepFailed

VIOLATIONS = RowsBelow(
    question="boundary_violations", column="violations", below=1, named="tenant", empty_is_well=True
)


def verify(**proof: object) -> Step:
    given = {"conditions": (VIOLATIONS,), "every": timedelta(minutes=1), **proof}
    return verify_logs.step(what="no tenant reaches for another's data", proof=Proof.model_validate(given))


def test_quiet_must_last_as_long_as_is_watched(stage: Stage) -> None:
    stage.lab.advance(60)
    done = stage.carry_out(verify(watch=timedelta(minutes=4), within=timedelta(minutes=10)))
    assert len(done.summaries) == 4
    assert done.outcome.summary == "no tenant reaches for another's data; it helped"


def test_what_goes_on_is_told(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.lab.fault("boundary_violation", "fabrikam")
    stage.lab.advance(60)
    with pytest.raises(StepFailed, match="did not help within 0:05:00: violations of fabrikam is"):
        stage.carry_out(verify(watch=timedelta(minutes=2), within=timedelta(minutes=5)))
