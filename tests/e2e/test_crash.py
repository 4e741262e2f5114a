"""`make crash`: the host dies at random instants, 200 times and more a plan, and every run ends as if it had not."""

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.plans import PLANS
from tests.e2e.playing import OVER, Play, failures, playing, undisturbed

pytestmark = pytest.mark.side_by_side

SPEED = 60.0
SPEEDS = {"dr_drill": 20.0}
"""A drill has a window of two hours: with all its starts it must not last longer."""
LIFE = 0.7
"""Real seconds that a host lives in the mean; now and then one lives long enough for whatever takes long."""
KILLS = int(os.environ.get("CRASH_KILLS", "200"))


def killed_at_random(folder: Path, plan: str, chance: random.Random) -> int:
    """One whole run; how often the host was killed in it."""
    kills, life = 0, LIFE
    with playing(folder, plan, speed=SPEEDS.get(plan, SPEED)) as play:
        run_id = play.start()
        deadline = time.monotonic() + 400
        while time.monotonic() < deadline:
            record = until_over(play, run_id, chance.expovariate(1 / life))
            if record is not None:
                play.check_cured(record, undisturbed(plan))
                return kills
            play.machine.end(signal.SIGKILL)
            kills += 1
            began = time.monotonic()
            play.machine.start()
            # Where a start takes long, so does all that follows it.
            life = max(LIFE, time.monotonic() - began)
        raise TimeoutError(f"after {kills} kills: {failures(play.machine.record(run_id))}")


def until_over(play: Play, run_id: str, seconds: float) -> dict[str, Any] | None:
    """The record once the run has ended, or None when it has not within that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            record = play.machine.record(run_id)
            if record["status"] in OVER and play.machine.kept(run_id):
                return record
        except httpx.HTTPError:
            return None
        assert record["status"] != "waiting_for_operator", failures(record)
        time.sleep(0.02)
    return None


@pytest.mark.crash
@pytest.mark.timeout(5400)
@pytest.mark.parametrize("plan", PLANS)
def test_killed_at_random_instants(tmp_path: Path, plan: str) -> None:
    seed = int(os.environ.get("CRASH_SEED", str(time.time_ns() % 1_000_000)))
    chance = random.Random(seed)
    total, rounds = 0, 0
    while total < KILLS:
        rounds += 1
        kills = killed_at_random(tmp_path / str(rounds), plan, chance)
        total += kills
        sys.stderr.write(f"seed {seed}: {plan} {rounds} ended well after {kills} kills, {total} in all\n")
