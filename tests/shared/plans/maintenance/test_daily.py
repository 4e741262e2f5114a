"""The nightly checks run side by side, and none stops another."""

from shared.model.estate import KeyVault
from shared.model.plan import Mode, Plan, PlanKind
from shared.plans.maintenance.daily import daily
from shared.plans.planning import PlanRequest
from tests.shared.actions.stage import Stage, contoso

REQUEST = PlanRequest(mode=Mode.REAL)


def test_it_checks_certificates_backups_and_readiness_side_by_side() -> None:
    plan = daily(contoso(), REQUEST)
    assert [(step.name, step.needs, step.critical) for step in plan.steps] == [
        ("check_certificate_expiry", (), False),
        ("validate_backup_integrity", (), False),
        ("check_readiness", (), False),
        ("record_integrity_manifest", (), False),
    ]
    assert plan.kind is PlanKind.MAINTENANCE
    assert plan.approval.required == 0


def test_it_changes_nothing_so_nothing_holds_it() -> None:
    assert not any(step.changes for step in daily(contoso(), REQUEST).steps)


def test_it_looks_at_the_whole_estate() -> None:
    certificates, backups, readiness, manifest = daily(contoso(), REQUEST).steps
    assert {"region_outage", "region_failback", "dr_drill"} <= {
        plan["name"] for plan in readiness.params["plans"]
    }
    assert [vault["name"] for vault in certificates.params["vaults"]] == [
        vault.name for vault in contoso().of_kind(KeyVault)
    ]
    assert [service["name"] for service in backups.params["services"]] == [
        service.name for service in contoso().services
    ]
    assert manifest.params["services"] == backups.params["services"]


def test_it_survives_the_wire() -> None:
    plan = daily(contoso(), REQUEST)
    assert Plan.from_wire(plan.to_wire()) == plan


def test_a_night_finds_what_the_sample_estate_has(stage: Stage) -> None:
    findings = [
        finding.title
        for step in daily(contoso(), REQUEST).steps
        for finding in stage.carry_out(step).outcome.findings
    ]
    assert len(findings) == 2
    assert findings[0].startswith("hooks-fas-contoso-com ends in ")
    assert {entry["host"] for entry in stage.writes} <= {"stfasops.blob.core.windows.net"}, "records only"
