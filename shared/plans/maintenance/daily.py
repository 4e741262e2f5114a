"""What is done every night (seed 000, section 9.1: 02:00)."""

from datetime import timedelta

from shared.actions.maintenance.check_certificate_expiry import check_certificate_expiry
from shared.actions.maintenance.validate_backup_integrity import validate_backup_integrity
from shared.model.estate import Estate, KeyVault
from shared.model.plan import Plan, PlanKind
from shared.plans.planning import NoParameters, PlanRequest, plan


@plan(PlanKind.MAINTENANCE)
def daily(estate: Estate, _request: PlanRequest, _parameters: NoParameters) -> Plan:
    """Checks certificates and backups, side by side; one that fails stops none of the others."""
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
        ),
        approval=estate.approvals[PlanKind.MAINTENANCE],
    )
