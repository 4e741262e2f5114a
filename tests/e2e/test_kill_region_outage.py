"""The host is killed in every action of a real recovery, and the end is as if nothing had happened."""

import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.azure import AzureThread
from tests.e2e.effects import effects
from tests.e2e.machine import MachineProcess
from tests.e2e.outage import check_recovered, outage

OVER = {"succeeded", "failed", "aborted", "rejected"}


def recovered(machine: MachineProcess, azure: AzureThread, run_id: str, *, seconds: float) -> dict[str, Any]:
    """Wait for the end, starting the host again whenever it is down."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if machine.process is not None and machine.process.poll() is not None:
            machine.process = None
            machine.start()
        try:
            record = machine.record(run_id)
            if record["status"] in OVER and machine.kept(run_id):
                return record
        except httpx.HTTPError:
            time.sleep(0.05)
            continue
        time.sleep(0.1)
    raise TimeoutError((machine.folder / "machine.log").read_text()[-3000:])


@pytest.mark.timeout(300)
def test_killed_after_every_write_before_its_answer(tmp_path: Path, undisturbed: Counter[str]) -> None:
    """Every write takes effect, and the host dies before it hears of it."""
    with outage(tmp_path) as (azure, machine):
        seen: set[str] = set()
        kills = 0

        def kill(entry: dict[str, Any]) -> None:
            nonlocal kills
            effect = next(iter(effects([{**entry, "applied": True}])))
            if effect in seen or machine.process is None:
                return
            seen.add(effect)
            kills += 1
            os.kill(machine.process.pid, signal.SIGKILL)

        run_id = machine.start_recovery(mode="real")
        machine.approve(run_id)
        azure.world.after_write = kill
        record = recovered(machine, azure, run_id, seconds=240)
        azure.world.after_write = None
        check_recovered(record, azure, undisturbed)
        assert kills >= 12, f"only {kills} kills: the hook sees too little"


@pytest.mark.timeout(300)
def test_killed_at_every_step_boundary(tmp_path: Path, undisturbed: Counter[str]) -> None:
    """Whenever a step has begun or ended, the host dies."""
    with outage(tmp_path) as (azure, machine):
        run_id = machine.start_recovery(mode="real")
        machine.approve(run_id)
        seen: set[tuple[str, str]] = set()
        over = False
        deadline = time.monotonic() + 240
        record: dict[str, Any] = {}
        while not over and time.monotonic() < deadline:
            time.sleep(0.02)
            record = machine.record(run_id)
            states = {
                (step["name"], step["status"]) for step in record["steps"] if step["status"] != "pending"
            }
            if record["status"] in OVER:
                machine.wait_until_kept(run_id)
                over = True
            elif states - seen:
                seen |= states
                machine.kill()
                machine.start()
        check_recovered(record, azure, undisturbed)
        assert len(seen) >= 12, seen
