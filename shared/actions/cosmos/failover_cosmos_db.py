"""Moves the write region of a Cosmos DB account to the recovery region."""

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.model.estate import CosmosDb
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode
from shared.model.wire import Frozen


class Params(Frozen):
    """The account as the estate had it when the run began."""

    service: CosmosDb


@action(changes=True)
def failover_cosmos_db(params: Params, call: Call) -> Outcome | Pending:
    """Makes the recovery region the write region of a Cosmos DB account.

    A drill changes the failover priorities, which loses nothing and needs both regions connected. In a real
    outage that would hang (Microsoft Learn: manual failover must not be triggered during an outage), so the
    region that is out is taken offline, which may lose writes that had not been replicated.
    """
    service = params.service
    running = call.operation_running()
    account = call.azure.cosmos.account(service.resource_id)
    if account.write_region == service.recovery_region and not account.busy:
        return Outcome(
            summary=f"{service.name} writes in {service.recovery_region}",
            changed=call.begun,
            evidence={"write_region": account.write_region, "regions": list(account.regions)},
        )
    if running or account.busy:
        return call.waiting_for(None, f"{service.name}: failover to {service.recovery_region} goes on")
    if service.recovery_region not in account.regions:
        raise CheckFailed(
            f"{service.name} has no replica in {service.recovery_region}: add that region to the account, then retry"
        )
    if not account.online.get(service.recovery_region, False):
        raise CheckFailed(
            f"{service.name}: the replica in {service.recovery_region} is not online: bring it online, then retry"
        )
    # Only the region that is out is ever given up; where a third one has taken over, nothing more is lost.
    if call.mode is Mode.DRILL or account.write_region != service.region:
        operation = call.azure.cosmos.fail_over_gracefully(account, service.recovery_region)
    else:
        operation = call.azure.cosmos.take_region_offline(account, service.region)
    return call.waiting_for(operation, f"{service.name}: failover to {service.recovery_region} has begun")
