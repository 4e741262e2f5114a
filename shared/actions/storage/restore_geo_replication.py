"""Makes a storage account geo-redundant again that an unplanned failover left with one region."""

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.model.estate import Storage
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The account as the estate had it when the run began."""

    service: Storage


@action(changes=True)
def restore_geo_replication(params: Params, call: Call) -> Outcome | Pending:
    """Gives a storage account its geo-redundant sku back and waits until everything is copied.

    Azure copies to the paired region, which is the one that the account came from. Until the first copy is whole
    (status Bootstrap) a failover would lose what is missing, so Azure refuses it.
    """
    service = params.service
    account = call.azure.storage.account(service.resource_id)
    if account.failing_over:
        return call.waiting_for(None, f"{service.name}: a failover goes on", begun=call.begun)
    other = service.region if account.primary == service.recovery_region else service.recovery_region
    if account.secondary is None:
        call.azure.storage.change_sku(account, service.sku, copy_in=other)
        return call.waiting_for(None, f"{service.name}: {account.sku} becomes {service.sku}")
    if account.secondary != other:
        raise CheckFailed(
            f"{service.name} is copied to {account.secondary}, not to {other}: Azure chooses the pair of "
            f"{account.primary}; correct the estate, or move the account"
        )
    match account.replication.lower():
        case "live" if account.last_sync is not None:
            return Outcome(
                summary=f"{service.name} is {account.sku} and copied to {other}",
                changed=call.begun,
                evidence={"sku": account.sku, "last_sync": account.last_sync.isoformat()},
            )
        case "unavailable":
            raise CheckFailed(
                f"{service.name}: nothing is copied to {other}, which is not available", retryable=True
            )
        case _:
            what = f"the first copy to {other} is made ({account.replication})"
            return call.waiting_for(None, f"{service.name}: {what}", begun=call.begun)
