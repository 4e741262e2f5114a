"""A backup is believed when it is whole, of this workspace, and older than the damage."""

from datetime import timedelta
from typing import Any

from shared.actions.machine_learning.verify_ml_backup import verify_ml_backup
from shared.model.plan import Step
from tests.shared.actions.changes_once import refused
from tests.shared.actions.machine_learning.backups import NAME, params, put, taken
from tests.shared.actions.stage import Stage


def verify(**more: Any) -> Step:
    return verify_ml_backup.step(**params(), **more)


def test_last_night_s_backup_is_whole(stage: Stage) -> None:
    done = stage.carry_out(verify())
    assert done.outcome.summary.endswith("holds 2 clusters")
    assert done.outcome.findings == ()
    assert len(done.outcome.evidence["sha256"]) == 64
    assert not done.outcome.changed
    assert stage.writes == []


def test_the_newest_from_before_the_damage_counts(stage: Stage) -> None:
    stage.lab.advance(3600)
    early = taken(stage, stage.now - timedelta(hours=3))
    taken(stage, stage.now)
    done = stage.carry_out(verify(before=stage.now - timedelta(hours=1)))
    assert done.outcome.evidence["blob"] == early


def test_an_old_backup_is_told(stage: Stage) -> None:
    stage.lab.advance(24 * 3600)
    (found,) = stage.carry_out(verify()).outcome.findings
    assert found.title == "ml-workspace: the backup is 30 h old"


def test_a_cluster_that_no_backup_has_is_told(stage: Stage) -> None:
    taken(stage, stage.now, lambda kept: kept["computes"].pop())
    (found,) = stage.carry_out(verify()).outcome.findings
    assert "gpu-cluster-01 is in no backup" in found.title


def test_the_store_s_copy_is_read_while_its_primary_is_out(stage: Stage) -> None:
    stage.lab.advance(200)
    stage.outage("eastus2")
    assert "holds 2 clusters" in stage.carry_out(verify()).outcome.summary


def test_without_a_backup_from_before_there_is_nothing_to_restore(stage: Stage) -> None:
    refused(
        stage, verify(before=stage.now - timedelta(days=2)), "holds no backup from before .* put one there"
    )


def test_what_is_no_backup_is_refused(stage: Stage) -> None:
    stage.lab.inside(lambda world: put(world, f"{NAME}/9999.json", b"{}"))
    refused(stage, verify(), "9999.json is no backup of a workspace")


def test_another_workspace_s_backup_is_refused(stage: Stage) -> None:
    def another(kept: Any) -> None:
        kept["workspace"]["id"] += "-other"

    taken(stage, stage.now, another)
    refused(stage, verify(), "is a backup of .*-other, not of")
