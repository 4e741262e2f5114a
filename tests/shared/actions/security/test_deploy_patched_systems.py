"""Only the patched image runs, by digest; it is imported where it is missing."""

from typing import Any

import pytest

from shared.actions.action import ATTEMPTS
from tests.shared.actions.changes_once import ChangesOnce, Scenario, refused
from tests.shared.actions.security.breach import APP, broken_into, carried_out_before, facts, planned
from tests.shared.actions.stage import Stage, StepFailed

prepared = carried_out_before("deploy_patched_systems")


def deploy(**params: Any) -> Any:
    step = planned("deploy_patched_systems")
    return step.model_copy(update={"params": {**step.params, **params}})


def runs_patched(stage: Stage) -> None:
    active = [
        row["properties"]
        for key, row in stage.truth["resources"].items()
        if "/revisions/" in key and row["properties"].get("active")
    ]
    (revision,) = active
    (container,) = revision["template"]["containers"]
    assert container["image"] == f"{facts.REPOSITORY}@{facts.PATCHED}"
    assert set(stage.truth["security"]["assessments"].values()) == {"Healthy"}


def imported(stage: Stage) -> None:
    """As prepared, and the registry has the patched image already."""

    def have(world: Any) -> None:
        world.table("repository").put(facts.REPOSITORY, {"digests": [facts.VULNERABLE, facts.PATCHED]})

    prepared(stage)
    stage.lab.inside(have)


class TestOnce(ChangesOnce):
    scenario = Scenario(step=deploy, prepare=imported, reached=runs_patched)


@pytest.mark.parametrize("fault", ["ack_lost", "throttle", "error"])
def test_an_import_that_goes_wrong_is_begun_again(stage: Stage, fault: str) -> None:
    """It takes no key of ours; the same digest again is the same image."""
    prepared(stage)
    stage.lab.fault(fault, "importImage", count=1)
    assert len(stage.carry_out(deploy()).errors) == 1
    runs_patched(stage)


def test_tenants_are_served_from_the_old_one_until_the_new_one_is_ready(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.carry_out(deploy())
    stage.lab.advance(10)
    assert stage.lab.tenant("contoso")["failed"] == 0
    assert stage.healthy("contoso")


def test_an_image_that_is_there_is_not_imported(stage: Stage) -> None:
    imported(stage)
    stage.from_now()
    stage.carry_out(deploy())
    assert [write["method"] for write in stage.writes] == ["PATCH"]


def test_where_many_revisions_run_at_once_the_others_are_stopped(stage: Stage) -> None:
    def many(app: Any) -> None:
        app["properties"]["configuration"]["activeRevisionsMode"] = "Multiple"

    stage.change(APP.resource_id, many)
    broken_into(stage)
    done = stage.carry_out(deploy())
    assert len(done.outcome.evidence["stopped"]) == 2
    runs_patched(stage)


@pytest.mark.parametrize("tag", ["latest", "v1.2.3", "sha256:abc"])
def test_a_tag_is_refused(stage: Stage, tag: str) -> None:
    refused(stage, deploy(digest=tag), f"{tag} is no digest .*a tag is not deployed")


def test_an_image_that_nobody_has_is_told(stage: Stage) -> None:
    with pytest.raises(StepFailed, match=r"failed 3 times.*ImportImageManifestNotFound"):
        stage.carry_out(deploy(digest=f"sha256:{'ab' * 32}"))


def test_a_revision_that_does_not_start_is_told(stage: Stage) -> None:
    """Cut off from its registry, no image can be pulled: why the isolation leaves that open."""
    prepared(stage)
    group = planned("isolate_affected_systems").params["groups"][0]
    stage.azure.network.delete_rule(group, "foundry-ops-isolate-allow-azurecontainerregistry")
    stage.lab.advance(10)
    with pytest.raises(StepFailed, match=r"does not start: Failed to pull image"):
        stage.carry_out(deploy())


def test_an_operation_that_fails_is_begun_again_until_people_are_asked(stage: Stage) -> None:
    prepared(stage)
    place = "containerApps/ca-agent-service"
    stage.lab.fault("lro_failed", place, count=ATTEMPTS, code="Conflict", message="the backend was busy")
    with pytest.raises(StepFailed, match=r"failed 3 times.*the backend was busy"):
        stage.carry_out(deploy())
    stage.carry_out(deploy())
    runs_patched(stage)
