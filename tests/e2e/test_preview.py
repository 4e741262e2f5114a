"""A preview names every write that the run then sends, and sends none."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.e2e.outage import outage
from tests.shared.plans.previewing import check_the_same


def body_for(mode: str = "real") -> dict[str, Any]:
    body: dict[str, Any] = {"mode": mode, "reason": "test of the preview"}
    return body | ({"outage_started_at": datetime.now(UTC).isoformat()} if mode == "real" else {})


def test_a_preview_of_region_outage_is_what_the_run_then_sends(tmp_path: Path):
    # This one warms up, as every app does outside the tests, beside all that follows.
    with outage(tmp_path, warm=True) as (azure, machine):
        answer = machine.call("POST", "/api/recovery/region_outage/preview", "alice", json=body_for())
        assert answer.status_code == 200, answer.text
        assert azure.ledger() == []
        run = machine.start_recovery(mode="real")
        machine.approve(run)
        record = machine.wait_until_over(run, seconds=120)
        assert record["status"] == "succeeded"
        assert len(check_the_same(answer.json()["steps"], azure.ledger())) >= 13
        machine.wait_until_warm()
        assert "warming up, " not in (tmp_path / "machine.log").read_text()


def test_a_preview_says_what_would_stop_the_run_and_is_quick(tmp_path: Path):
    with outage(tmp_path) as (azure, machine):
        azure.do(lambda: azure.world.faults.inject("region_outage", "japanwest"))
        machine.call("POST", "/api/recovery/region_outage/preview", "alice", json=body_for())  # imports
        began = time.monotonic()
        answer = machine.call("POST", "/api/recovery/region_outage/preview", "alice", json=body_for()).json()
        # Generous: the machines are noisy. What matters is that nothing is waited for.
        assert time.monotonic() - began < 10
        assert any(
            "validate_dr_region" in problem and "japanwest" in problem for problem in answer["problems"]
        )
        assert azure.ledger() == []


def test_who_may_preview_and_what(tmp_path: Path):
    with outage(tmp_path) as (_, machine):
        path = "/api/recovery/region_outage/preview"
        assert machine.call("POST", path, "dave", json=body_for()).status_code == 403
        assert machine.call("POST", path, None, json=body_for()).status_code == 401
        assert machine.call("POST", path, "alice", json={"reason": "real or not?"}).status_code == 400
        assert (
            machine.call("POST", "/api/recovery/nothing/preview", "alice", json=body_for()).status_code == 404
        )
        assert (
            machine.call("POST", "/api/recovery/daily/preview", "alice", json=body_for()).status_code == 404
        )
        daily = machine.call("POST", "/api/maintenance/daily/preview", "alice", json={"reason": "what is it"})
        assert daily.status_code == 200
        assert [step["name"] for step in daily.json()["steps"]]
        assert machine.call("GET", "/api/runs").json()["runs"] == []
