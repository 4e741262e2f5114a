"""The last known good is written down once a run, and never while the data is corrupt."""

import json
from datetime import UTC, datetime

from shared.actions.maintenance.record_integrity_manifest import record_integrity_manifest
from shared.model.plan import Step
from shared.planners.integrity import Manifest
from tests.shared.actions.changes_once import contoso
from tests.shared.actions.stage import Stage

PLATFORM = contoso().platform
ANOTHER = "maintenance-daily-20260102T000000-0a1b2c3d"


def record() -> Step:
    return record_integrity_manifest.step(services=contoso().services)


def kept(stage: Stage, service: str) -> list[Manifest]:
    blobs, where = stage.azure.blobs, (PLATFORM.records_account_url, PLATFORM.records_container)
    names = blobs.names(*where, f"integrity/{service}/")
    return [Manifest.model_validate_json(blobs.read(*where, name) or b"") for name in names]


def test_it_counts_and_samples_everything_that_tenants_have(stage: Stage) -> None:
    stage.lab.advance(30)
    done = stage.carry_out(record())
    assert set(done.outcome.evidence["manifests"]) == {
        *("agents-db", "agent-files", "agent-secrets", "training-data")
    }
    (documents,) = kept(stage, "agents-db")
    truth = stage.truth["cosmos"]["cosmos-fas-prod"]["documents"]
    for name in ("threads", "messages", "runs", "files"):
        partitions = documents.documents[name]
        assert sum(one.count for one in partitions.values()) == truth[name]
        assert all(len(one.samples) >= 6 for one in partitions.values())
    assert abs((documents.taken_at - stage.now).total_seconds()) <= 2
    (files,) = kept(stage, "agent-files")
    assert files.files["agent-files"].counts == {"contoso": 24, "fabrikam": 24}
    (secrets,) = kept(stage, "agent-secrets")
    assert len(secrets.secrets) == 3
    assert json.loads(secrets.model_dump_json())["taken_at"].startswith(f"{datetime.now(UTC):%Y}"[:2])


def test_a_run_that_is_carried_out_twice_records_once(stage: Stage) -> None:
    stage.carry_out(record())
    stage.from_now()
    stage.lab.advance(5)
    assert stage.carry_out(record()).outcome.findings == ()
    assert stage.writes == []
    stage.carry_out(record(), run_id=ANOTHER)
    assert len(kept(stage, "agents-db")) == 2


def test_corrupt_data_is_told_and_never_becomes_the_last_known_good(stage: Stage) -> None:
    stage.lab.fault("data_corruption", "cosmos-fas-prod", details={"containers": ["threads"]})
    stage.lab.advance(30)
    (finding,) = stage.carry_out(record()).outcome.findings
    assert finding.severity == "critical"
    assert "agents-db is corrupt: threads of contoso: " in finding.title
    assert "belong to another tenant" in " ".join(finding.evidence["problems"])
    assert kept(stage, "agents-db") == []
    assert len(kept(stage, "agent-files")) == 1


def test_a_container_that_is_gone_is_told(stage: Stage) -> None:
    details = {"containers": ["files"], "dropped": ["files"], "writer": "script"}
    stage.lab.fault("data_corruption", "cosmos-fas-prod", details=details)
    (finding,) = stage.carry_out(record()).outcome.findings
    assert finding.title == "agents-db is corrupt: container files is gone"


def test_documents_of_a_stranger_are_told(stage: Stage) -> None:
    def work(world):
        from infra.local.azure.services.cosmos import content

        account = next(iter(world.of_type("Microsoft.DocumentDB/databaseAccounts")))
        content.write(world, account, "threads", "nobody", {"id": "x", "tenantId": "nobody"}, "x")

    stage.lab.inside(work)
    (finding,) = stage.carry_out(record()).outcome.findings
    assert "documents of no tenant of the estate: nobody" in finding.title
