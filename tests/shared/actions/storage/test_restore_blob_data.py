"""Deleted and overwritten files come back: one by one in a data lake, as a range in a flat account."""

from datetime import timedelta
from typing import Any

import pytest

from shared.actions.storage.restore_blob_data import BATCH, restore_blob_data
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import BeginsOperations, ChangesOnce, Scenario, refused
from tests.shared.actions.stage import Stage, StepFailed, open_stage
from tests.shared.actions.storage.stores import all_good, began, damaged, data, files, flat, lake, spoil_files


def restore(**more: Any) -> Step:
    given = {"service": lake(), "containers": ("curated", "raw"), "restore_to": began(), **more}
    return restore_blob_data.step(**given)


def restore_flat(**more: Any) -> Step:
    return restore_blob_data.step(service=flat(), containers=("agent-files",), restore_to=began(), **more)


def as_in_the_beginning(stage: Stage) -> None:
    with open_stage() as fresh:
        assert files(stage) == files(fresh)


class TestDeletedFiles(ChangesOnce):
    scenario = Scenario(step=restore, prepare=damaged("deleted"), reached=all_good, goes_on=True)


class TestOverwrittenFiles(ChangesOnce):
    scenario = Scenario(step=restore, prepare=damaged("overwritten"), reached=all_good, goes_on=True)


class TestADeletedContainer(ChangesOnce):
    scenario = Scenario(step=restore, prepare=damaged("container_deleted"), reached=all_good)


class TestAFlatAccount(BeginsOperations):
    scenario = Scenario(
        step=restore_flat, prepare=spoil_files, reached=as_in_the_beginning, operation="stfasprod"
    )


def test_it_says_how_far_it_has_come(stage: Stage) -> None:
    damaged("deleted")(stage)
    done = stage.carry_out(restore())
    assert done.summaries == ["training-data: 12 files are back, 0 to go"]
    assert done.outcome.summary.startswith("training-data: 12 files are back as of")
    assert BATCH >= 12


def test_a_file_that_cannot_come_back_keeps_no_other_back(stage: Stage) -> None:
    damaged("deleted")(stage)
    stage.lab.fault("error", "customer-data/2026-01", status=403)
    with pytest.raises(StepFailed, match=r"2026-01.*HTTP 403") as failed:
        stage.carry_out(restore())
    assert data(stage)["good"] == 23
    assert failed.value.tries == 2, "the first call brings the others back"


def test_throttled_it_waits_as_long_as_storage_says(stage: Stage) -> None:
    damaged("deleted")(stage)
    stage.lab.fault("throttle", "customer-data/2026-04", count=1, retry_after=9)
    begin = stage.now
    done = stage.carry_out(restore())
    assert done.errors == []
    assert [text.partition(": ")[2] for text in done.summaries] == [
        "3 files are back, 9 to go",
        "12 files are back, 0 to go",
    ]
    assert (stage.now - begin).total_seconds() >= 9


def test_only_below_the_prefix_and_in_the_containers_asked_for(stage: Stage) -> None:
    damaged("deleted")(stage)
    stage.carry_out(restore(prefix="customer-data/2026-03"))
    assert data(stage)["good"] == 13
    stage.carry_out(restore(containers=("raw",)))
    assert data(stage)["good"] == 13


def test_what_was_overwritten_without_a_snapshot_is_told(stage: Stage) -> None:
    damaged("overwritten", "raw/events")(stage)
    done = stage.carry_out(restore())
    assert len(done.outcome.findings) == 12
    first = done.outcome.findings[0]
    assert first.title == "raw/events/2026-01.jsonl was overwritten and has no snapshot from before"
    assert first.recommendation == "write it anew from its source"
    assert not done.outcome.changed


def test_a_drill_writes_nothing(stage: Stage) -> None:
    damaged("deleted")(stage)
    stage.from_now()
    done = stage.carry_out(restore(), mode=Mode.DRILL)
    assert "would bring back 12 files" in done.outcome.summary
    assert "would restore agent-files" in stage.carry_out(restore_flat(), mode=Mode.DRILL).outcome.summary
    assert stage.writes == []


def test_a_container_that_is_kept_nowhere_is_told(stage: Stage) -> None:
    refused(
        stage, restore(containers=("nothing",)), "container nothing is gone, and no deleted one of that name"
    )


def test_a_container_that_is_gone_is_no_drill(stage: Stage) -> None:
    damaged("container_deleted")(stage)
    refused(stage, restore(), "has no container curated: that is no drill", mode=Mode.DRILL)


def test_a_second_damage_is_repaired_too(stage: Stage) -> None:
    damaged("overwritten")(stage)
    stage.carry_out(restore())
    stage.lab.fault("lake_damaged", "curated/customer-data", details={"how": "deleted"})
    stage.lab.advance(60)
    stage.carry_out(restore(restore_to=stage.now - timedelta(seconds=60)))
    all_good(stage)
