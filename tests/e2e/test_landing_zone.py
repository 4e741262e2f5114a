"""The landing zone's region is lost: declared by the incident commander, its standby serves; else nothing is touched."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.local.drill.landing_zone import problems_after_activation, take_region_away
from tests.e2e.azure import AzureThread
from tests.e2e.machine import MachineProcess
from tests.shared.plans.previewing import by_steps, check_the_same, sent

SPEED = 120.0
PLAN = "/api/recovery/landing_zone_activation"
SEEN_BY_AZURE = 200.0
"""Simulated seconds until Service Health has declared the outage."""


@contextmanager
def lost_region(folder: Path) -> Generator[tuple[AzureThread, MachineProcess]]:
    """Eastus2 is away, Azure has said so, and the app has just been started."""
    with AzureThread(folder / "azure.db", speed=SPEED) as azure:
        azure.do(lambda: take_region_away(azure.world.faults.inject))
        with MachineProcess(folder, speed=SPEED, azure=azure.url) as machine:
            time.sleep(SEEN_BY_AZURE / SPEED)
            yield azure, machine


def wanted(**parameters: str) -> dict[str, Any]:
    began = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    return {
        "mode": "real",
        "reason": "East US 2 is lost",
        "outage_started_at": began,
        "parameters": parameters,
    }


def started(machine: MachineProcess, who: str, **parameters: str) -> str:
    answer = machine.call("POST", PLAN, who, json=wanted(**parameters))
    assert answer.status_code == 202, answer.text
    return answer.json()["run_id"]


def test_declared_by_the_commander_the_standby_serves_as_previewed(tmp_path: Path) -> None:
    with lost_region(tmp_path) as (azure, machine):
        assert problems_after_activation(azure.truth())
        body = wanted(trigger="data_center_failure")
        preview = machine.call("POST", f"{PLAN}/preview", "alice", json=body)
        assert preview.status_code == 200, preview.text
        # What tenants see afterwards cannot be seen before.
        assert [one for one in preview.json()["problems"] if not one.startswith("validate_services: ")] == []
        assert azure.ledger() == []
        run = started(machine, "alice", trigger="data_center_failure")
        machine.approve(run, "bob", "erin")
        record = machine.wait_until_over(run, seconds=120)
        assert record["status"] == "succeeded", record
        assert {step["status"] for step in record["steps"]} == {"succeeded"}
        summaries = {step["name"]: step["summary"] for step in record["steps"]}
        assert "Erin (incident-commander) has declared" in summaries["declare_disaster"]
        assert "Azure has declared" in summaries["check_dr_trigger"]
        time.sleep(90 / SPEED)
        assert problems_after_activation(azure.truth()) == []
        check_the_same(preview.json()["steps"], azure.ledger())
        assert record["rto"]["met"]


def test_without_the_commander_nothing_is_touched(tmp_path: Path) -> None:
    with lost_region(tmp_path) as (azure, machine):
        run = started(machine, "alice", trigger="data_center_failure")
        machine.approve(run, "bob", "carol")
        time.sleep(3)
        record = machine.record(run)
        assert record["status"] == "waiting_for_approval", record
        assert "nobody of them is incident-commander" in record["log"][-1]["what"]
        assert by_steps(sent(azure.ledger())) == []
        machine.call(
            "POST", f"/api/runs/{run}/abort", "alice", json={"reason": "not declared", "undo": False}
        )
        assert machine.wait_until_over(run, seconds=30)["status"] == "rejected"
        assert problems_after_activation(azure.truth())


def test_what_makes_no_sense_is_a_400_that_names_the_parameter(tmp_path: Path) -> None:
    with MachineProcess(tmp_path) as machine:
        for plan, parameters, field, said in (
            ("landing_zone_activation", {}, "parameters.trigger", "say which condition holds"),
            ("landing_zone_activation", {"trigger": "boredom"}, "parameters.trigger", "region_unavailable"),
            (
                "landing_zone_activation",
                {"trigger": "data_center_failure", "region": "japaneast"},
                "parameters.region",
                "'japaneast' holds no landing zone; there is one in eastus2",
            ),
            ("region_outage", {"region": "eastus2"}, "parameters.region", "start landing_zone_activation"),
        ):
            answer = machine.call("POST", f"/api/recovery/{plan}", "alice", json=wanted(**parameters))
            assert answer.status_code == 400, answer.text
            assert answer.json()["errors"][0]["field"] == field
            assert said in answer.json()["detail"]
        shown = machine.call("GET", "/api/plans/landing_zone_activation").json()
        assert shown["steps"][0]["name"] == "declare_disaster"
