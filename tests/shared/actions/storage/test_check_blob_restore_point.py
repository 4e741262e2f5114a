"""A moment is restorable when the account truly keeps it, and the way is said before anything is written."""

from datetime import timedelta
from typing import Any

import pytest

from shared.actions.storage.check_blob_restore_point import check_blob_restore_point
from shared.model.estate import Storage
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import refused
from tests.shared.actions.stage import Stage
from tests.shared.actions.storage.stores import flat, lake


def check(service: Storage, **more: Any) -> Step:
    return check_blob_restore_point.step(service=service, **more)


def settings(stage: Stage, service: Storage, **change: Any) -> None:
    stage.change(
        f"{service.resource_id}/blobServices/default", lambda found: found["properties"].update(change)
    )


def test_a_data_lake_is_told_apart_from_a_flat_account(stage: Stage) -> None:
    moment = stage.now - timedelta(days=13)
    told = stage.carry_out(check(lake(), restore_to=moment)).outcome
    assert (
        "is a data lake, for which Azure has no range restore: deleted files are undeleted one by one"
        in told.summary
    )
    assert told.evidence["kept"] == {
        "hierarchical": True,
        "file_days": 14,
        "container_days": 14,
        "restore_days": 0,
    }
    assert (
        "is a flat account: its containers are restored as ranges"
        in stage.carry_out(check(flat(), restore_to=moment)).outcome.summary
    )
    assert stage.writes == []


def test_what_lies_too_far_back_is_refused_with_both_numbers(stage: Stage) -> None:
    refused(
        stage,
        check(lake(), restore_to=stage.now - timedelta(days=15)),
        "lies 15.0 days back, training-data can be restored for 14.0 days: what was lost before that must come",
    )


def test_what_the_account_keeps_counts_not_what_the_estate_hopes(stage: Stage) -> None:
    settings(stage, lake(), deleteRetentionPolicy={"enabled": True, "days": 3})
    refused(stage, check(lake(), restore_to=stage.now - timedelta(days=5)), "can be restored for 3.0 days")


@pytest.mark.parametrize(
    ("which", "policy", "said"),
    [
        (lake, "deleteRetentionPolicy", "soft delete of blobs is not switched on for training-data"),
        (flat, "restorePolicy", "point-in-time restore is not switched on for agent-files"),
    ],
)
def test_an_account_that_keeps_nothing_says_so(stage: Stage, which: Any, policy: str, said: str) -> None:
    settings(stage, which(), **{policy: {"enabled": False}})
    refused(stage, check(which(), restore_to=stage.now - timedelta(hours=1)), said)


def test_a_moment_in_the_future_is_refused(stage: Stage) -> None:
    refused(stage, check(lake(), restore_to=stage.now + timedelta(hours=1)), "lies in the future")


def test_an_estate_that_takes_a_lake_for_flat_is_corrected(stage: Stage) -> None:
    wrong = lake().model_copy(update={"hierarchical": False})
    refused(stage, check(wrong, restore_to=stage.now), "is a data lake, the estate says flat: correct")


def test_a_store_that_is_gone_cannot_be_restored(stage: Stage) -> None:
    nowhere = lake().model_copy(update={"resource_id": lake().resource_id + "x"})
    refused(stage, check(nowhere, restore_to=stage.now), "does not exist: a store that is gone")


def test_a_drill_names_no_moment(stage: Stage) -> None:
    assert stage.carry_out(check(lake()), mode=Mode.DRILL).outcome.findings == ()
