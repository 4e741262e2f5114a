"""The snapshot fills a new index in the recovery region, while the primary region is out and after it failed over."""

import json

import pytest

from shared.actions.search.load_search_snapshot import load_search_snapshot, recovery_index
from shared.actions.storage.failover_storage import failover_storage
from shared.model.estate import AiSearch, Storage
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso, refused
from tests.shared.actions.stage import RUN_ID, Stage, StepFailed

INDEX = "agents-v1-recovery-region-outage-20260101t000000-0a1b2c3d"


def search() -> AiSearch:
    return contoso().of_kind(AiSearch)[0]


def files() -> Storage:
    return contoso().of_kind(Storage)[0]


def load() -> Step:
    return load_search_snapshot.step(service=search(), storage=files())


def west(stage: Stage) -> dict:
    return stage.truth["search"]["srch-fas-japanwest"]


def filled(stage: Stage) -> None:
    assert west(stage)["indexes"] == {INDEX: 118_000}
    assert west(stage)["aliases"] == {}


def east_is_out(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.outage()
    stage.lab.advance(30)


class TestInAnOutage(ChangesOnce):
    scenario = Scenario(step=load, prepare=east_is_out, reached=filled)


class TestInADrill(ChangesOnce):
    scenario = Scenario(step=load, mode=Mode.DRILL, reached=filled)


def test_it_still_finds_the_snapshot_after_the_account_has_failed_over(stage: Stage) -> None:
    east_is_out(stage)
    stage.carry_out(failover_storage.step(service=files()))
    stage.carry_out(load())
    filled(stage)


def test_a_source_that_is_away_for_some_minutes_is_waited_for(stage: Stage) -> None:
    step = load()
    stage.call_once(step, mode=Mode.REAL)
    # The indexer has begun; what it reads goes away under it, as while an account fails over.
    faults = [
        stage.lab.fault("endpoint_down", f"stfasprod{copy}.blob.core.windows.net")
        for copy in ("", "-secondary")
    ]
    stage.lab.advance(250)
    assert west(stage)["indexers"] == {f"{INDEX}-snapshot": "transientFailure"}
    for fault in faults:
        stage.lab.end(fault)
    done = stage.carry_out(step)
    assert done.errors == []
    assert any("begun again" in summary for summary in done.summaries)
    filled(stage)


def put(stage: Stage, name: str, content: str) -> None:
    """Put another file into the snapshot, and let it be copied to the other region."""
    account = "https://stfasprod.blob.core.windows.net"
    stage.azure.blobs.write(account, "search-snapshots", f"agents-v1/{name}", content.encode(), "text/plain")
    stage.lab.advance(300)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("manifest.json", "not json"),
        ("manifest.json", json.dumps({"documents": 3})),
        ("manifest.json", json.dumps({"documents": -1, "taken_at": "2026-01-01T00:00:00Z", "max_ts": 1})),
        ("manifest.json", json.dumps({"documents": 1, "taken_at": "2026-01-01T00:00:00", "max_ts": 1})),
        ("index.json", "[]"),
        ("index.json", json.dumps({"name": "x", "fields": []})),
    ],
)
def test_a_damaged_snapshot_is_said_to_be_one(stage: Stage, name: str, content: str) -> None:
    put(stage, name, content)
    refused(stage, load(), "the snapshot in search-snapshots/agents-v1 is damaged .*take another one")


def test_without_a_snapshot_it_says_so(stage: Stage) -> None:
    service = search().model_copy(update={"snapshot_container": "elsewhere"})
    step = load_search_snapshot.step(service=service, storage=files())
    refused(stage, step, "no agents-v1/manifest.json in elsewhere: there is no snapshot; take one")


def test_fewer_documents_than_promised_are_not_enough(stage: Stage) -> None:
    manifest = {"documents": 999_999, "taken_at": "2026-01-01T00:00:00Z", "max_ts": 1}
    put(stage, "manifest.json", json.dumps(manifest))
    with pytest.raises(StepFailed, match="118000 of 999999 documents loaded"):
        stage.carry_out(load())


def test_a_long_index_name_keeps_what_tells_runs_apart() -> None:
    class One:
        run_id = RUN_ID

    class Other:
        run_id = RUN_ID[:-1] + "e"

    service = search().model_copy(update={"index": "x" * 90})
    names = {recovery_index(service, One()), recovery_index(service, Other())}
    assert len(names) == 2
    assert all(len(f"{name}-snapshot") <= 128 for name in names)
