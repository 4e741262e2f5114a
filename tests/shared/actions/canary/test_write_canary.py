"""Each canary is one number more, in the store and in the log, whatever goes wrong in between."""

import json
from typing import Any

import pytest

from shared.actions.canary.write_canary import write_canary
from shared.errors import AzureCallFailed
from shared.gateways.canaries import CanaryLog
from shared.model.canary import Canary
from shared.model.estate import CosmosDb, Storage
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso
from tests.shared.actions.stage import Stage, StepFailed

STORES: dict[str, Any] = {
    "blob": contoso().of_kind(Storage)[0],
    "document": contoso().of_kind(CosmosDb)[0],
}


def step(kind: str) -> Step:
    return write_canary.step(service=STORES[kind], critical=False)


def held(stage: Stage, kind: str) -> Canary:
    found, _ = stage.azure.canaries.store(STORES[kind]).read()
    assert found is not None
    return found


def noted(stage: Stage, kind: str) -> list[int]:
    platform = stage.estate.platform
    log = CanaryLog(stage.azure.blobs, platform.records_account_url, platform.records_container)
    return [canary.sequence for canary in log.noted(STORES[kind].name, stage.now.date())]


def first(kind: str) -> Any:
    def prepare(stage: Stage) -> None:
        stage.carry_out(step(kind), run_id="maintenance-canary-20260101T0000Z")
        stage.lab.advance(60)

    return prepare


def second(kind: str) -> Any:
    def reached(stage: Stage) -> None:
        assert held(stage, kind).sequence == 2
        assert noted(stage, kind) == [1, 2]

    return reached


class TestBlob(ChangesOnce):
    scenario = Scenario(step=lambda: step("blob"), prepare=first("blob"), reached=second("blob"))


class TestDocument(ChangesOnce):
    scenario = Scenario(step=lambda: step("document"), prepare=first("document"), reached=second("document"))


@pytest.mark.parametrize("kind", STORES)
def test_the_first_one_makes_what_it_needs(stage: Stage, kind: str) -> None:
    done = stage.carry_out(step(kind))
    assert (held(stage, kind).sequence, noted(stage, kind)) == (1, [1])
    assert done.outcome.summary == f"{STORES[kind].name}: canary 1 is written"
    assert abs((held(stage, kind).at - stage.now).total_seconds()) < 60


@pytest.mark.parametrize("kind", STORES)
def test_two_writers_do_not_write_one_number(stage: Stage, kind: str) -> None:
    store = stage.azure.canaries.store(STORES[kind])
    first(kind)(stage)
    seen, tag = store.read()
    assert seen is not None
    store.write(Canary(sequence=2, at=stage.now, key="other"), tag)
    with pytest.raises(AzureCallFailed) as caught:
        store.write(Canary(sequence=2, at=stage.now, key="mine"), tag)
    assert (caught.value.status, caught.value.retryable) == (412, True)
    with pytest.raises(AzureCallFailed) as caught:
        store.write(Canary(sequence=1, at=stage.now, key="mine"), "")
    assert caught.value.status == 409


@pytest.mark.parametrize("kind", STORES)
def test_a_store_that_is_away_gets_none_and_the_log_claims_none(stage: Stage, kind: str) -> None:
    first(kind)(stage)
    stage.outage()
    with pytest.raises(StepFailed):
        stage.carry_out(step(kind), mode=Mode.REAL)
    assert noted(stage, kind) == [1]


def test_routine_leaves_no_journal_and_is_never_held() -> None:
    assert step("blob").routine
    assert json.loads(json.dumps(step("blob").to_wire()))["routine"] is True
