"""What every action is given: progress that is counted, operations that are asked about while there is need."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.actions.action import ATTEMPTS, Call
from shared.actions.catalog import catalog
from shared.errors import CheckFailed
from shared.model.estate import CosmosDb
from shared.model.plan import Mode
from tests.shared.actions.stage import Stage, contoso


def call(stage: Stage, **progress: object) -> Call:
    return Call(
        estate=contoso(),
        azure=stage.azure,
        run_id="recovery-r",
        step="s",
        mode=Mode.DRILL,
        now=datetime(2026, 1, 1, tzinfo=UTC),
        progress=progress,
    )


def begun(stage: Stage) -> Call:
    account = stage.azure.cosmos.account(contoso().of_kind(CosmosDb)[0].resource_id)
    operation = stage.azure.cosmos.fail_over_gracefully(account, "japanwest")
    return call(stage, **call(stage).waiting_for(operation, "it has begun").progress)


def test_an_operation_is_asked_about_until_it_is_over_and_then_no_more(stage: Stage) -> None:
    working = begun(stage)
    assert working.operation_state() == "running"
    assert "operation" in working.progress
    stage.lab.advance(181)
    assert working.operation_state() == "succeeded"
    # Azure forgets operations: asking for this one tomorrow would look like a failure.
    assert working.operation_state() == "none"
    assert "operation" not in working.waiting_for(None, "replicas start").progress


def test_a_failed_operation_is_counted_and_begun_anew(stage: Stage) -> None:
    stage.lab.fault("lro_failed", "*", code="Conflict", message="busy")
    working = begun(stage)
    stage.lab.advance(181)
    assert working.operation_state() == "failed"
    assert working.operation_state() == "none"
    assert working.waiting_for(None, "again").progress["failures"] == 1


def test_the_last_failure_is_for_people(stage: Stage) -> None:
    with pytest.raises(CheckFailed, match="failed 3 times, at last with: busy") as caught:
        call(stage, failures=ATTEMPTS - 1).count_failure("busy")
    assert not caught.value.retryable


def test_progress_grows_and_says_that_something_has_begun(stage: Stage) -> None:
    working = call(stage, kept=1)
    assert not working.begun
    pending = working.waiting_for(None, "s", more=2)
    assert pending.progress == {"kept": 1, "more": 2, "begun": True}
    assert call(stage, **pending.progress).begun
    assert not call(stage, **working.waiting_for(None, "s", begun=False).progress).begun


def test_the_key_is_that_of_run_and_step(stage: Stage) -> None:
    assert call(stage).key == "recovery-r/s"


def test_wrong_parameters_fail_when_the_plan_is_made() -> None:
    for action in catalog().values():
        with pytest.raises(ValueError, match="validation error"):
            action.step(no_such_parameter=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ago=st.timedeltas(timedelta(0), timedelta(days=9)), pace=st.sampled_from([1.0, 1 / 30, 1 / 60, 0.5]))
def test_a_moment_told_by_azure_is_the_one_that_it_was_asked_about(
    stage: Stage, ago: timedelta, pace: float
) -> None:
    asked = replace(call(stage), pace=pace)
    then = asked.now - ago
    assert abs(asked.own_time(asked.azure_time(then)) - then) <= timedelta(milliseconds=1)
    assert asked.now - asked.azure_time(then) >= ago
