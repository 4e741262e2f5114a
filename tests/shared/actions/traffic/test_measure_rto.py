"""The measured end of an outage is that of the simulated tenants' own requests, to the second in which they are sent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.actions.traffic.measure_rto import LOGGED_WITHIN, measure_rto
from shared.errors import AzureCallFailed
from shared.model.outcome import Outcome
from shared.model.plan import Mode
from shared.model.run import Objective, RunRecord, RunStatus, StepRecord, StepStatus
from tests.shared.actions.changes_once import contoso, refused
from tests.shared.actions.stage import Stage

DOOR, INFERENCE = "api.fas.contoso.com", "ml-inference.contoso.com"
TENANTS = tuple(tenant.name for tenant in contoso().tenants)


def record_of(opened_at: datetime | None, name: str = "update_dns_records") -> RunRecord:
    """A run that is under way, and whose move began then."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    moved = StepRecord(name=name, action=name, status=StepStatus.SUCCEEDED, started_at=opened_at)
    return RunRecord(
        run_id="recovery-region_outage-1", plan="region_outage", kind="recovery", mode=Mode.REAL,
        status=RunStatus.RUNNING, requested_by="alice", reason="r", started_at=began,
        rto=Objective(basis="operator", started_at=began), steps=(moved,),
    )  # fmt: skip


def step(*addresses: str, **more: Any) -> Any:
    more.setdefault("tenants", contoso().tenants)
    return measure_rto.step(addresses=addresses or (DOOR,), opened_by=("update_dns_records",), **more)


def measured(stage: Stage, opened_at: datetime | None, made: Any = None) -> Outcome:
    return stage.carry_out(made or step(), record=record_of(opened_at)).outcome


def out(stage: Stage, seconds: float, region: str = "japaneast") -> None:
    """Tenants are served, then they are not, and then they are again."""
    stage.lab.advance(60)
    fault = stage.outage(region)
    stage.lab.advance(seconds)
    stage.lab.end(fault)


def restored(stage: Stage) -> datetime:
    """When the last tenant truly had an answer again."""
    ends = [one["until"] for name in TENANTS for one in stage.lab.tenant(name)["outages"]]
    return max(datetime.fromisoformat(end) for end in ends)


def test_the_clock_ends_with_the_first_answer_of_the_last_tenant(stage: Stage) -> None:
    out(stage, 120)
    opened = stage.now - timedelta(seconds=30)
    stage.lab.advance(90)
    outcome = measured(stage, opened)
    assert outcome.served_at is not None
    assert abs(outcome.served_at - restored(stage)) <= timedelta(seconds=1)
    assert not outcome.changed
    assert set(outcome.evidence) == set(TENANTS)
    assert outcome.summary.endswith("UTC, the last")


def test_what_was_answered_before_they_were_let_in_does_not_count(stage: Stage) -> None:
    stage.lab.advance(60)
    out(stage, 120)
    opened = stage.now - timedelta(seconds=30)
    stage.lab.advance(300)
    assert measured(stage, opened - timedelta(seconds=200)).served_at == stage.now - timedelta(seconds=530)
    late = measured(stage, opened).served_at
    assert late is not None
    assert late >= opened


def test_it_waits_for_whose_requests_are_not_logged_yet(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.outage()
    stage.lab.advance(30)
    opened = stage.now
    began = stage.now
    done = stage.carry_out(step(), record=record_of(opened))
    assert "no answered request of contoso, fabrikam is logged yet" in done.summaries
    assert stage.now - began >= LOGGED_WITHIN
    assert done.outcome.served_at is None
    assert "asked for nothing: the recovery time ends when service is proved" in done.outcome.summary


def test_a_tenant_that_asks_for_nothing_holds_nobody_up_for_long(stage: Stage) -> None:
    out(stage, 60)
    opened = stage.now
    stage.lab.advance(60)
    nobody = contoso().tenants[0].model_copy(update={"name": "sleeping"})
    outcome = measured(stage, opened, step(tenants=(*contoso().tenants, nobody)))
    assert outcome.served_at is not None
    assert abs(outcome.served_at - restored(stage)) <= timedelta(seconds=1)
    assert "sleeping asked for nothing" in outcome.summary


def test_a_front_door_without_tenants_counts_anybody(stage: Stage) -> None:
    out(stage, 300, "eastus2")
    opened = stage.now
    stage.lab.advance(120)
    (outage,) = stage.truth["landing_zone"]["inference"]["outages"]
    outcome = measured(stage, opened, step(INFERENCE, tenants=()))
    assert outcome.served_at is not None
    assert abs(outcome.served_at - datetime.fromisoformat(outage["until"])) <= timedelta(seconds=5)
    assert outcome.summary.startswith(f"{INFERENCE} was served again at ")


def test_where_nobody_was_let_in_there_is_nothing_to_measure(stage: Stage) -> None:
    outcome = measured(stage, None)
    assert outcome.served_at is None
    assert (
        outcome.summary
        == "update_dns_records has let nobody in yet: the recovery time ends when service is proved"
    )


def test_without_a_record_it_is_refused(stage: Stage) -> None:
    refused(stage, step(), "no record that says when users were let in")


def test_logs_that_come_late_are_waited_for(stage: Stage) -> None:
    out(stage, 60)
    opened = stage.now
    stage.lab.fault("ingestion_delay", "*", seconds=180)
    began = stage.now
    outcome = measured(stage, opened)
    assert timedelta(seconds=180) <= stage.now - began < LOGGED_WITHIN
    assert outcome.served_at is not None
    assert abs(outcome.served_at - restored(stage)) <= timedelta(seconds=1)


def test_a_workspace_that_does_not_answer_fails_it(stage: Stage) -> None:
    stage.lab.fault("error", "api.loganalytics.io", status=403)
    with pytest.raises(AzureCallFailed, match="query logs"):
        stage.call_once(step(), record=record_of(stage.now), mode=Mode.REAL)
