"""What is corrupt comes back as it was, beside or in place; what is sound is left alone."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.actions.action import ATTEMPTS
from shared.model.plan import Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, refused
from tests.shared.actions.corruption.scene import (
    ACCOUNT,
    DATABASE,
    FILES,
    SECRETS,
    corrupted,
    good_at,
    isolate,
    night,
    restore,
)
from tests.shared.actions.stage import Stage, StepFailed

# The lab's worlds begin at this moment; see `scene.corrupted`.
GOOD_AT = datetime(2026, 1, 1, 0, 1, 2, tzinfo=UTC)
BESIDE = "cosmos-fas-prod-r260101000102"


def account(stage: Stage, name: str = BESIDE) -> dict:
    return stage.truth["corruption"]["accounts"][name]


def quiet_and_corrupted(stage: Stage) -> None:
    """Nothing was written between the manifest and the damage, so that there is nothing to take over."""
    stage.lab.fault("endpoint_down", "api.fas.contoso.com")
    corrupted(stage)
    stage.carry_out(isolate())


def database() -> Step:
    return restore(DATABASE, GOOD_AT)


def beside_it_is_sound(stage: Stage) -> None:
    assert account(stage)["damaged"] == {}
    assert account(stage, ACCOUNT)["damaged"]["threads"]["bad"] > 100


class TestIntoANewAccount(ChangesOnce):
    scenario = Scenario(step=database, prepare=quiet_and_corrupted, reached=beside_it_is_sound)


def dropped(stage: Stage) -> None:
    corrupted(stage, writer="script", containers=["files", "runs"], dropped=["files", "runs"])


def both_are_back(stage: Stage) -> None:
    there = stage.azure.cosmos_restore.containers(DATABASE.resource_id, "agents")
    assert {"files", "runs"} <= set(there)
    assert account(stage, ACCOUNT)["damaged"] == {}


class TestDeletedContainersInTheirPlace(ChangesOnce):
    scenario = Scenario(step=database, prepare=dropped, reached=both_are_back)


def files_spoiled(stage: Stage) -> None:
    corrupted(stage, containers=["files"])
    stage.carry_out(isolate())


def files_are_good(stage: Stage) -> None:
    assert stage.truth["corruption"]["files"]["stfasprod"] == []
    assert sum(name.startswith("stfasprod/agent-files/") for name in stage.truth["blobs"]) == 48


class TestFiles(ChangesOnce):
    scenario = Scenario(step=lambda: restore(FILES, GOOD_AT), prepare=files_spoiled, reached=files_are_good)


def secrets_deleted(stage: Stage) -> None:
    corrupted(stage, containers=[], secrets=["search-api-key", "agents-db-connection"])


def secrets_are_there(stage: Stage) -> None:
    assert set(stage.truth["key_vaults"]["kv-fas-japaneast"]["secrets"].values()) == {"active"}


class TestSecrets(ChangesOnce):
    scenario = Scenario(
        step=lambda: restore(SECRETS, GOOD_AT), prepare=secrets_deleted, reached=secrets_are_there
    )


@pytest.mark.parametrize("service", [DATABASE, FILES, SECRETS], ids=lambda one: one.name)
def test_what_is_sound_is_left_alone(stage: Stage, service: object) -> None:
    night(stage)
    stage.lab.advance(10)
    stage.from_now()
    done = stage.carry_out(restore(service, GOOD_AT))
    assert done.outcome.summary.endswith("nothing is corrupt, so nothing is restored")
    assert not done.outcome.changed
    assert {entry["host"] for entry in stage.writes} == {"stfasops.blob.core.windows.net"}


def test_later_documents_that_prove_themselves_are_taken_over(stage: Stage) -> None:
    night(stage)
    stage.lab.advance(100)
    before = stage.truth["cosmos"][ACCOUNT]["documents"]
    stage.lab.fault("data_corruption", ACCOUNT, details={"rate": 20})
    stage.lab.advance(10)
    spoiled = account(stage, ACCOUNT)["damaged"]
    stage.carry_out(isolate())
    done = stage.carry_out(database())
    assert done.outcome.evidence["kept"] >= 950
    assert done.outcome.evidence["dropped"] > 0
    assert account(stage)["damaged"] == {}
    now = stage.truth["cosmos"][BESIDE]["documents"]
    assert {name: now[name] >= before[name] - spoiled[name]["bad"] for name in spoiled} == dict.fromkeys(
        spoiled, True
    )
    assert now["messages"] > before["messages"] - 20


def test_without_a_hash_nothing_later_can_be_proved(stage: Stage) -> None:
    night(stage)
    stage.lab.advance(60)
    stage.lab.fault("data_corruption", ACCOUNT)
    stage.lab.advance(10)
    stage.carry_out(isolate())
    plain = DATABASE.model_copy(update={"hash_field": None})
    done = stage.carry_out(restore(plain, GOOD_AT))
    assert done.outcome.evidence["kept"] == 0
    assert account(stage)["absent"]


def test_a_restore_that_fails_is_begun_again_until_people_are_asked(stage: Stage) -> None:
    quiet_and_corrupted(stage)
    stage.lab.fault("lro_failed", BESIDE, count=ATTEMPTS, code="ServiceUnavailable", message="no capacity")
    with pytest.raises(StepFailed, match=r"failed 3 times.*no capacity"):
        stage.carry_out(database(), poll=100)
    assert stage.carry_out(database()).outcome.changed
    beside_it_is_sound(stage)


def test_a_restore_of_files_that_fails_is_begun_again_until_people_are_asked(stage: Stage) -> None:
    files_spoiled(stage)
    stage.lab.fault("lro_failed", "stfasprod", count=ATTEMPTS, code="InternalError", message="backend")
    with pytest.raises(StepFailed, match=r"failed 3 times.*backend"):
        stage.carry_out(restore(FILES, GOOD_AT))
    stage.carry_out(restore(FILES, GOOD_AT))
    files_are_good(stage)


def test_a_deleted_container_of_files_comes_back_first(stage: Stage) -> None:
    night(stage)
    stage.lab.advance(10)

    def work(world):
        from infra.local.azure.services.blobs import store

        row = world.table(store.CONTAINERS).get("stfasprod/agent-files")
        store.delete_container(world, row)

    stage.lab.inside(work)
    stage.carry_out(restore(FILES, GOOD_AT))
    files_are_good_again = stage.azure.files.all("https://stfasprod.blob.core.windows.net", "agent-files")
    assert files_are_good_again is not None
    assert len(files_are_good_again) == 48


def test_files_that_were_written_later_are_told(stage: Stage) -> None:
    night(stage)
    stage.lab.advance(10)
    stage.azure.blobs.write(
        "https://stfasprod.blob.core.windows.net", "agent-files", "contoso/new.txt", b"new", "text/plain"
    )
    stage.lab.fault("data_corruption", ACCOUNT, details={"containers": ["files"]})
    stage.lab.advance(20)
    stage.carry_out(isolate())
    (finding,) = stage.carry_out(restore(FILES, GOOD_AT)).outcome.findings
    assert "contoso/new.txt" in finding.evidence["files"]


def test_a_hierarchical_namespace_cannot_be_restored(stage: Stage) -> None:
    files_spoiled(stage)
    stage.change(FILES.resource_id, lambda row: row["properties"].update(isHnsEnabled=True))
    with pytest.raises(StepFailed, match=r"FeatureNotSupportedForAccount.*hierarchical namespace"):
        stage.carry_out(restore(FILES, GOOD_AT))


def test_a_moment_before_the_oldest_backup_is_refused(stage: Stage) -> None:
    corrupted(stage)
    stage.carry_out(isolate())
    early = good_at(stage) - timedelta(days=31)
    with pytest.raises(
        StepFailed, match=r"can be restored to no moment before .* start again with a later good_at"
    ):
        stage.carry_out(restore(DATABASE, early))


def test_without_moment_and_manifest_people_are_asked(stage: Stage) -> None:
    refused(stage, restore(DATABASE), "nobody knows when it was good: start again with good_at")


def test_containers_that_are_certainly_corrupt_need_no_proof(stage: Stage) -> None:
    night(stage)
    stage.lab.advance(30)
    stage.carry_out(isolate())
    done = stage.carry_out(restore(DATABASE, GOOD_AT, containers=("threads",)))
    assert done.outcome.evidence["route"] == "new_account"


def test_the_manifest_from_before_the_outage_gives_the_moment(stage: Stage) -> None:
    night(stage)
    first = stage.now
    stage.lab.advance(3600)
    from shared.actions.maintenance.record_integrity_manifest import record_integrity_manifest
    from tests.shared.actions.changes_once import contoso

    stage.carry_out(record_integrity_manifest.step(services=contoso().services), run_id="another-night")
    stage.lab.advance(60)
    known = (first + timedelta(minutes=5)).isoformat()
    done = stage.carry_out(restore(DATABASE, known_since=known))
    assert abs(datetime.fromisoformat(done.outcome.evidence["good_at"]) - first) < timedelta(seconds=5)
