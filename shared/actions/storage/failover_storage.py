"""Moves the primary of a geo-redundant storage account to its other region."""

from datetime import datetime

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.model.estate import Storage
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode
from shared.model.wire import Frozen


class Params(Frozen):
    """The account, and when the outage began: what had not been copied by then is lost.

    `planned`: both regions are there, so nothing may be lost; the way back is always planned.
    """

    service: Storage
    outage_started_at: datetime | None = None
    planned: bool = False


@action(changes=True)
def failover_storage(params: Params, call: Call) -> Outcome | Pending:
    """Makes the recovery region the primary of a storage account.

    A drill fails over as planned, which keeps geo-replication. In an outage the failover is unplanned: writes
    after the last synchronisation are lost, and the account is locally redundant until somebody changes that.
    """
    service = params.service
    running = call.operation_running()
    account = call.azure.storage.account(service.resource_id)
    if account.primary == service.recovery_region and not account.failing_over:
        lost = call.progress.get("unsynced_seconds")
        return Outcome(
            summary=f"{service.name} is served from {service.recovery_region} as {account.sku}",
            changed=call.begun,
            evidence={"primary": account.primary, "sku": account.sku, "unsynced_seconds": lost},
        )
    if running or account.failing_over:
        return call.waiting_for(None, f"{service.name}: failover to {service.recovery_region} goes on")
    if account.secondary != service.recovery_region:
        raise CheckFailed(
            f"{service.name} has no copy in {service.recovery_region} ({account.sku}): "
            "make it geo-redundant, then retry"
        )
    unsynced = 0.0
    if account.last_sync is not None:
        unsynced = max(((params.outage_started_at or call.now) - account.last_sync).total_seconds(), 0.0)
    planned = params.planned or call.mode is Mode.DRILL
    operation = call.azure.storage.fail_over(account, planned=planned)
    return call.waiting_for(
        operation,
        f"{service.name}: failover to {service.recovery_region} has begun",
        unsynced_seconds=round(unsynced, 1),
    )
