"""The delta brings the index up to date, and only then does the tenants' alias lead to it."""

import pytest

from shared.actions.cosmos.failover_cosmos_db import failover_cosmos_db
from shared.actions.search.restore_ai_search import restore_ai_search
from shared.model.estate import AiSearch, CosmosDb, Storage
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso, refused
from tests.shared.actions.search.test_load_search_snapshot import INDEX, east_is_out, load, west
from tests.shared.actions.stage import Stage, StepFailed


def restore() -> Step:
    estate = contoso()
    return restore_ai_search.step(
        service=estate.of_kind(AiSearch)[0],
        source=estate.of_kind(CosmosDb)[0],
        storage=estate.of_kind(Storage)[0],
    )


def loaded(stage: Stage) -> None:
    stage.carry_out(load())


def loaded_in_an_outage(stage: Stage) -> None:
    east_is_out(stage)
    stage.carry_out(failover_cosmos_db.step(service=contoso().of_kind(CosmosDb)[0]))
    loaded(stage)


def answers_in_the_west(stage: Stage) -> None:
    """The alias leads to an index with every document that Cosmos DB has."""
    truth = stage.truth
    found = truth["search"]["srch-fas-japanwest"]
    assert found["aliases"] == {"agents": INDEX}
    messages = truth["cosmos"]["cosmos-fas-prod"]["documents"]["messages"]
    # Tenants may have written since the delta; in an outage nobody does.
    assert 120_000 - 200 <= found["indexes"][INDEX] <= messages


class TestInAnOutage(ChangesOnce):
    scenario = Scenario(step=restore, prepare=loaded_in_an_outage, reached=answers_in_the_west)


class TestInADrill(ChangesOnce):
    scenario = Scenario(step=restore, mode=Mode.DRILL, prepare=loaded, reached=answers_in_the_west)


def test_in_an_outage_no_surviving_document_is_missing(stage: Stage) -> None:
    loaded_in_an_outage(stage)
    done = stage.carry_out(restore())
    survivors = stage.truth["cosmos"]["cosmos-fas-prod"]["documents"]["messages"]
    assert done.outcome.evidence["documents"] == west(stage)["indexes"][INDEX] == survivors


def test_the_alias_does_not_move_before_the_snapshot_is_loaded(stage: Stage) -> None:
    refused(stage, restore(), f"{INDEX} is not in japanwest: load the snapshot first")


def test_a_half_filled_index_is_never_shown_to_tenants(stage: Stage) -> None:
    stage.call_once(load(), mode=Mode.REAL)
    # The load has only begun: the delta alone must not be enough.
    with pytest.raises(StepFailed, match="fewer than the snapshot's 118000: agents stays where it is"):
        stage.carry_out(restore(), poll=5)
    assert west(stage)["aliases"] == {}


def test_an_alias_that_led_elsewhere_moves_at_once(stage: Stage) -> None:
    loaded(stage)
    endpoint = "https://srch-fas-japanwest.search.windows.net"
    definition = {"name": "older", "fields": [{"name": "id", "type": "Edm.String", "key": True}]}
    stage.azure.search.create_index(endpoint, definition)
    stage.azure.search.set_alias(endpoint, "agents", "older")
    stage.carry_out(restore())
    assert west(stage)["aliases"] == {"agents": INDEX}
