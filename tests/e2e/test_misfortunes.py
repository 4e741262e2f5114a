"""What no plan can help says so, stops where an operator can decide, and goes on once it can."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.playing import OVER, Play, failures, playing

pytestmark = pytest.mark.side_by_side

BEYOND = "japanwest"


def inject(play: Play, kind: str, target: str, **details: Any) -> str:
    return play.azure.do(lambda: play.azure.world.faults.inject(kind, target, **details))["id"]


def end(play: Play, fault: str) -> None:
    play.azure.do(lambda: play.azure.world.faults.end(fault))


def stuck(play: Play, run_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The record of the run that waits for an operator, and why, step by step."""
    record = play.machine.wait_until(
        run_id, lambda record: record["status"] in {"waiting_for_operator", *OVER}, seconds=120
    )
    assert record["status"] == "waiting_for_operator", failures(record)
    waiting = [step for step in record["steps"] if step["status"] == "waiting_for_operator"]
    return record, {step["name"]: step["error"] for step in waiting}


def decide(play: Play, run_id: str, step: str, verb: str) -> None:
    """Returns once the record shows that the run has taken it: until then the step still reads as waiting."""

    def waits(record: dict[str, Any]) -> object:
        return next(
            (each["status"], each["attempts"], each["failures"])
            for each in record["steps"]
            if each["name"] == step
        )

    before = waits(play.machine.record(run_id))
    body = {"step": step, "decision": verb, "reason": "looked into"}
    answer = play.machine.call("POST", f"/api/runs/{run_id}/decisions", play.starter, json=body)
    assert answer.status_code == 202, answer.text
    play.machine.wait_until(run_id, lambda record: waits(record) != before, seconds=60)


def carried_on(play: Play, run_id: str) -> dict[str, Any]:
    """The record of a run whose operator retries whatever waits, until it is over."""
    while True:
        record = play.machine.wait_until(
            run_id, lambda record: record["status"] in {"waiting_for_operator", *OVER}, seconds=120
        )
        if record["status"] in OVER:
            return record
        for step in record["steps"]:
            if step["status"] == "waiting_for_operator":
                decide(play, run_id, step["name"], "retry")


def a_recovery_region_without_capacity(folder: Path) -> None:
    with playing(folder, "region_outage") as play:
        fault = inject(play, "no_capacity", BEYOND)
        resources = play.azure.truth()["resources"]
        run_id = play.start()
        record, why = stuck(play, run_id)
        assert set(why) == {"validate_dr_region"}
        assert f"{BEYOND} cannot take over" in why["validate_dr_region"], why
        assert {step["name"] for step in record["steps"] if step["changed"]} <= {"notify_tenants"}
        assert play.azure.truth()["resources"] == resources, (
            "nothing is touched before the target can take it"
        )
        end(play, fault)
        decide(play, run_id, "validate_dr_region", "retry")
        record = carried_on(play, run_id)
        assert record["status"] == "succeeded", failures(record)
        play.check_world(play.scenario.cured)


def a_second_outage_during_the_failover(folder: Path) -> None:
    with playing(folder, "region_outage") as play:
        run_id = play.start()
        play.machine.wait_until(
            run_id,
            lambda record: any(
                step["name"] == "deploy_container_apps" and step["status"] == "running"
                for step in record["steps"]
            ),
            seconds=60,
        )
        fault = inject(play, "region_outage", BEYOND)
        _, why = stuck(play, run_id)
        assert any(BEYOND in error or "the only one that is available" in error for error in why.values()), (
            why
        )
        end(play, fault)
        record = carried_on(play, run_id)
        assert record["status"] == "succeeded", failures(record)
        play.check_world(play.scenario.cured)


def a_backup_that_cannot_be_restored(folder: Path) -> None:
    with playing(folder, "data_corruption") as play:
        words = "The backup is damaged."
        inject(play, "lro_failed", "cosmos.restore", code="BadRequest", message=words, count=50)
        run_id = play.start()
        record, why = stuck(play, run_id)
        assert set(why) == {"restore_from_backup_agents_db"}, why
        assert words in why["restore_from_backup_agents_db"]
        resumed = next(step for step in record["steps"] if step["name"] == "resume_operations")
        assert resumed["status"] == "pending", "nobody writes to what is not restored"
        decide(play, run_id, "restore_from_backup_agents_db", "abort")
        record = play.machine.wait_until(run_id, lambda record: record["status"] in OVER, seconds=60)
        assert record["status"] == "aborted", failures(record)


CASES = [
    a_recovery_region_without_capacity,
    a_second_outage_during_the_failover,
    pytest.param(
        a_backup_that_cannot_be_restored, marks=[pytest.mark.crash]
    ),  # as long as the other two together
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_people_decide(case: Callable[[Path], None], tmp_path: Path) -> None:
    case(tmp_path)
