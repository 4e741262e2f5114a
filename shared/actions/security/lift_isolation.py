"""Gives apps back to their tenants that were cut off from the Internet."""

from typing import Any

from shared.actions.action import Call, action
from shared.actions.security.isolate_affected_systems import has_ingress
from shared.actions.security.preserve_evidence import ingress_before, kept_evidence
from shared.errors import CheckFailed
from shared.gateways.container_apps import App
from shared.model.estate import ContainerApp
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen
from shared.planners.isolation import PREFIX


class Params(Frozen):
    """What was isolated."""

    container: str
    apps: tuple[ContainerApp, ...]
    groups: tuple[str, ...]


@action(changes=True)
def lift_isolation(params: Params, call: Call) -> Outcome | Pending:
    """Opens the apps' ingress as the evidence has it, and takes away exactly the rules that the isolation added.

    Traffic that was pinned to a revision which no longer runs goes to the latest one: the old one was the
    intruder's. In an abort with undo this runs without the security validation, which is what was asked for.
    """
    before = kept_evidence(call, params.container)
    state = call.operation_state()
    waiting = [*_open_network(params, call)]
    for service in params.apps:
        app = call.azure.container_apps.app(service.resource_id)
        ingress = ingress_before(before, service.resource_id)
        if app is None or ingress is None:
            continue
        if not app.busy and not app.failed and has_ingress(app.document):
            continue
        if app.busy or state == "running":
            waiting.append(f"{service.name} is being changed")
            continue
        operation = call.azure.app_changes.set_ingress(app, _ingress(app, ingress, call))
        waiting.append(f"ingress of {service.name} is being opened")
        if operation is not None:
            return call.waiting_for(operation, "; ".join(waiting))
    if waiting and call.azure.connection.preview is None:
        return call.waiting_for(None, "; ".join(waiting))
    names = ", ".join(service.name for service in params.apps)
    return Outcome(summary=f"{names} can be reached from the Internet again", changed=call.begun)


def _open_network(params: Params, call: Call) -> list[str]:
    waiting: list[str] = []
    for group in params.groups:
        for rule in call.azure.network.rules(group):
            if not rule.name.startswith(PREFIX):
                continue
            waiting.append(f"rule {rule.name} is being taken away")
            if rule.busy:
                continue
            if rule.state.lower() == "failed":
                call.count_failure(f"rule {rule.name} of {group} could not be taken away")
            call.azure.network.delete_rule(group, rule.name)
    return waiting


def _ingress(app: App, kept: dict[str, Any], call: Call) -> dict[str, Any]:
    """The ingress as it was, without what Azure writes into it."""
    ingress = {name: value for name, value in kept.items() if name != "fqdn" and value is not None}
    active = {one.name for one in call.azure.app_changes.revisions(app) if one.active}
    if not active:
        raise CheckFailed(f"{app.resource_id} has no active revision: deploy one, then retry")
    pinned = {one.get("revisionName") for one in ingress.get("traffic") or ()} - {None}
    if pinned - active:
        ingress["traffic"] = [{"latestRevision": True, "weight": 100}]
    return ingress
