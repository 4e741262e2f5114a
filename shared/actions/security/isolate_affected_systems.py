"""Cuts what was broken into off from the Internet."""

from shared.actions.action import Call, action
from shared.actions.security.preserve_evidence import kept_evidence
from shared.errors import CheckFailed
from shared.gateways.network import Rule
from shared.model.estate import ContainerApp
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen
from shared.planners.isolation import isolation_rules


class Params(Frozen):
    """Apps whose ingress is closed, and the network security groups before them."""

    container: str
    apps: tuple[ContainerApp, ...]
    groups: tuple[str, ...]
    open_outbound: tuple[str, ...]


@action(changes=True)
def isolate_affected_systems(params: Params, call: Call) -> Outcome | Pending:
    """Denies traffic from and to the Internet before the affected apps, and closes their ingress.

    What the apps need to start again (their registry, signing in) stays open. The rules are ours by name, so that
    they can be taken away exactly as they were added; the ingress as it was lies in the evidence, without which
    nothing is changed.
    """
    kept_evidence(call, params.container)
    state = call.operation_state()
    waiting = [*_cut_network(params, call)]
    for service in params.apps:
        app = call.azure.container_apps.app(service.resource_id)
        if app is None:
            continue
        if app.busy or state == "running":
            waiting.append(f"{service.name} is being changed")
        elif has_ingress(app.document) or app.failed:
            operation = call.azure.app_changes.set_ingress(app, None)
            waiting.append(f"ingress of {service.name} is being closed")
            if operation is not None:
                return call.waiting_for(operation, "; ".join(waiting))
    if waiting and call.azure.connection.preview is None:
        return call.waiting_for(None, "; ".join(waiting), begun=True)
    names = ", ".join(service.name for service in params.apps)
    return Outcome(
        summary=f"{names} cut off from the Internet by rules in {len(params.groups)} networks",
        changed=call.begun,
        evidence={"groups": list(params.groups), "apps": [service.name for service in params.apps]},
    )


def _cut_network(params: Params, call: Call) -> list[str]:
    """Set the rules that are missing; returns what is not in force yet."""
    waiting: list[str] = []
    for group in params.groups:
        existing = call.azure.network.rules(group)
        try:
            wanted = isolation_rules(existing, params.open_outbound)
        except ValueError as error:
            raise CheckFailed(f"{group}: {error}, then retry") from error
        there = {rule.name: rule for rule in existing}
        for name, properties in wanted.items():
            rule = there.get(name)
            if in_force(rule, properties):
                continue
            waiting.append(f"rule {name} is being set")
            if rule is not None and rule.busy:
                continue
            if rule is not None and rule.state.lower() == "failed":
                call.count_failure(f"rule {name} of {group} could not be set")
            call.azure.network.put_rule(group, name, properties)
    return waiting


def in_force(rule: Rule | None, wanted: dict[str, object]) -> bool:
    """Whether a rule says what is wanted, and Azure is done with it."""
    return (
        rule is not None
        and rule.state.lower() == "succeeded"
        and all(rule.properties.get(field) == value for field, value in wanted.items())
    )


def has_ingress(document: dict[str, object]) -> bool:
    """Whether an app takes requests at all."""
    properties = document.get("properties")
    configuration = properties.get("configuration") if isinstance(properties, dict) else None
    return bool(configuration.get("ingress")) if isinstance(configuration, dict) else False
