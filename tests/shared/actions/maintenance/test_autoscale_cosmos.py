"""What an hour of load asks for is done once, and everything else leaves a container as it is."""

import json
from typing import Any

import pytest

from shared.actions.maintenance.autoscale_cosmos import autoscale_cosmos
from shared.model.estate import CosmosDb
from shared.model.plan import Mode, Step
from shared.model.throughput import ThroughputRange
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso
from tests.shared.actions.remediation.scene import trouble
from tests.shared.actions.stage import Stage

SERVICE = contoso().of_kind(CosmosDb)[0]
LIMITS = ThroughputRange(least=400, most=20_000)


def container(name: str) -> str:
    return f"{SERVICE.resource_id}/sqlDatabases/agents/containers/{name}"


def scale(name: str, limits: ThroughputRange = LIMITS) -> Step:
    return autoscale_cosmos.step(
        account_id=SERVICE.resource_id, database=SERVICE.database, container=name, limits=limits
    )


def offer(stage: Stage, name: str) -> dict[str, Any]:
    return stage.properties(f"{container(name)}/throughputSettings/default")["resource"]


def load(stage: Stage, name: str, demand: float) -> str:
    """So many RU/s, for ten minutes; what was before was ordinary."""
    stage.lab.advance(60)
    fault = trouble(stage, "high_load", container(name), demand=demand)
    stage.lab.advance(600)
    return fault


def given(stage: Stage, name: str, **offer: Any) -> None:
    """A container that has had other throughput for as long as anybody remembers."""
    stage.change(
        f"{container(name)}/throughputSettings/default", lambda row: row["properties"].update(resource=offer)
    )
    stage.lab.advance(120)


def seen(stage: Stage, name: str) -> dict[str, Any]:
    return stage.observe(scale(name), mode=Mode.REAL)


def busy(stage: Stage) -> None:
    load(stage, "runs", 950)


def busy_autoscale(stage: Stage) -> None:
    load(stage, "threads", 3900)


def quiet(stage: Stage) -> None:
    given(stage, "runs", throughput=4000)


def manual(ru: int) -> Any:
    def reached(stage: Stage) -> None:
        assert offer(stage, "runs") == {"throughput": ru}

    return reached


def autoscale_doubled(stage: Stage) -> None:
    assert offer(stage, "threads")["autoscaleSettings"] == {"maxThroughput": 8000}


class TestUp(BeginsOperations):
    scenario = Scenario(
        step=lambda: scale("runs"), prepare=busy, reached=manual(2000), operation="containers/runs"
    )


class TestUpOfAutoscale(BeginsOperations):
    scenario = Scenario(
        step=lambda: scale("threads"),
        prepare=busy_autoscale,
        reached=autoscale_doubled,
        operation="containers/threads",
    )


class TestDown(BeginsOperations):
    scenario = Scenario(
        step=lambda: scale("runs"), prepare=quiet, reached=manual(2000), operation="containers/runs"
    )


def test_an_ordinary_hour_changes_nothing_and_says_why(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.from_now()
    for name in SERVICE.containers:
        done = stage.carry_out(scale(name)).outcome
        assert not done.changed
        assert f"{name} keeps " in done.summary
        assert "% at most in the last hour" in done.summary
        assert seen(stage, name)["act"] is False
    assert stage.writes == []


def test_it_tells_what_it_did_and_cools_down(stage: Stage) -> None:
    busy(stage)
    done = stage.carry_out(scale("runs")).outcome
    assert done.summary.startswith("runs has 2000 RU/s, it had 1000 (manual): over 80 % for 3 minutes")
    assert "cools down" in seen(stage, "runs")["why"]
    assert "keeps 2000 RU/s" in stage.carry_out(scale("runs")).outcome.summary


def test_the_end_of_the_load_brings_it_down_again_but_not_within_the_hour(stage: Stage) -> None:
    load(stage, "files", 950)
    stage.carry_out(scale("files"))
    stage.lab.advance(60)
    stage.lab.advance(3000)
    assert "quiet since" in seen(stage, "files")["why"]
    stage.lab.advance(1200)
    assert stage.carry_out(scale("files")).outcome.summary.startswith("files has 1000 RU/s, it had 2000")


@pytest.mark.parametrize(("most", "then"), [(8000, 8000), (10_000, 10_000), (20_000, 10_000)])
def test_an_autoscale_container_is_lowered_only_where_that_saves_something(
    stage: Stage, most: int, then: int
) -> None:
    """Of 8000 it uses 18 %, of 10,000 14 %, of 20,000 7 %: less than the tenth that is paid for anyway."""
    given(stage, "threads", autoscaleSettings={"maxThroughput": most}, throughput=most // 10)
    stage.carry_out(scale("threads"))
    assert offer(stage, "threads")["autoscaleSettings"] == {"maxThroughput": then}


def test_the_estates_cap_holds(stage: Stage) -> None:
    busy(stage)
    capped = scale("runs", ThroughputRange(least=400, most=1000))
    assert "allows 1000 RU/s at most" in stage.carry_out(capped).outcome.summary


@pytest.mark.parametrize(
    "now", [{"throughput": 1500}, {"throughput": 200, "autoscaleSettings": {"maxThroughput": 2000}}]
)
def test_what_somebody_else_has_changed_meanwhile_is_left_alone(stage: Stage, now: dict[str, Any]) -> None:
    busy(stage)
    before = seen(stage, "runs")
    assert (before["act"], before["ru"], before["target"]) == (True, 1000, 2000)
    stage.change(
        f"{container('runs')}/throughputSettings/default",
        lambda row: row["properties"].update(resource=json.loads(json.dumps(now))),
    )
    stage.from_now()
    done = stage.carry_out(scale("runs"), before=before).outcome
    assert "meanwhile: it is left alone" in done.summary
    assert stage.writes == []


def test_a_container_that_shares_its_databases_throughput_is_left_alone(stage: Stage) -> None:
    stage.lab.inside(lambda world: world.resources.delete(f"{container('runs')}/throughputSettings/default"))
    assert "no throughput of its own" in stage.carry_out(scale("runs")).outcome.summary
