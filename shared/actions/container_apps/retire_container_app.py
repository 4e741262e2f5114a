"""Takes a recovered container app back to what its region holds in peace: nothing that runs."""

import re

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.resource_id import parts
from shared.model.estate import ContainerApp
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The app as the estate had it when the run began."""

    service: ContainerApp


@action(changes=True)
def retire_container_app(params: Params, call: Call) -> Outcome | Pending:
    """Deletes the recovery region's copy of a container app, once production answers again."""
    service = params.service
    running = call.operation_running()
    there = call.azure.container_apps.app(service.recovery_resource_id)
    if there is None:
        forgotten = _forget_deployments(service, call)
        if forgotten:
            return call.waiting_for(None, f"{service.name}: forgetting {', '.join(forgotten)}")
        return Outcome(
            summary=f"{service.name} no longer runs in {service.recovery_region}", changed=call.begun
        )
    if "recovered-from" not in (there.document.get("tags") or {}):
        return Outcome(
            summary=f"{service.name} in {service.recovery_region} was not made by a recovery: it stays"
        )
    if running or there.busy:
        return call.waiting_for(None, f"{service.name}: deletion in {service.recovery_region} goes on")
    production = call.azure.container_apps.app(service.resource_id)
    answer = call.azure.probe(f"https://{production.fqdn}/health") if production and production.fqdn else None
    if answer is None or not answer.healthy:
        raise CheckFailed(f"{service.name} does not answer in {service.region}: its copy stays where it is")
    operation = call.azure.container_apps.delete(there)
    return call.waiting_for(operation, f"{service.name}: deletion in {service.recovery_region} has begun")


def _forget_deployments(service: ContainerApp, call: Call) -> list[str]:
    """Take the deployments that recoveries made of this app out of the group's history; returns their names."""
    group = parts(service.recovery_resource_id).group
    twin = f"{_STEP}_{service.name.replace('-', '_')}"
    mine = re.compile(rf"({_STEP}|{twin[:40]})-[0-9a-f]{{16}}")
    found = [name for name in call.azure.deployments.names(group) if mine.fullmatch(name)]
    for name in found:
        call.azure.deployments.forget(group, name)
    return found


_STEP = "deploy_container_apps"
"""What the step is called that deployed it, as `deployment_name` says; beside a twin with the app's name."""
