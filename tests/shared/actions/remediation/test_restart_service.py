"""A hung app is restarted once, whatever is lost on the way, and only while its replicas are the observed ones."""

import pytest

from infra.local.azure import World
from infra.local.azure.services.container_apps import model
from shared.actions.proof import RowsBelow
from shared.actions.remediation.restart_service import restart_service
from shared.errors import EffectUnknown
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, refused
from tests.shared.actions.remediation.scene import APP, HEALTH, ONCE, TWICE, answers, hang, replicas
from tests.shared.actions.stage import Stage, StepFailed


def restart() -> Step:
    return restart_service.step(app_id=APP.resource_id, proof=ONCE)


def blind() -> Step:
    return restart_service.step(app_id=APP.resource_id)


def works(stage: Stage) -> None:
    assert answers(stage)


class TestARestart(ChangesOnce):
    scenario = Scenario(step=restart, prepare=hang, reached=works)


def test_every_replica_is_a_new_one_and_the_outcome_says_so(stage: Stage) -> None:
    hang(stage)
    before = replicas(stage)
    outcome = stage.carry_out(restart_service.step(app_id=APP.resource_id, proof=TWICE)).outcome
    assert len(before) == 3
    assert not before & replicas(stage)
    assert outcome.changed
    assert outcome.summary == "ca-agent-service was restarted: 3 new replicas run; it helped"


def test_what_answers_already_is_left_alone(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.from_now()
    outcome = stage.carry_out(restart()).outcome
    assert (outcome.changed, outcome.summary) == (False, "all is well already: nothing was done")
    assert stage.writes == []


def test_one_good_answer_is_not_taken_for_health(stage: Stage) -> None:
    """It must answer well as often in a row as the proof says, before it is left alone too."""
    hang(stage)
    before = stage.observe(restart(), mode=Mode.REAL)
    step = restart_service.step(app_id=APP.resource_id, proof=TWICE)
    stage.lab.inside(
        lambda world: model.start_replicas(world, model.revisions(world, APP.resource_id)[-1], starting=0)
    )
    first = stage.call_once(step, mode=Mode.REAL, before=before)
    assert first.summary == "all is well: looking again before anything is done"


def test_a_restart_that_does_not_help_says_what_is_still_wrong(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.lab.fault("endpoint_down", HEALTH)
    stage.from_now()
    with pytest.raises(
        StepFailed, match=r"new replicas run; it did not help within 0:05:00: https://.* nothing"
    ):
        stage.carry_out(restart())
    assert len(stage.writes) == 1


def test_an_app_that_was_scaled_meanwhile_is_not_restarted(stage: Stage) -> None:
    hang(stage)
    before = stage.observe(blind(), mode=Mode.REAL)

    def scale_out(world: World) -> None:
        revision = model.revisions(world, APP.resource_id)[-1]
        row = world.table("replica").get(revision["id"]) or {"replicas": []}
        more = {"name": f"{revision['name']}-zzz", "created": world.now, "ready": world.now, "until": None}
        world.table("replica").put(revision["id"], {"replicas": [*row["replicas"], more]})

    stage.lab.inside(scale_out)
    stage.from_now()
    with pytest.raises(EffectUnknown, match="have changed since they were observed"):
        stage.carry_out(blind(), before=before)
    assert stage.writes == []


def test_one_that_somebody_stopped_stays_stopped(stage: Stage) -> None:
    hang(stage)
    stage.change(APP.resource_id, lambda app: app["properties"].update(runningStatus="Stopped"))
    refused_observing(stage, "is stopped: find out who stopped it")


def test_one_that_is_gone_is_told(stage: Stage) -> None:
    stage.lab.inside(lambda world: world.resources.delete(APP.resource_id))
    refused_observing(stage, "does not exist: correct the estate")


def refused_observing(stage: Stage, said: str) -> None:
    from shared.errors import CheckFailed

    with pytest.raises(CheckFailed, match=said):
        stage.observe(blind(), mode=Mode.REAL)


def test_replicas_that_never_come_up_are_told_after_a_while(stage: Stage) -> None:
    hang(stage)
    before = stage.observe(blind(), mode=Mode.REAL)

    def stuck(world: World) -> None:
        for revision in model.revisions(world, APP.resource_id):
            row = world.table("replica").get(revision["id"]) or {"replicas": []}
            stuck = [{**one, "name": f"{one['name']}-n", "ready": None} for one in row["replicas"]]
            world.table("replica").put(revision["id"], {"replicas": stuck})

    stage.lab.inside(stuck)
    with pytest.raises(StepFailed, match="is not ready after 0:10:00"):
        stage.carry_out(blind(), before=before)


def hang_some(stage: Stage, count: int) -> None:
    """So many of the three replicas stop answering, and stay."""

    def work(world: World) -> None:
        revision = model.revisions(world, APP.resource_id)[-1]
        rows = (world.table("replica").get(revision["id"]) or {"replicas": []})["replicas"]
        hung = [{**one, "ready": None} for one in rows[:count]]
        world.table("replica").put(revision["id"], {"replicas": [*hung, *rows[count:]]})

    stage.lab.advance(30)
    stage.lab.inside(work)


def slow() -> Step:
    """What is wrong is not that it does not answer."""
    fast = RowsBelow(question="response_time", column="p95_ms", below=0.001, named="tenant")
    proof = ONCE.model_copy(update={"conditions": (*ONCE.conditions, fast)})
    return restart_service.step(app_id=APP.resource_id, proof=proof)


@pytest.mark.parametrize("hung", [0, 1])
def test_unasked_it_does_not_replace_at_once_what_mostly_serves(stage: Stage, hung: int) -> None:
    hang_some(stage, hung)
    stage.guarded = True
    said = f"blast radius: .* all 3 replicas of ca-agent-service at once, {3 - hung} of them run and it answers, 50%"
    refused(stage, slow(), said)
    stage.guarded = False
    with pytest.raises(StepFailed, match="did not help"):
        stage.carry_out(slow())
    assert len(stage.writes) == 1, "whoever asks for it gets it"


@pytest.mark.parametrize("hung", [2, 3])
def test_unasked_it_replaces_what_mostly_serves_nobody(stage: Stage, hung: int) -> None:
    hang_some(stage, hung)
    stage.guarded = True
    stage.from_now()
    with pytest.raises(StepFailed, match="did not help"):
        stage.carry_out(slow())
    assert len(stage.writes) == 1


def test_unasked_it_restarts_what_runs_and_answers_nobody(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.lab.fault("endpoint_down", HEALTH, cured_by="restart")
    stage.lab.advance(30)
    stage.guarded = True
    stage.from_now()
    assert stage.carry_out(restart()).outcome.changed
    assert len(stage.writes) == 1
