"""The primary's index is read anew after an outage, once, and only looked at in a drill."""

import pytest

from shared.actions.search.rebuild_search_index import rebuild_search_index
from shared.model.estate import AiSearch, Storage
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso, refused
from tests.shared.actions.stage import Stage, StepFailed

EAST = "https://srch-fas-japaneast.search.windows.net"


def rebuild() -> Step:
    service = contoso().of_kind(AiSearch)[0]
    return rebuild_search_index.step(service=service, storage=contoso().of_kind(Storage)[0])


def east(stage: Stage) -> dict:
    return stage.truth["search"]["srch-fas-japaneast"]


def complete(stage: Stage) -> None:
    assert east(stage)["aliases"] == {"agents": "agents-v1"}
    messages = stage.truth["cosmos"]["cosmos-fas-prod"]["documents"]["messages"]
    assert stage.azure.search.document_count(EAST, "agents-v1") >= messages - 5 * 400


class TestAfterAnOutage(ChangesOnce):
    scenario = Scenario(step=rebuild, reached=complete)

    def test_does_what_it_says_and_no_more_when_run_again(self, stage: Stage) -> None:
        """A rebuild is an effect: asked for anew it happens anew, so here only that once is once."""
        stage.from_now()
        assert self.scenario.run(stage).outcome.changed
        complete(stage)
        assert sorted(path.rsplit("/", 1)[-1] for _, path in stage.effects) == ["search.reset", "search.run"]
        assert set(stage.effects.values()) == {1}


def test_a_drill_leaves_an_index_alone_that_is_kept_up_to_date(stage: Stage) -> None:
    stage.lab.advance(400)
    stage.from_now()
    assert not stage.carry_out(rebuild(), mode=Mode.DRILL).outcome.changed
    assert stage.writes == []


def test_an_index_that_is_gone_is_made_anew(stage: Stage) -> None:
    stage.azure.search.delete_alias(EAST, "agents")
    stage.azure.search.delete_index(EAST, "agents-v1")
    stage.carry_out(rebuild(), mode=Mode.DRILL)
    complete(stage)


def test_an_alias_that_leads_elsewhere_is_led_home(stage: Stage) -> None:
    fields = [{"name": "id", "type": "Edm.String", "key": True}]
    stage.azure.search.create_index(EAST, {"name": "agents-v0", "fields": fields})
    stage.azure.search.set_alias(EAST, "agents", "agents-v0")
    stage.carry_out(rebuild())
    complete(stage)


def test_without_its_indexer_it_cannot_be_filled(stage: Stage) -> None:
    stage.azure.search.delete_indexer(EAST, "agents-live")
    refused(stage, rebuild(), "0 indexers fill agents-v1 in japaneast, so it cannot be rebuilt")


def test_a_source_that_stays_away_is_told_after_a_few_runs(stage: Stage) -> None:
    stage.lab.fault("endpoint_down", "cosmos-fas-prod.documents.azure.com")
    with pytest.raises(StepFailed, match="it failed 3 times"):
        stage.carry_out(rebuild())
