"""Bounds go down to the estate's, never up."""

from shared.actions.remediation.reset_cluster_scale import reset_cluster_scale
from shared.model.estate import MlWorkspace
from shared.model.plan import Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso, refused
from tests.shared.actions.stage import Stage

SERVICE = contoso().of_kind(MlWorkspace)[0]


def reset() -> Step:
    return reset_cluster_scale.step(service=SERVICE)


def bounds(stage: Stage, name: str) -> tuple[int, int]:
    found = stage.properties(f"{SERVICE.resource_id}/computes/{name}")["properties"]["scaleSettings"]
    return found["minNodeCount"], found["maxNodeCount"]


def too_many(stage: Stage) -> None:
    def warm(one: dict) -> None:
        one["properties"]["properties"]["scaleSettings"].update(minNodeCount=3, maxNodeCount=20)

    stage.change(f"{SERVICE.resource_id}/computes/gpu-cluster-01", warm)


def as_planned(stage: Stage) -> None:
    assert bounds(stage, "gpu-cluster-01") == (0, 8)
    assert bounds(stage, "cpu-cluster-01") == (0, 8)


class TestResetting(BeginsOperations):
    scenario = Scenario(step=reset, prepare=too_many, reached=as_planned, operation="gpu-cluster-01")


def test_a_cluster_below_its_bounds_is_left_alone(stage: Stage) -> None:
    def small(one: dict) -> None:
        one["properties"]["properties"]["scaleSettings"].update(maxNodeCount=1)

    stage.change(f"{SERVICE.resource_id}/computes/cpu-cluster-01", small)
    stage.from_now()
    assert not stage.carry_out(reset()).outcome.changed
    assert stage.writes == []


def test_one_that_is_gone_is_told(stage: Stage) -> None:
    stage.lab.inside(lambda world: world.resources.delete(f"{SERVICE.resource_id}/computes/cpu-cluster-01"))
    refused(stage, reset(), "has no cluster cpu-cluster-01: correct the estate")
