"""Where nobody says since when, a recovery's clock begins with what Azure says, or until it does with the alert."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.azure import durations
from infra.local.drill.truth import read
from tests.e2e.machine import SAMPLE, MachineProcess
from tests.e2e.test_alert import KEY, alert, eventually, incident

SPEED = 10.0


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MachineProcess]:
    folder = tmp_path_factory.mktemp("outage")
    with MachineProcess(folder, speed=SPEED, estate=SAMPLE) as machine:
        yield machine


def start(machine: MachineProcess, plan: str = "region_outage", **more: Any) -> Any:
    body = {"mode": "real", "reason": "the region is out", **more}
    return machine.call("POST", f"/api/recovery/{plan}", "alice", json=body)


def rto(machine: MachineProcess) -> tuple[str, datetime]:
    """By whose word the clock of a run began that is started now, and when; the run is called off."""
    answer = start(machine)
    assert answer.status_code == 202, answer.text
    run = answer.json()["run_id"]
    record = machine.wait_until(run, lambda found: found["status"] == "waiting_for_approval", seconds=10)
    machine.call("POST", f"/api/runs/{run}/abort", "alice", json={"reason": "only to see its clock"})
    machine.wait_until_over(run, seconds=30)
    return record["rto"]["basis"], datetime.fromisoformat(record["rto"]["started_at"])


def truly(machine: MachineProcess) -> datetime:
    """When the tenants' requests began to fail, by the app's clock."""
    since = read(machine.world(), datetime.now(UTC)).failing_since(datetime.min.replace(tzinfo=UTC))
    assert since is not None
    return since


def test_the_best_word_that_there_is_begins_the_clock(machine: MachineProcess) -> None:
    refused = start(machine)
    assert refused.status_code == 400
    assert (
        "neither Service Health nor the health monitor nor an incident knows it" in refused.json()["detail"]
    )
    eventually(lambda: all(one["healthy"] for one in machine.world()["traffic"]["FAS"]["tenants"].values()))

    machine.take_region_away("japaneast")
    assert eventually(
        lambda: not any(tenant.well for tenant in read(machine.world(), datetime.now(UTC)).tenants)
    )
    fired = datetime.now(UTC)
    content = alert(rule="SystemAvailabilityDrop", number="o1", fired=fired.isoformat())
    opened = machine.call("POST", "/api/alerts", None, headers=KEY, json=content).json()["incident_id"]
    assert eventually(lambda: incident(machine, opened).get("plan") == "region_outage")
    assert rto(machine) == ("alert", fired)

    lag = durations.HEALTH_EVENT_LAG / SPEED
    basis, at = eventually(lambda: (found := rto(machine))[0] == "service_health" and found, seconds=lag + 30)
    assert basis == "service_health"
    assert abs(at - truly(machine)) <= timedelta(seconds=1)


def test_data_is_never_brought_back_to_a_moment_that_was_guessed(machine: MachineProcess) -> None:
    refused = start(machine, "data_corruption")
    assert refused.status_code == 400
    assert refused.json()["errors"] == [{"field": "outage_started_at", "problem": "missing"}]
