"""Alerts are closed when what they saw has ended, and not before."""

from typing import Any

import pytest

from shared.actions.security.resolve_security_alerts import SILENCE
from tests.shared.actions.changes_once import ChangesOnce, Scenario
from tests.shared.actions.security.breach import broken_into, carried_out_before, planned
from tests.shared.actions.stage import POLL, Stage

prepared = carried_out_before("resolve_security_alerts")


def resolve() -> Any:
    return planned("resolve_security_alerts")


def states(stage: Stage) -> set[str]:
    return {one["status"] for one in stage.truth["security"]["alerts"].values()}


def are_closed(stage: Stage) -> None:
    assert states(stage) == {"Resolved"}


class TestOnce(ChangesOnce):
    scenario = Scenario(step=resolve, prepare=prepared, reached=are_closed)


def test_while_somebody_is_in_they_stay_open(stage: Stage) -> None:
    broken_into(stage)
    with pytest.raises(AssertionError, match=r"goes on for ever.*Unusual volume of data"):
        stage.carry_out(resolve())
    assert "Active" in states(stage)


def test_where_no_revision_was_made_silence_is_waited_for(stage: Stage) -> None:
    fault = broken_into_by_a_key(stage)
    stage.lab.end(fault)
    done = stage.carry_out(resolve())
    assert len(done.summaries) > 3
    assert "waiting for silence: Unusual volume of data read" in done.summaries[0]
    are_closed(stage)


def test_silence_lasts_by_azures_clock_whatever_ours_says(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = broken_into_by_a_key(stage)
    stage.lab.end(fault)
    stopped = stage.now
    monkeypatch.setattr(Stage, "now", property(lambda _stage: stopped))
    done = stage.carry_out(resolve())
    assert len(done.summaries) == SILENCE.total_seconds() / POLL
    are_closed(stage)


def broken_into_by_a_key(stage: Stage) -> str:
    stage.lab.advance(30)
    fault = stage.lab.fault("leaked_credential", "srch-fas-japaneast", credential="search_key")
    stage.lab.advance(60)
    return fault


def test_alerts_of_others_are_not_ours_to_close(stage: Stage) -> None:
    broken_into_by_a_key(stage)
    step = resolve()
    elsewhere = step.model_copy(
        update={"params": {**step.params, "scopes": ["/subscriptions/x/resourceGroups/y"]}}
    )
    assert not stage.carry_out(elsewhere).outcome.changed
    assert states(stage) == {"Active"}
