"""`make crash`: the host dies at random instants, 200 times and more, and every recovery ends as if it had not."""

import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.e2e.azure import AzureThread
from tests.e2e.effects import effects
from tests.e2e.machine import MachineProcess

SPEED = 60.0
KILLS = int(os.environ.get("CRASH_KILLS", "200"))


def recovery(folder: Path, chance: random.Random | None) -> tuple[int, Counter[str]]:
    """One whole recovery of a region; how often the host was killed in it, and what was done to Azure."""
    kills = 0
    folder.mkdir()
    with AzureThread(folder / "azure.db", speed=SPEED) as azure:
        azure.take_region_away("japaneast")
        with MachineProcess(folder, speed=SPEED, azure=azure.url) as machine:
            run_id = machine.start_recovery(mode="real")
            machine.approve(run_id)
            deadline = time.monotonic() + 300
            while time.monotonic() < deadline:
                next_kill = time.monotonic() + (chance.uniform(0.02, 0.9) if chance else 1e9)
                status = ""
                while time.monotonic() < next_kill:
                    try:
                        record = machine.record(run_id)
                    except httpx.HTTPError:
                        break
                    status = record["status"]
                    over = status in {"succeeded", "failed", "aborted", "rejected", "waiting_for_operator"}
                    if over and (status == "waiting_for_operator" or machine.kept(run_id)):
                        assert status == "succeeded", [
                            (step["name"], step["status"], step["error"]) for step in record["steps"]
                        ]
                        served = azure.truth()["traffic"]["FAS"]["tenants"].values()
                        assert {tenant["served_by"] for tenant in served} == {"japanwest"}
                        return kills, effects(azure.ledger())
                    time.sleep(0.02)
                machine.end(signal.SIGKILL)
                kills += 1
                machine.start()
    raise TimeoutError((folder / "machine.log").read_text()[-3000:])


@pytest.mark.crash
@pytest.mark.timeout(5400)
def test_killed_at_random_instants(tmp_path: Path) -> None:
    _, undisturbed = recovery(tmp_path / "undisturbed", None)
    seed = int(os.environ.get("CRASH_SEED", str(time.time_ns() % 1_000_000)))
    chance = random.Random(seed)
    total, rounds = 0, 0
    while total < KILLS:
        rounds += 1
        kills, done = recovery(tmp_path / str(rounds), chance)
        total += kills
        sys.stderr.write(f"seed {seed}: recovery {rounds} ended well after {kills} kills, {total} in all\n")
        assert done == undisturbed, {"more": done - undisturbed, "less": undisturbed - done}
