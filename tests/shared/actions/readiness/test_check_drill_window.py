"""Approvals that come late do not push a drill out of its window."""

from datetime import timedelta

from shared.actions.readiness.check_drill_window import check_drill_window
from shared.model.estate import DrillDate, Drills
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import refused
from tests.shared.actions.stage import Stage


def check(stage: Stage, *, approved: bool = True) -> Step:
    """A window of two hours that opened an hour ago, less five minutes."""
    began = stage.now - timedelta(minutes=55)
    day = DrillDate(date=began.date(), change="CHG-00001", approved_by="CAB" if approved else None)
    start = began.time().replace(second=0, microsecond=0)
    return check_drill_window.step(drills=Drills(time_zone="Etc/UTC", start=start, dates=(day,)))


def test_within_its_window_it_says_under_which_change(stage: Stage) -> None:
    done = stage.carry_out(check(stage), mode=Mode.DRILL)
    assert "CHG-00001, approved by CAB; " in done.outcome.summary
    assert done.outcome.evidence["change"] == "CHG-00001"


def test_with_too_little_left_it_does_not_begin(stage: Stage) -> None:
    step = check(stage)
    stage.lab.advance(600)
    refused(
        stage,
        step,
        r"closes in 5\d min, and a drill takes 60: the estate has no further date",
        mode=Mode.DRILL,
    )


def test_without_the_board_s_approval_there_is_no_window(stage: Stage) -> None:
    refused(stage, check(stage, approved=False), "no drill window is open", mode=Mode.DRILL)
