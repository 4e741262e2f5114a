"""What is measured agrees with what the simulated Azure really lost, to within one write."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.actions.canary.measure_rpo import measure_rpo
from shared.actions.canary.write_canary import write_canary
from shared.actions.cosmos.failover_cosmos_db import failover_cosmos_db
from shared.actions.storage.failover_storage import failover_storage
from shared.model.estate import CosmosDb, Storage
from shared.model.outcome import Outcome
from shared.model.plan import Mode
from shared.model.run import Objective, RunRecord, RunStatus
from shared.model.severity import Severity
from tests.shared.actions.changes_once import contoso, refused
from tests.shared.actions.stage import Stage

DOCUMENTS, FILES = contoso().of_kind(CosmosDb)[0], contoso().of_kind(Storage)[0]


class Course:
    """Canaries at a pace, then an outage, then the failovers."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.writes = 0
        self.outage_at = stage.now

    def canaries(self, count: int, pace: float, *stores: Any) -> None:
        for _ in range(count):
            self.writes += 1
            for store in stores or (DOCUMENTS, FILES):
                self.stage.carry_out(
                    write_canary.step(service=store), run_id=f"maintenance-canary-{self.writes}"
                )
            self.stage.lab.advance(pace)

    def break_down(self) -> None:
        self.outage_at = self.stage.now
        self.stage.outage()
        self.stage.lab.advance(90)
        self.began = self.stage.now

    def recover(self) -> None:
        self.stage.carry_out(failover_storage.step(service=FILES, outage_started_at=self.outage_at))
        self.stage.carry_out(failover_cosmos_db.step(service=DOCUMENTS))

    def measure(self, *services: Any, outage: bool = True) -> Outcome:
        record = RunRecord(
            run_id="recovery-region_outage-1", plan="region_outage", kind="recovery", mode=Mode.REAL,
            status=RunStatus.RUNNING, requested_by="alice", reason="r", started_at=self.began,
            rto=Objective(basis="operator", started_at=self.outage_at),
        )  # fmt: skip
        step = measure_rpo.step(
            services=services or (DOCUMENTS, FILES),
            outage_started_at=self.outage_at if outage else None,
            critical=False,
        )
        return self.stage.carry_out(step, record=record).outcome


def measured(outcome: Outcome) -> dict[str, float | None]:
    return {found.service: found.measured_seconds for found in outcome.rpo}


def truly_lost(stage: Stage, outage_at: datetime) -> dict[str, float]:
    """From the last moment that reached the other region until the outage, by the simulator's own word."""

    def synced(world: Any) -> dict[str, float]:
        replica = world.table("cosmos").peek("cosmos-fas-prod")["replicas"]["japanwest"]["at"]
        return {DOCUMENTS.name: replica, FILES.name: world.table("storage").peek("stfasprod")["synced"]}

    reached = stage.lab.inside(synced)
    return {
        name: (outage_at - datetime.fromtimestamp(at, UTC)).total_seconds() for name, at in reached.items()
    }


@pytest.mark.parametrize("pace", [5.0, 60.0, 300.0])
def test_it_is_right_to_within_one_write(stage: Stage, pace: float) -> None:
    course = Course(stage)
    course.canaries(int(600 / pace) + 1, pace)
    course.break_down()
    truth = truly_lost(stage, course.outage_at)
    course.recover()
    found = measured(course.measure())
    assert truth[FILES.name] > 100, "the simulated storage is two minutes behind"
    for name, seconds in truth.items():
        told = found[name]
        assert told is not None
        assert abs(told - seconds) <= pace, (name, told, seconds)


def test_the_lost_writes_are_those_that_azure_says_it_lost(stage: Stage) -> None:
    course = Course(stage)
    course.canaries(60, 0.5, DOCUMENTS)
    course.break_down()
    course.recover()
    outcome = course.measure()
    lost = [
        row
        for loss in stage.truth["cosmos"]["cosmos-fas-prod"]["losses"]
        for row in loss.get("written_documents", [])
    ]
    told = outcome.evidence[DOCUMENTS.name]
    assert told["lost"] == len(lost) > 0
    assert told["survived"] == course.writes - len(lost)
    assert f"{DOCUMENTS.name}: {len(lost)} writes lost, " in outcome.summary


def test_writing_that_went_on_after_the_recovery_hides_nothing(stage: Stage) -> None:
    course = Course(stage)
    course.canaries(11, 60)
    course.break_down()
    course.recover()
    at_once = measured(course.measure())
    course.canaries(3, 60)
    later = course.measure()
    assert measured(later) == at_once
    assert at_once[FILES.name]


def test_a_loss_beyond_the_target_is_a_finding(stage: Stage) -> None:
    course = Course(stage)
    course.canaries(11, 60)
    course.break_down()
    course.recover()
    kept = course.measure()
    assert [found.met for found in kept.rpo] == [True, True]
    assert kept.findings == ()
    outcome = course.measure(FILES.model_copy(update={"rpo": timedelta(seconds=30)}))
    assert outcome.rpo[0].met is False
    (finding,) = outcome.findings
    assert finding.severity is Severity.HIGH
    assert finding.title.endswith("30 s are allowed")


def test_canaries_that_had_stopped_prove_nothing(stage: Stage) -> None:
    course = Course(stage)
    course.canaries(3, 60)
    stage.lab.advance(3600)
    course.break_down()
    course.recover()
    outcome = course.measure()
    assert measured(outcome) == {DOCUMENTS.name: None, FILES.name: None}
    assert "too long before" in outcome.summary


def test_without_canaries_it_says_that_nothing_was_measured(stage: Stage) -> None:
    course = Course(stage)
    course.break_down()
    course.recover()
    outcome = course.measure()
    assert measured(outcome) == {DOCUMENTS.name: None, FILES.name: None}
    assert "not measured, no write was on record" in outcome.summary


def test_a_graceful_move_loses_nothing(stage: Stage) -> None:
    course = Course(stage)
    course.canaries(3, 60)
    course.began = stage.now
    stage.carry_out(failover_storage.step(service=FILES), mode=Mode.DRILL)
    stage.carry_out(failover_cosmos_db.step(service=DOCUMENTS), mode=Mode.DRILL)
    assert measured(course.measure(outage=False)) == {DOCUMENTS.name: 0.0, FILES.name: 0.0}


def test_without_a_record_it_refuses(stage: Stage) -> None:
    refused(stage, measure_rpo.step(services=(FILES,)), "no record that says when the recovery began")
