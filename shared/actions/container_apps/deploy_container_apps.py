"""Deploys a container app to the recovery region, at the digest that ran in production."""

import hashlib
from datetime import timedelta
from typing import Any

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.container_apps import App
from shared.gateways.resource_id import parts
from shared.model.estate import ContainerApp
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen
from shared.planners.container_app_template import container_app_template, secrets_without_vault


class Params(Frozen):
    """The app as the estate had it when the run began."""

    service: ContainerApp


READY_WITHIN = timedelta(minutes=15)


@action(changes=True)
def deploy_container_apps(params: Params, call: Call) -> Outcome | Pending:
    """Brings a container app up in the recovery region, scaled before any traffic comes.

    The image is named by digest, so what starts is what ran. The deployment's name is made of run and step: a
    second attempt finds the first one's deployment instead of starting another.
    """
    service = params.service
    state = call.operation_state()
    production = production_app(service, call)
    template = container_app_template(service, production.document, image=production.image)
    there = call.azure.container_apps.app(service.recovery_resource_id)
    if there is not None and there.busy:
        return call.waiting_for(None, f"{service.name}: {service.recovery_region} is at work on it")
    if there is not None and there.provisioning_state == "Succeeded" and serves(service, there, template):
        replicas = call.azure.container_apps.running_replicas(there)
        if replicas >= service.recovery_replicas:
            return Outcome(
                summary=f"{service.name} runs in {service.recovery_region} with {replicas} replicas",
                changed=call.begun,
                evidence={"image": there.image, "fqdn": there.fqdn, "replicas": replicas},
            )
        return _wait(service, call, f"{replicas} of {service.recovery_replicas} replicas run")
    group, name = parts(service.recovery_resource_id).group, deployment_name(call)
    deployment = call.azure.deployments.find(group, name)
    if deployment is not None and deployment.state == "running":
        return call.waiting_for(None, f"{service.name}: deployment {name} goes on")
    # One that is over without the app as it must be is begun again under its name, which ARM allows.
    if deployment is not None and state != "failed":
        call.count_failure(deployment.detail or f"deployment {name} is done, but not what it was to deploy")
    operation = call.azure.deployments.deploy(group, name, template)
    return call.waiting_for(operation, f"{service.name}: deployment {name} has begun", ready_since=None)


def production_app(service: ContainerApp, call: Call) -> App:
    """The app as it ran in production, with an image that is named by digest."""
    production = call.azure.container_apps.app(service.resource_id)
    if production is None:
        raise CheckFailed(f"{service.resource_id} does not exist, so there is nothing to deploy from")
    if "@sha256:" not in production.image:
        raise CheckFailed(
            f"{service.name} runs {production.image}, a tag that may mean another image tomorrow: deploy it by digest"
        )
    if plain := secrets_without_vault(production.document):
        raise CheckFailed(
            f"{service.name}: Azure does not tell the values of its secrets {', '.join(plain)}: "
            "let them refer to a Key Vault, then retry"
        )
    return production


def serves(service: ContainerApp, app: App, template: dict[str, Any]) -> bool:
    """Whether the app is what the template would make of it, with enough replicas asked for."""
    wanted: dict[str, Any] = template["resources"][0]["properties"]
    return (
        _identity(app.document["properties"]) == _identity(wanted)
        and app.min_replicas >= service.recovery_replicas
    )


def _identity(properties: dict[str, Any]) -> tuple[object, ...]:
    """What makes an app the same app: containers with image and settings, and the names that it answers to."""
    containers: list[dict[str, Any]] = properties["template"]["containers"]
    ingress: dict[str, Any] = (properties.get("configuration") or {}).get("ingress") or {}
    kept = ("name", "image", "command", "args", "env")
    return (
        [{key: container.get(key) or None for key in kept} for container in containers],
        {str(domain["name"]).lower() for domain in ingress.get("customDomains") or []},
    )


def deployment_name(call: Call) -> str:
    """At most 64 characters, as ARM wants it, and the same on every attempt of the step."""
    return f"{call.step[:40]}-{hashlib.sha256(call.key.encode()).hexdigest()[:16]}"


def _wait(service: ContainerApp, call: Call, why: str) -> Pending:
    since = float(call.progress.get("ready_since") or call.now.timestamp())
    if call.now.timestamp() - since > READY_WITHIN.total_seconds():
        raise CheckFailed(
            f"{service.name} is not ready after {READY_WITHIN}: {why}; look at its revision's logs, then retry"
        )
    return call.waiting_for(None, f"{service.name}: {why}", ready_since=since)
