"""Moves the write region of a Cosmos DB account back to where it belongs."""

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.model.estate import CosmosDb
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The account as the estate had it when the run began."""

    service: CosmosDb


@action(changes=True)
def failback_cosmos_db(params: Params, call: Call) -> Outcome | Pending:
    """Brings the primary region of a Cosmos DB account online again and makes it the write region.

    Only ever gracefully: a primary that does not answer is no place to go back to.
    """
    service = params.service
    state = call.operation_state()
    account = call.azure.cosmos.account(service.resource_id)
    if account.write_region == service.region and not account.busy:
        return Outcome(summary=f"{service.name} writes in {service.region} again", changed=call.begun)
    if state == "running" or account.busy:
        return call.waiting_for(None, f"{service.name}: the way back to {service.region} goes on")
    if not account.online.get(service.region, False):
        if call.progress.get("asked_online") and state != "failed":
            raise CheckFailed(
                f"{service.name}: {service.region} does not come online; nothing goes back to it yet"
            )
        operation = call.azure.cosmos.bring_region_online(account, service.region)
        return call.waiting_for(
            operation, f"{service.name}: {service.region} comes online", asked_online=True
        )
    operation = call.azure.cosmos.fail_over_gracefully(account, service.region)
    return call.waiting_for(operation, f"{service.name}: the way back to {service.region} has begun")
