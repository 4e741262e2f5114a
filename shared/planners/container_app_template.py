"""Makes the ARM template that brings a production container app up in the recovery region."""

from typing import Any

from shared.model.estate import ContainerApp
from shared.model.wire import Wire

API_VERSION = "2025-07-01"


def container_app_template(service: ContainerApp, production: Wire, *, image: str) -> Wire:
    """A template with one resource: the production app, in the recovery environment, at that image digest.

    `production` is the app in ARM's shape. What belongs to the old place (its environment, its fqdn, traffic
    weights that name old revisions, state that Azure keeps) stays behind. Host names are bound again, with the
    certificate of the same name in the recovery environment: tenants come under their own name. The app starts
    with the replicas that the estate asks for, so that it is scaled before traffic comes.
    """
    properties: dict[str, Any] = production["properties"]
    configuration: dict[str, Any] = dict(properties.get("configuration") or {})
    ingress: dict[str, Any] | None = configuration.get("ingress")
    if ingress:
        configuration["ingress"] = {
            key: value for key, value in ingress.items() if key not in {"fqdn", "traffic", "customDomains"}
        } | {"traffic": [{"latestRevision": True, "weight": 100}]}
        if domains := ingress.get("customDomains"):
            configuration["ingress"]["customDomains"] = [_bound_again(service, domain) for domain in domains]
    template: dict[str, Any] = dict(properties["template"])
    template.pop("revisionSuffix", None)
    containers: list[dict[str, Any]] = [dict(container) for container in template["containers"]]
    containers[0] = {**containers[0], "image": image}
    scale: dict[str, Any] = dict(template.get("scale") or {})
    scale["minReplicas"] = max(service.recovery_replicas, int(scale.get("minReplicas") or 0))
    scale["maxReplicas"] = max(scale["minReplicas"], int(scale.get("maxReplicas") or 10))
    name = service.recovery_resource_id.rsplit("/", 1)[-1]
    resource: Wire = {
        "type": "Microsoft.App/containerApps",
        "apiVersion": API_VERSION,
        "name": name,
        "location": service.recovery_region,
        "tags": {**(production.get("tags") or {}), "recovered-from": service.region},
        "properties": {
            "managedEnvironmentId": service.recovery_environment_id,
            "configuration": configuration,
            "template": {**template, "containers": containers, "scale": scale},
        },
    }
    if identity := production.get("identity"):
        kept = {"type": identity["type"]}
        if users := identity.get("userAssignedIdentities"):
            kept["userAssignedIdentities"] = {user: {} for user in users}
        resource["identity"] = kept
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [resource],
    }


def certificates_needed(service: ContainerApp, production: Wire) -> tuple[str, ...]:
    """Ids of the certificates that the recovery environment must hold, for the host names that are bound."""
    configuration: dict[str, Any] = production["properties"].get("configuration") or {}
    ingress: dict[str, Any] = configuration.get("ingress") or {}
    bound = (_bound_again(service, domain) for domain in ingress.get("customDomains") or [])
    return tuple(dict.fromkeys(domain["certificateId"] for domain in bound if "certificateId" in domain))


def secrets_without_vault(production: Wire) -> tuple[str, ...]:
    """Names of the app's secrets that refer to no Key Vault: Azure never shows their values, so none can be kept."""
    configuration: dict[str, Any] = production["properties"].get("configuration") or {}
    return tuple(
        str(secret["name"]) for secret in configuration.get("secrets") or [] if not secret.get("keyVaultUrl")
    )


def _bound_again(service: ContainerApp, domain: Wire) -> Wire:
    """A host name with the recovery environment's own certificate, uploaded there under the same name.

    A managed certificate cannot be had before the name leads there, so an uploaded one must stand ready.
    """
    if not (certificate := domain.get("certificateId")):
        return {key: value for key, value in domain.items() if key != "certificateId"}
    name = str(certificate).rsplit("/", 1)[-1]
    return {**domain, "certificateId": f"{service.recovery_environment_id}/certificates/{name}"}
