"""What a recovery put into the recovery region goes again; what somebody else put there stays."""

from shared.actions.search.retire_search_index import retire_search_index
from shared.model.estate import AiSearch
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso, refused
from tests.shared.actions.search.test_load_search_snapshot import INDEX, load, west
from tests.shared.actions.search.test_restore_ai_search import loaded, restore
from tests.shared.actions.stage import Stage

WEST = "https://srch-fas-japanwest.search.windows.net"
FIELDS = [{"name": "id", "type": "Edm.String", "key": True}]


def retire() -> Step:
    return retire_search_index.step(service=contoso().of_kind(AiSearch)[0])


def restored(stage: Stage) -> None:
    loaded(stage)
    stage.carry_out(restore())


def empty(stage: Stage) -> None:
    assert west(stage) == {"indexes": {}, "aliases": {}, "indexers": {}}
    assert stage.azure.search.data_source_names(WEST) == ()
    assert stage.truth["search"]["srch-fas-japaneast"]["aliases"] == {"agents": "agents-v1"}


class TestAfterADrill(ChangesOnce):
    scenario = Scenario(step=retire, mode=Mode.DRILL, prepare=restored, reached=empty)


def test_what_is_not_a_recovery_s_stays(stage: Stage) -> None:
    restored(stage)
    for name in ("agents-v1-archive", "agents-v2", "agents-v1"):
        stage.azure.search.create_index(WEST, {"name": name, "fields": FIELDS})
    stage.carry_out(retire())
    assert sorted(west(stage)["indexes"]) == ["agents-v1", "agents-v1-archive", "agents-v2"]


def test_a_recovery_that_had_only_begun_leaves_nothing_behind(stage: Stage) -> None:
    stage.call_once(load(), mode=Mode.REAL)
    assert INDEX in west(stage)["indexes"]
    stage.carry_out(retire())
    empty(stage)


def test_the_copy_stays_while_production_s_search_is_away(stage: Stage) -> None:
    restored(stage)
    stage.outage()
    refused(stage, retire(), "srch-fas-japaneast")
    assert west(stage)["aliases"] == {"agents": INDEX}


def test_the_copy_stays_while_production_has_no_alias(stage: Stage) -> None:
    restored(stage)
    stage.azure.search.delete_alias("https://srch-fas-japaneast.search.windows.net", "agents")
    refused(stage, retire(), "agents leads to nothing in japaneast: the copy stays")
