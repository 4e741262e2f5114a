"""Quota, bounds and failed jobs: each is told with what to do."""

from infra.local.azure import World
from shared.actions.diagnosis.diagnose_training_quota import diagnose_training_quota
from shared.model.estate import MlWorkspace
from tests.shared.actions.stage import Stage, contoso

SERVICE = contoso().of_kind(MlWorkspace)[0]
LOOK = diagnose_training_quota.step(service=SERVICE)


def test_nothing_is_wrong_on_an_ordinary_day(stage: Stage) -> None:
    stage.lab.advance(120)
    outcome = stage.carry_out(LOOK).outcome
    assert outcome.findings == ()
    assert outcome.summary.startswith("none of the known causes is there: look at the logs of the job")
    assert stage.writes == []


def test_quota_bounds_and_jobs_are_told_at_once(stage: Stage) -> None:
    stage.lab.advance(60)

    def use_up(world: World) -> None:
        world.table("ml quota").put("eastus2/standardNCADSA100v4Family", {"used": 180})

    stage.lab.inside(use_up)
    cluster = f"{SERVICE.resource_id}/computes/cpu-cluster-01"
    stage.change(cluster, lambda one: one["properties"]["properties"]["scaleSettings"].update(maxNodeCount=2))
    stage.lab.fault("training_failures", SERVICE.resource_id)
    stage.lab.advance(900)
    quota, bound, jobs = stage.carry_out(LOOK).outcome.findings
    assert quota.title == "standardNCADSA100v4Family has 180 of 192 vCPUs in eastus2"
    assert "ask for a higher quota" in quota.recommendation
    assert bound.title == "cpu-cluster-01 may have 2 nodes, the estate has 8"
    assert "jobs failed on gpu-cluster-01: ResourceExhausted" in jobs.title


def test_a_cluster_that_is_gone_and_logs_that_cannot_be_read_hide_nothing(stage: Stage) -> None:
    stage.lab.inside(lambda world: world.resources.delete(f"{SERVICE.resource_id}/computes/gpu-cluster-01"))
    stage.lab.fault("error", "api.loganalytics", status=403)
    gone, unread = stage.carry_out(LOOK).outcome.findings
    assert gone.title == "gpu-cluster-01 does not exist"
    assert unread.title.startswith("could not be looked at: failures: query logs")
