"""A restore is believed when nothing that could come back is still missing."""

from typing import Any

from shared.actions.storage.restore_blob_data import restore_blob_data
from shared.actions.storage.validate_blob_data import validate_blob_data
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import refused
from tests.shared.actions.stage import Stage
from tests.shared.actions.storage.stores import began, damaged, flat, lake, spoil_files

LAKE: dict[str, Any] = {"service": lake(), "containers": ("curated", "raw"), "restore_to": began()}
FLAT: dict[str, Any] = {"service": flat(), "containers": ("agent-files",), "restore_to": began()}


def validate(**more: Any) -> Step:
    return validate_blob_data.step(**{**LAKE, **more})


def test_a_lake_that_is_whole_passes(stage: Stage) -> None:
    done = stage.carry_out(validate())
    assert done.outcome.summary == "training-data holds curated: 12 files, raw: 12 files"
    assert stage.writes == []


def test_what_is_still_missing_is_named(stage: Stage) -> None:
    damaged("deleted")(stage)
    refused(
        stage, validate(), "curated: 12 files are not as they were: customer-data/2026-01.jsonl, .* and more"
    )
    assert stage.carry_out(validate(), mode=Mode.DRILL).outcome.evidence["files"] == {"curated": 0, "raw": 12}
    stage.carry_out(restore_blob_data.step(**LAKE))
    assert stage.carry_out(validate()).outcome.findings == ()


def test_a_container_that_is_gone_is_told(stage: Stage) -> None:
    damaged("container_deleted")(stage)
    refused(stage, validate(), "has no container curated: restore it again")


def test_what_cannot_come_back_is_a_finding(stage: Stage) -> None:
    damaged("overwritten", "raw/events")(stage)
    assert len(stage.carry_out(validate()).outcome.findings) == 12


def test_a_flat_account_must_say_that_its_restore_is_complete(stage: Stage) -> None:
    spoil_files(stage)
    step = validate_blob_data.step(**FLAT)
    refused(stage, step, r"the restore of its blobs is not complete \(none\)")
    stage.carry_out(restore_blob_data.step(**FLAT))
    assert stage.carry_out(step).outcome.summary == "agent-files holds agent-files: 48 files"
