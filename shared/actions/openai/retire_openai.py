"""Takes the models away from the recovery region's account that a failover has put there."""

from shared.actions.action import Call, action
from shared.model.estate import OpenAi
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The accounts and their models as the estate had them when the run began."""

    service: OpenAi


@action(changes=True)
def retire_openai(params: Params, call: Call) -> Outcome | Pending:
    """Removes the deployments that a failover made, which frees their quota; what stood there before stays.

    Only what carries this app's tag and a name of the estate goes.
    """
    service = params.service
    running = call.operation_running()
    names = {one.name.lower() for one in service.deployments}
    there = [
        one
        for one in call.azure.openai.deployments(service.recovery_resource_id)
        if one.ours and one.name.lower() in names
    ]
    if running or any(one.busy for one in there):
        return call.waiting_for(
            None, f"{service.name}: {service.recovery_region} is at work on its deployments"
        )
    if not there:
        return Outcome(
            summary=f"{service.name}: no deployment of ours is left in {service.recovery_region}",
            changed=call.begun,
        )
    operation = call.azure.openai.remove(service.recovery_resource_id, there[0].name)
    return call.waiting_for(
        operation, f"{service.name}: {there[0].name} goes, {len(there) - 1} more after it"
    )
