"""Runs read back from Durable, also when what stands there is not ours."""

import json
from datetime import UTC, datetime

import pytest
from durabletask.client import OrchestrationState, OrchestrationStatus

from orchestrations.records import from_state
from shared.model.plan import Mode, Plan, Step
from shared.model.run import RunRequest, RunStatus, StepStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REQUEST = RunRequest(
    run_id="recovery-p-1",
    plan=Plan(name="p", kind="recovery", title="P", steps=(Step(name="a", action="x"),)),
    mode=Mode.REAL,
    requested_by="alice",
    requester_id="t/a",
    reason="r",
    requested_at=NOW,
)


def state(status: OrchestrationStatus, *, given=None, shown=None, output=None) -> OrchestrationState:
    texts = [None if one is None else json.dumps(one) for one in (given, output, shown)]
    # Durable's client hands out times of UTC without saying so.
    return OrchestrationState("recovery-p-1", "run_plan", status, NOW.replace(tzinfo=None), NOW, *texts, None)


@pytest.mark.parametrize("garbage", [None, 7, "text", "{", [1], {}, {"plan": 1}])
@pytest.mark.parametrize("status", OrchestrationStatus)
def test_what_this_app_did_not_write_is_no_record(status: OrchestrationStatus, garbage: object):
    for where in ("given", "shown", "output"):
        assert from_state(state(status, **{where: garbage})) is None


def test_a_run_that_has_not_begun_is_shown_from_its_request():
    found = from_state(state(OrchestrationStatus.PENDING, given=REQUEST.to_wire()))
    assert found is not None
    assert (found.run_id, found.status, found.started_at) == ("recovery-p-1", RunStatus.RUNNING, NOW)
    assert [step.status for step in found.steps] == [StepStatus.PENDING]


@pytest.mark.parametrize("status", [OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED])
def test_a_run_that_durable_ended_has_failed_and_keeps_what_it_showed(status: OrchestrationStatus):
    live = from_state(state(OrchestrationStatus.RUNNING, given=REQUEST.to_wire()))
    assert live is not None
    shown = live.model_copy(update={"held_by": "kept"}).to_wire()
    found = from_state(state(status, given=REQUEST.to_wire(), shown=shown))
    assert found is not None
    assert (found.status, found.held_by, found.finished_at) == (RunStatus.FAILED, "kept", NOW)
    assert found.status_reason.startswith(status.name.lower())
