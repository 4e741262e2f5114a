"""A sample job proves a workspace: it is submitted once, and another only after a failure and a decision."""

from datetime import timedelta
from typing import Any

import pytest

from shared.actions.machine_learning.run_sample_training_job import run_sample_training_job
from shared.model.estate import MlWorkspace
from shared.model.outcome import Pending
from shared.model.plan import Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso, refused
from tests.shared.actions.stage import Stage, StepFailed


def workspace() -> MlWorkspace:
    return contoso().of_kind(MlWorkspace)[0]


def trial(workspace_id: str = "", **changes: Any) -> Step:
    job = workspace().sample_job.model_copy(update=changes)
    return run_sample_training_job.step(workspace_id=workspace_id or workspace().resource_id, job=job)


def jobs(stage: Stage, name: str = "aml-prod-eus2-ai-01") -> list[str]:
    return list(stage.truth["landing_zone"]["workspaces"][name]["jobs"].values())


def one_is_completed(stage: Stage) -> None:
    assert jobs(stage) == ["Completed"]


class TestInThePrimaryWorkspace(ChangesOnce):
    scenario = Scenario(step=trial, reached=one_is_completed)


def test_it_tells_how_the_job_goes(stage: Stage) -> None:
    done = stage.carry_out(trial())
    assert done.summaries[0].endswith("is submitted")
    assert "Running" in " ".join(done.summaries)
    assert done.outcome.summary.startswith("aml-prod-eus2-ai-01 has trained: job sample-")


def test_a_job_that_fails_is_told_and_another_submitted_when_people_say_so(stage: Stage) -> None:
    gone = stage.lab.fault
    step, progress = trial(), {}
    for _ in range(2):
        result = stage.call_once(step, mode=stage_mode(), progress=progress)
        assert isinstance(result, Pending)
        progress = result.progress
        stage.lab.advance(30)
    fault = gone("region_outage", "eastus2")
    stage.lab.advance(60)
    with pytest.raises(Exception, match=r"is Failed: .*eastus2 is not available; repair, then retry"):
        stage.call_once(step, mode=stage_mode(), progress=progress)
    stage.lab.end(fault)
    stage.carry_out(step)
    assert sorted(jobs(stage)) == ["Completed", "Failed"]


def test_a_job_that_gets_no_nodes_is_not_waited_for_for_ever(stage: Stage) -> None:
    standby = workspace().recovery_resource_id
    with pytest.raises(StepFailed, match="still Queued after 0:10:00: its cluster gets no nodes"):
        stage.carry_out(trial(standby, within=timedelta(minutes=10)))


def test_a_workspace_without_the_cluster_says_so(stage: Stage) -> None:
    refused(stage, trial(compute="none"), "has no cluster none: reconnect it")


def stage_mode() -> Any:
    from shared.model.plan import Mode

    return Mode.REAL
