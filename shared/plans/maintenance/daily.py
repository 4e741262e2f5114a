"""What is done every night (seed 000, section 9.1: 02:00)."""

from datetime import timedelta

from shared.actions.maintenance.check_certificate_expiry import check_certificate_expiry
from shared.actions.maintenance.record_integrity_manifest import record_integrity_manifest
from shared.actions.maintenance.validate_backup_integrity import validate_backup_integrity
from shared.actions.readiness.check_readiness import check_readiness
from shared.model.estate import Estate, KeyVault
from shared.model.plan import Plan, PlanKind
from shared.plans.planning import NoParameters, PlanRequest, plan
from shared.plans.readiness import plans_to_check


@plan(PlanKind.MAINTENANCE)
def daily(estate: Estate, _request: PlanRequest, _parameters: NoParameters) -> Plan:
    """Checks certificates, backups and readiness, and records what the data is; one that fails stops no other."""
    return Plan(
        name="daily",
        kind=PlanKind.MAINTENANCE,
        title="Daily maintenance",
        steps=(
            check_certificate_expiry.step(
                vaults=estate.of_kind(KeyVault), critical=False, deadline=timedelta(hours=1)
            ),
            validate_backup_integrity.step(
                services=estate.services, critical=False, deadline=timedelta(hours=1)
            ),
            check_readiness.step(plans=plans_to_check(estate), critical=False, deadline=timedelta(hours=1)),
            record_integrity_manifest.step(
                services=estate.services, critical=False, deadline=timedelta(hours=1)
            ),
        ),
        approval=estate.approvals[PlanKind.MAINTENANCE],
    )
