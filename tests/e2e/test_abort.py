"""An operator aborts a run at some step: nothing more happens, what is asked back goes back, and it can start again."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from infra.local.drill.scenario import scenario_of
from shared.model.plan import Mode
from tests.e2e.plans import PLANS, proof
from tests.e2e.playing import Play, failures, playing, undisturbed

pytestmark = pytest.mark.side_by_side

MOVES = [plan for plan in PLANS if Mode.DRILL in scenario_of(plan).modes]
"""Plans that can be carried out in a world that is whole, where everything can go back."""
RUN_SCOPED = ("*", "/emails:send")
"""What a second run may do again: things that bear its own id, and mails."""
REOPENS = {"lift_isolation", "resume_operations"}
"""Steps that take back what earlier ones did: whoever starts again after one of them has it all done once more."""


def changes(play: Play) -> list[str]:
    """The critical steps that change something, in the plan's order."""
    plan = play.machine.call("GET", f"/api/plans/{play.scenario.plan}").json()
    return [step["name"] for step in plan["steps"] if step["critical"] and step["changes"]]


def aborted(play: Play, step: str, *, undo: bool) -> dict[str, Any]:
    """The record of a run that its operator aborts as soon as that step has begun."""
    run_id = play.start()

    def begun(record: dict[str, Any]) -> bool:
        return any(one["name"] == step and one["status"] != "pending" for one in record["steps"])

    play.machine.wait_until(run_id, begun, seconds=120)
    body = {"reason": f"proof of an abort at {step}", "undo": undo}
    answer = play.machine.call("POST", f"/api/runs/{run_id}/abort", play.starter, json=body)
    assert answer.status_code == 202, answer.text
    record = play.ended(run_id, seconds=120)
    assert record["status"] == "aborted", failures(record)
    check_stopped(record, step)
    return record


def check_stopped(record: dict[str, Any], step: str) -> None:
    """Nothing has begun since the abort was taken, and nothing is left half way.

    That step may have been over by then, and what waited for it may have begun.
    """
    (said,) = (entry["at"] for entry in record["log"] if entry["what"].startswith("abort: "))
    taken = datetime.fromisoformat(said)
    for one in record["steps"]:
        began = one["started_at"] and datetime.fromisoformat(one["started_at"]) <= taken
        if began or one["name"].startswith("undo_"):
            continue
        assert one["name"] != step, "it was aborted before that step had begun"
        assert one["status"] == "skipped", one
        assert one["attempts"] == 0, one
    assert {one["status"] for one in record["steps"]} <= {"succeeded", "skipped", "undone"}, failures(record)


def check_taken_back(folder: Path, plan: str, step: str | None) -> list[str]:
    """In a world that is whole: abort with undo; returns the steps that one could abort at."""
    with playing(folder, plan, mode=Mode.DRILL) as play:
        steps = changes(play)
        before = play.scene.look()
        record = aborted(play, step or steps[-1], undo=True)
        undone = {
            one["name"].removeprefix("undo_") for one in record["steps"] if one["name"].startswith("undo_")
        }
        assert {one["name"] for one in record["steps"] if one["status"] == "undone"} == undone
        play.check_world(lambda scene, truth: play.scenario.taken_back(scene, before, truth))
        return steps


def check_started_again(folder: Path, plan: str, step: str | None) -> list[str]:
    """In the real thing: abort without undo, then start again; nothing but what belongs to a run happens twice."""
    expected = undisturbed(plan)
    with playing(folder, plan) as play:
        steps = changes(play)
        aborted(play, step or steps[len(steps) // 2], undo=False)
        if play.scene.mode is Mode.DRILL:
            # A drill that is aborted always goes back, so that the next one does everything, as the first time.
            play.before = len(play.azure.ledger())
        assert play.effects() <= expected, play.effects() - expected
        record = play.ended(play.start(), seconds=150)
        assert record["status"] == "succeeded", failures(record)
        more = play.effects() - expected
        allowed = (*RUN_SCOPED, *play.scenario.renewed)
        again = [one.replace("/subscriptions/*/", "/") for one in more]
        twice = [one for one in again if not any(own in one for own in allowed)]
        assert (more <= expected) if step in REOPENS else not twice, twice
        play.check_world(play.scenario.cured)
        return steps


@pytest.mark.parametrize("plan", [proof(plan, when=plan != "dr_drill") for plan in MOVES])
def test_what_an_aborted_drill_did_goes_back(tmp_path: Path, plan: str) -> None:
    check_taken_back(tmp_path, plan, None)


@pytest.mark.parametrize("plan", [proof(plan) for plan in PLANS])
def test_an_aborted_run_can_be_started_again(tmp_path: Path, plan: str) -> None:
    check_started_again(tmp_path, plan, None)


@pytest.mark.crash
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("plan", PLANS)
def test_aborted_at_every_step(tmp_path: Path, plan: str) -> None:
    """At one, which says what others there are, and then at each of those."""
    if plan in MOVES:
        for step in check_taken_back(tmp_path / "undo", plan, None)[:-1]:
            check_taken_back(tmp_path / f"undo {step}", plan, step)
    for step in check_started_again(tmp_path / "again", plan, None):
        check_started_again(tmp_path / f"again {step}", plan, step)
