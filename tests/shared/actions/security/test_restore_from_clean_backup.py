"""What the intruder changed is taken back, from what Azure kept of before."""

from datetime import timedelta
from typing import Any

import pytest

from shared.actions.action import ATTEMPTS
from tests.shared.actions.changes_once import ChangesOnce, Scenario, refused
from tests.shared.actions.security.breach import (
    APP,
    EAST,
    SINCE,
    broken_into,
    carried_out_before,
    facts,
    intruder,
    planned,
)
from tests.shared.actions.stage import Stage, StepFailed

prepared = carried_out_before("restore_from_clean_backup")


def restore(**params: Any) -> Any:
    step = planned("restore_from_clean_backup")
    return step.model_copy(update={"params": {**step.params, **params}})


def is_clean(stage: Stage) -> None:
    (container,) = stage.properties(APP.resource_id)["template"]["containers"]
    assert "HTTPS_PROXY" not in {one["name"] for one in container["env"]}
    assert container["image"].endswith(facts.PATCHED), "the image must stay patched"
    assert "sign tokens of any tenant" not in intruder(stage)["can"]


class TestOnce(ChangesOnce):
    scenario = Scenario(step=restore, prepare=prepared, reached=is_clean)


def test_what_was_changed_is_told_without_its_values(stage: Stage) -> None:
    prepared(stage)
    outcome = stage.carry_out(restore()).outcome
    assert outcome.evidence["taken_back"] == [
        "agent-service: settings HTTPS_PROXY of container agent-service",
        f"secret tenant-signing-key of {EAST}",
    ]
    (finding,) = outcome.findings
    assert "may have read the old value" in finding.title


def test_the_secret_is_the_one_from_before(stage: Stage) -> None:
    values = stage.azure.secret_values
    before = values.value(EAST, "tenant-signing-key")
    prepared(stage)
    assert values.value(EAST, "tenant-signing-key") != before
    stage.carry_out(restore())
    assert values.value(EAST, "tenant-signing-key") == before


def test_without_a_moment_nothing_counts_as_the_intruders(stage: Stage) -> None:
    broken_into(stage)
    stage.from_now()
    assert not stage.carry_out(restore(since=None)).outcome.changed
    assert stage.writes == []


def test_what_has_no_past_is_told(stage: Stage) -> None:
    broken_into(stage)
    before = (SINCE - timedelta(days=1)).isoformat()
    refused(
        stage, restore(since=before, vaults=[]), "Azure knows no revision from before 2025-12-31 00:00 UTC"
    )


def test_a_secret_without_a_clean_version_is_told(stage: Stage) -> None:
    broken_into(stage)
    before = (SINCE - timedelta(days=900)).isoformat()
    refused(stage, restore(since=before), "secret tenant-signing-key has no version from before")


def test_an_operation_that_fails_is_begun_again_until_people_are_asked(stage: Stage) -> None:
    prepared(stage)
    place = "containerApps/ca-agent-service"
    stage.lab.fault("lro_failed", place, count=ATTEMPTS, code="Conflict", message="the backend was busy")
    with pytest.raises(StepFailed, match=r"failed 3 times.*the backend was busy"):
        stage.carry_out(restore())
    assert stage.carry_out(restore()).outcome.changed
    is_clean(stage)
