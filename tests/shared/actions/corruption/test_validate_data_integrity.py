"""Anything less or different than what was known to be good fails, and it is said what."""

import pytest

from shared.actions.corruption.validate_data_integrity import validate_data_integrity
from shared.actions.notes import note
from shared.actions.restoration import Restoration, note_name
from tests.shared.actions.changes_once import refused
from tests.shared.actions.corruption.scene import (
    DATABASE,
    FILES,
    SECRETS,
    corrupted,
    good_at,
    night,
    validate,
)
from tests.shared.actions.stage import RUN_ID, Stage, StepFailed


def decided(stage: Stage, service, account_id: str | None = None) -> None:
    """The restore has decided, and says that the data is where it was."""
    from shared.actions.action import Call
    from shared.model.plan import Mode

    call = Call(stage.estate, stage.azure, RUN_ID, "restore", Mode.REAL, stage.now)
    where = account_id or service.resource_id
    found = Restoration(
        service=service.name, route="nothing", good_at=good_at(stage), account_id=where, containers=()
    )
    note(call, note_name(service), found)


@pytest.mark.parametrize("service", [DATABASE, FILES, SECRETS], ids=lambda one: one.name)
def test_more_is_no_loss(stage: Stage, service) -> None:
    night(stage)
    stage.lab.advance(30)
    decided(stage, service)
    stage.from_now()
    done = stage.carry_out(validate(service))
    assert "is what it was at 2026-01-01T00:0" in done.outcome.summary
    assert not done.outcome.changed
    assert stage.writes == []


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("deleted", r"documents of threads of contoso: \d+ of \d+ are missing"),
        ("moved", r"threads of contoso: \d+ documents belong to another tenant"),
        ("overwritten", r"threads of contoso: \d+ of the newest 50 do not match their hash"),
    ],
)
def test_every_kind_of_damage_is_found(stage: Stage, kind: str, said: str) -> None:
    corrupted(stage, containers=["threads"], kinds=[kind], writer="script")
    decided(stage, DATABASE)
    refused(stage, validate(DATABASE), said)


def test_files_that_are_less_or_different_are_found(stage: Stage) -> None:
    corrupted(stage, containers=["files"])
    decided(stage, FILES)
    refused(stage, validate(FILES), "agent-files is not sound: .*are missing.*is different")


def test_a_secret_that_is_gone_is_found(stage: Stage) -> None:
    corrupted(stage, containers=[], secrets=["search-api-key"])
    decided(stage, SECRETS)
    refused(stage, validate(SECRETS), "secret search-api-key is gone")


def test_an_account_that_is_not_there_proves_nothing(stage: Stage) -> None:
    night(stage)
    decided(stage, DATABASE, DATABASE.resource_id + "-other")
    with pytest.raises(StepFailed):
        stage.carry_out(validate(DATABASE))


def test_without_a_manifest_it_says_what_it_cannot_tell(stage: Stage) -> None:
    stage.lab.advance(30)
    decided(stage, DATABASE)
    done = stage.carry_out(validate(DATABASE))
    (finding,) = done.outcome.findings
    assert "has no manifest from before" in finding.title


def test_it_comes_after_the_restore(stage: Stage) -> None:
    refused(stage, validate_data_integrity.step(service=DATABASE), "restore_from_backup comes first")
