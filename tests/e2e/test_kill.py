"""The host is killed in every action of every plan, and the end is as if nothing had happened.

`make crash` kills at every write and at every boundary of every plan; the normal run at each third of the first plan.
"""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.effects import effect
from tests.e2e.plans import every_plan_or_a_third
from tests.e2e.playing import OVER, playing, undisturbed

pytestmark = pytest.mark.side_by_side


@every_plan_or_a_third
@pytest.mark.timeout(600)
def test_killed_after_every_write_before_its_answer(tmp_path: Path, plan: str, nth: int) -> None:
    """Every write takes effect, and the host dies before it hears of it."""
    expected = undisturbed(plan)
    with playing(tmp_path, plan) as play:
        seen: set[str] = set()
        kills = 0

        def kill(entry: dict[str, Any]) -> None:
            nonlocal kills
            if effect(entry) in seen:
                return
            seen.add(effect(entry))
            if len(seen) % nth == 0 and play.machine.process is not None:
                kills += 1
                os.kill(play.machine.process.pid, signal.SIGKILL)

        run_id = play.start()
        before = set(play.effects())
        play.azure.world.after_write = kill
        record = play.ended(run_id, seconds=480)
        play.azure.world.after_write = None
        play.check_cured(record, expected)
        assert seen >= set(expected) - before, "the hook sees too little"
        assert kills


@every_plan_or_a_third
@pytest.mark.timeout(600)
def test_killed_at_every_step_boundary(tmp_path: Path, plan: str, nth: int) -> None:
    """Whenever a step has begun or ended, the host dies."""
    expected = undisturbed(plan)
    with playing(tmp_path, plan) as play:
        run_id = play.start()
        seen: set[tuple[str, str]] = set()
        looks = 0
        deadline = time.monotonic() + 480
        while time.monotonic() < deadline:
            time.sleep(0.02)
            record = play.machine.record(run_id)
            steps = record["steps"]
            states = {(step["name"], step["status"]) for step in steps if step["status"] != "pending"}
            if record["status"] in OVER:
                break
            if states - seen:
                seen |= states
                looks += 1
                if looks % nth == 0:
                    play.machine.kill()
                    play.machine.start()
        play.check_cured(play.ended(run_id, seconds=30), expected)
        assert len(seen) >= len(steps), seen
