"""How long a proof waits and how far it looks back where the world goes faster than the app's own clock."""

from datetime import timedelta

import pytest

from shared.actions.action import Call
from shared.actions.proof import Healthy, Proof, RowsBelow, proven, well_already
from shared.errors import CheckFailed
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode
from tests.shared.actions.remediation.scene import APP, HEALTH
from tests.shared.actions.stage import Stage

ERRORS = RowsBelow(question="error_rate", column="error_rate", below=5, named="tenant", empty_is_well=True)
LOGGED = Proof(conditions=(ERRORS,))
ANSWERS = Proof(conditions=(Healthy(url=HEALTH),))


def call(stage: Stage, pace: float, **progress: object) -> Call:
    """As a step is called now; a second of the app is `1 / pace` of them in the world."""
    return Call(stage.estate, stage.azure, "run", "prove", Mode.REAL, stage.now, progress=progress, pace=pace)


def test_what_was_logged_since_is_asked_for_in_the_worlds_own_time(stage: Stage) -> None:
    stage.lab.advance(120)
    fault = stage.lab.fault("endpoint_down", APP.resource_id, cured_by="nothing")
    stage.lab.advance(60)
    stage.lab.end(fault)
    stage.lab.advance(60)
    since = stage.now - timedelta(seconds=30)
    assert LOGGED.broken(call(stage, 1), since) == ""
    assert "error_rate of contoso" in LOGGED.broken(call(stage, 0.25), since), "two minutes of the world"


@pytest.mark.parametrize("pace", [1.0, 0.5])
def test_it_waits_and_gives_up_at_the_apps_pace(stage: Stage, pace: float) -> None:
    stage.lab.advance(30)
    found = well_already(ANSWERS, call(stage, pace))
    assert isinstance(found, Pending)
    assert found.retry_after == 15 * pace
    stage.lab.fault("endpoint_down", HEALTH)
    outcome = Outcome(summary="it was restarted")
    late = stage.now.timestamp() - 300 * pace
    waiting = proven(ANSWERS, call(stage, pace, proving_since=late + 1), outcome)
    assert isinstance(waiting, Pending)
    assert waiting.retry_after == 15 * pace
    with pytest.raises(CheckFailed, match="did not help within 0:05:00"):
        proven(ANSWERS, call(stage, pace, proving_since=late), outcome)
