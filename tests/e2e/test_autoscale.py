"""Load that lasts raises a container's throughput by the clock, and its end lowers it, an hour later."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.estate.load import load
from tests.e2e.machine import BY_THE_CLOCK, SAMPLE, MachineProcess
from tests.e2e.test_alert import alert, eventually, send
from tests.e2e.test_daily import tick

SPEED = 200
HOUR = 3600.0
LEAST_LEFT = 25.0
"""Seconds until the next five minutes: else the clock itself might come before the load has lasted."""


def estate(folder: Path) -> Path:
    """The sample estate, where canaries stand still."""
    text = SAMPLE.read_text(encoding="utf-8")
    canary = next(one for one in BY_THE_CLOCK if "canary" in one)
    assert canary in text
    path = folder / "estate.yaml"
    path.write_text(text.replace(canary, ""), encoding="utf-8")
    return path


def throughput(machine: MachineProcess) -> int:
    """What `files` really has."""
    found = machine.world()["resources"]
    (offer,) = [
        row for key, row in found.items() if key.lower().endswith("/files/throughputsettings/default")
    ]
    return int(offer["properties"]["resource"]["throughput"])


def scaled(machine: MachineProcess) -> dict[str, Any]:
    """The step of `files`, of a run that alice starts."""
    answer = machine.call("POST", "/api/maintenance/scale_cosmos", "alice", json={"reason": "load changes"})
    assert answer.status_code == 202, answer.text
    record = machine.wait_until_over(answer.json()["run_id"], seconds=60)
    assert record["status"] == "succeeded", record
    return files(record)


def started_by_the_clock(machine: MachineProcess) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while True:
        runs = machine.call("GET", "/api/runs?kind=maintenance&plan=scale_cosmos").json()["runs"]
        found = [run for run in runs if run["requested_by"] == "the schedule"]
        if found:
            (one,) = found
            return one
        assert time.monotonic() < deadline, runs
        time.sleep(0.1)


def answered_already(machine: MachineProcess) -> dict[str, Any]:
    """The run that an alert starts about the load which the autoscaler has seen too."""
    rule = "CosmosRuUsage"
    content = alert(rule=rule, target=load(SAMPLE).service("agents-db").resource_id)
    content["data"]["essentials"]["firedDateTime"] = f"{datetime.now(UTC).isoformat()[:26]}Z"
    content["data"]["alertContext"] = {
        "conditionType": "LogQueryCriteria",
        "condition": {"allOf": [{"dimensions": [{"name": "CollectionName", "value": "files"}]}]},
    }
    incident = send(machine, content)["incident_id"]
    run = eventually(lambda: machine.call("GET", f"/api/incidents/{incident}").json().get("run_ids"))[0]
    record = machine.wait_until_over(run, seconds=30)
    steps = {step["name"]: (step["status"], step["error"]) for step in record["steps"]}
    assert (
        "cool-down: autoscale_cosmos changed container:agents-db/files" in steps["scale_cosmos_throughput"][1]
    )
    assert steps["verify_throughput"][0] == "succeeded", steps
    return record


def files(record: dict[str, Any]) -> dict[str, Any]:
    return next(step for step in record["steps"] if step["name"] == "scale_agents_db_files")


def test_load_raises_and_its_end_lowers(tmp_path: Path) -> None:
    while (left := 300 - time.time() % 300) < LEAST_LEFT:
        time.sleep(left + 2)
    with MachineProcess(tmp_path, speed=SPEED, estate=estate(tmp_path)) as machine:
        ordinary = scaled(machine)
        assert not ordinary["changed"]
        assert "files keeps 1000 RU/s: it uses" in ordinary["summary"]

        machine.fault(kind="high_load", target="files", load=96)
        time.sleep(6 * 60 / SPEED)
        before_it_rose = time.monotonic()
        tick(machine)
        by_clock = started_by_the_clock(machine)
        record = machine.wait_until_over(by_clock["run_id"], seconds=30)
        assert files(record)["changed"], record
        assert (
            "files has 2000 RU/s, it had 1000 (manual): over 80 % for 3 minutes" in files(record)["summary"]
        )
        assert throughput(machine) == 2000
        assert answered_already(machine)["status"] == "succeeded"
        assert throughput(machine) == 2000, "one load is answered once"
        listed = machine.call("GET", "/api/runs?kind=maintenance").json()["runs"]
        assert by_clock["run_id"] in {run["run_id"] for run in listed}
        assert any(by_clock["run_id"] in name for name in machine.world()["blobs"])

        said: list[str] = []
        while not (lowered := scaled(machine))["changed"]:
            said.append(lowered["summary"])
            assert throughput(machine) == 2000
            assert time.monotonic() - before_it_rose < 120, said
            time.sleep(2)
        assert (time.monotonic() - before_it_rose) * SPEED > HOUR
        assert "files has 1000 RU/s, it had 2000 (manual): under 20 % for an hour" in lowered["summary"]
        assert any("quiet since" in one for one in said), said
        assert throughput(machine) == 1000
