"""What a recovery would restore from is proved to be there and fresh."""

import pytest

from shared.actions.maintenance.validate_backup_integrity import validate_backup_integrity
from shared.model.estate import AiSearch, CosmosDb, MlWorkspace, Storage
from shared.model.plan import Step
from tests.shared.actions.changes_once import contoso
from tests.shared.actions.search.test_load_search_snapshot import put
from tests.shared.actions.stage import Stage, StepFailed


def check(**params: object) -> Step:
    return validate_backup_integrity.step(services=contoso().services, **params)


def titles(stage: Stage, step: Step | None = None) -> list[str]:
    outcome = stage.carry_out(step or check()).outcome
    assert not outcome.changed
    assert all(finding.recommendation for finding in outcome.findings)
    return [finding.title for finding in outcome.findings]


def test_backups_that_are_there_and_fresh_need_nobody(stage: Stage) -> None:
    done = stage.carry_out(check())
    assert done.outcome.findings == ()
    assert done.outcome.summary == "backups of 10 services: all there and fresh"
    assert stage.writes == []


def test_an_old_snapshot_is_found(stage: Stage) -> None:
    stage.lab.clock.advance(10 * 3600)
    assert titles(stage) == ["agent-search: the snapshot is 34 h old"]


@pytest.mark.parametrize(
    "content", ["", "{", '{"documents": "many"}', '{"documents": 1, "taken_at": "2026-01-01"}']
)
def test_a_damaged_snapshot_is_found_and_the_rest_is_still_looked_at(stage: Stage, content: str) -> None:
    put(stage, "manifest.json", content)
    (title,) = titles(stage)
    assert title.startswith("agent-search: no usable search snapshot: agent-search: the snapshot in")


def test_an_empty_snapshot_is_found(stage: Stage) -> None:
    taken = stage.now.isoformat()
    put(stage, "manifest.json", f'{{"documents": 0, "taken_at": "{taken}", "max_ts": 1}}')
    assert titles(stage) == ["agent-search: the snapshot is empty"]


def test_a_missing_snapshot_is_found(stage: Stage) -> None:
    services = [
        service.model_copy(update={"snapshot_container": "elsewhere"})
        if isinstance(service, AiSearch)
        else service
        for service in contoso().services
    ]
    (title,) = titles(stage, validate_backup_integrity.step(services=services))
    assert "there is no snapshot" in title


def test_geo_replication_that_stands_still_is_found(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.outage("japanwest")
    stage.lab.advance(1800)
    storage = validate_backup_integrity.step(services=contoso().of_kind(Storage))
    (title,) = titles(stage, storage)
    assert title.startswith("agent-files: the copy stands at 20")


def test_an_account_without_copy_is_found(stage: Stage) -> None:
    def local(resource: dict) -> None:
        resource["sku"]["name"] = "Standard_LRS"
        resource["properties"].pop("secondaryLocation")

    stage.change(contoso().of_kind(Storage)[0].resource_id, local)
    assert "agent-files: Standard_LRS has no copy in another region" in titles(stage)


def test_a_database_without_continuous_backup_is_found(stage: Stage) -> None:
    database = contoso().of_kind(CosmosDb)[0].resource_id
    stage.change(database, lambda resource: resource["properties"].update(backupPolicy={"type": "Periodic"}))
    assert titles(stage) == ["agents-db: continuous backup has nothing to restore from"]


def test_a_backup_that_reaches_back_too_little_is_found(stage: Stage) -> None:
    (title,) = titles(stage, check(restorable_for_at_least="P60D"))
    assert title.startswith("agents-db: restorable only since ")


def test_what_cannot_be_read_is_no_missing_backup(stage: Stage) -> None:
    stage.lab.fault("error", "stfasprod", status=403, code="AuthorizationFailed")
    with pytest.raises(StepFailed, match=r"403.*AuthorizationFailed"):
        stage.carry_out(validate_backup_integrity.step(services=contoso().of_kind(Storage)))


def test_a_workspace_without_a_fresh_configuration_backup_is_a_finding(stage: Stage) -> None:
    workspace = contoso().of_kind(MlWorkspace)[0]
    step = validate_backup_integrity.step(services=(workspace,))
    assert stage.carry_out(step).outcome.findings == ()
    stage.lab.advance(24 * 3600)
    (late,) = stage.carry_out(step).outcome.findings
    assert late.title == "ml-workspace: the configuration backup is 30 h old"
    nowhere = workspace.model_copy(update={"backup_container": "elsewhere"})
    (none,) = stage.carry_out(validate_backup_integrity.step(services=(nowhere,))).outcome.findings
    assert "no usable configuration backup" in none.title
