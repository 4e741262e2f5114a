"""Serves the models of an Azure OpenAI account from its sibling in the recovery region."""

from collections.abc import Iterator

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.openai import Deployed
from shared.model.estate import ModelDeployment, OpenAi
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The accounts and their models as the estate had them when the run began."""

    service: OpenAi


@action(changes=True)
def failover_openai(params: Params, call: Call) -> Outcome | Pending:
    """Deploys every model on the account in the recovery region, and asks each of them a question.

    Azure OpenAI has no failover of its own: the sibling account gets the same deployments within its region's quota,
    one after another, and the front door is led to it afterwards. A region that lacks a model or quota is told at
    once, before anything is deployed.
    """
    service, openai = params.service, call.azure.openai
    running = call.operation_running()
    endpoint = openai.endpoint(service.recovery_resource_id)
    if endpoint is None:
        raise CheckFailed(
            f"{service.recovery_resource_id} does not exist: create the account in "
            f"{service.recovery_region}, then retry"
        )
    there = {one.name.lower(): one for one in openai.deployments(service.recovery_resource_id)}
    if running or any(one.busy for one in there.values()):
        return call.waiting_for(None, f"{service.name}: {service.recovery_region} is deploying")
    wanted = [one for one in service.deployments if not serves(there.get(one.name.lower()), one)]
    if wanted:
        if gaps := tuple(lacks(service, there, call)):
            raise CheckFailed(
                f"{service.name} cannot be served from {service.recovery_region}: {'; '.join(gaps)}"
            )
        first, known = wanted[0], there.get(wanted[0].name.lower())
        ours = known is None or known.ours
        operation = openai.deploy(service.recovery_resource_id, first, ours=ours)
        return call.waiting_for(
            operation, f"{service.name}: {first.name} is being deployed, {len(wanted) - 1} to go"
        )
    silent = {
        one.name: why
        for one in service.deployments
        if (why := openai.silence(service.recovery_resource_id, endpoint, one.name))
    }
    if silent:
        told = "; ".join(f"{name}: {why}" for name, why in silent.items())
        raise CheckFailed(
            f"{service.name}: deployed in {service.recovery_region}, but {told}", retryable=True
        )
    return Outcome(
        summary=f"{service.name}: {len(service.deployments)} models answer from {service.recovery_region}",
        changed=call.begun,
        evidence={"endpoint": endpoint, "deployments": [one.name for one in service.deployments]},
    )


def serves(there: Deployed | None, wanted: ModelDeployment) -> bool:
    """Whether a deployment is what the estate wants, with at least its capacity."""
    return (
        there is not None
        and there.state.lower() == "succeeded"
        and (there.model, there.version, there.sku) == (wanted.model, wanted.version, wanted.sku)
        and there.capacity >= wanted.capacity
    )


def lacks(service: OpenAi, there: dict[str, Deployed], call: Call) -> Iterator[str]:
    """What stands between the recovery account and the models that it does not serve yet, each with its remedy."""
    for wanted in service.deployments:
        found = there.get(wanted.name.lower())
        if serves(found, wanted):
            continue
        if found is not None and found.model != wanted.model and not found.ours:
            yield f"its deployment {wanted.name} serves {found.model}, not {wanted.model}: rename one of them"
            continue
        room = call.azure.openai.room(service.recovery_region, wanted)
        same = found is not None and (found.model, found.sku) == (wanted.model, wanted.sku)
        needed = wanted.capacity - (found.capacity if found is not None and same else 0)
        if room.left is None:
            yield (
                f"{service.recovery_region} has no {wanted.model} {wanted.version} as {wanted.sku}: "
                "choose a version that it has"
            )
        elif room.left < needed:
            yield (
                f"{wanted.name} needs {needed} thousand tokens a minute of {wanted.model} more, "
                f"{service.recovery_region} leaves {room.left:g}: ask for quota, or lower the capacity in the estate"
            )
