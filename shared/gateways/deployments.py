"""ARM deployments through `azure-mgmt-resource-deployments`: validate, what-if, deploy."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, text
from shared.gateways.operations import Operation, start
from shared.gateways.preview import only_looking
from shared.importing import IMPORTING


@dataclass(frozen=True)
class Deployment:
    """A deployment that exists."""

    name: str
    state: Literal["running", "succeeded", "failed"]
    detail: str


@dataclass(frozen=True)
class Deployments:
    """Resource group deployments, always incremental. Role: Contributor on the recovery resource group."""

    connection: Connection

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - generated client without useful types
        with IMPORTING:
            from azure.mgmt.resource.deployments import DeploymentsMgmtClient  # noqa: PLC0415

        link = self.connection
        return DeploymentsMgmtClient(link.credential, link.subscription_id, **link.client_options)

    def find(self, group: str, name: str) -> Deployment | None:
        """The deployment of that name, or None."""
        return self.connection.look("deployment", f"{group}/{name}", lambda: self._find(group, name))

    def _find(self, group: str, name: str) -> Deployment | None:
        try:
            with calling("get deployment", f"{group}/{name}"):
                found = self._client.deployments.get(group, name)
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise
        properties = found.properties
        status = text(properties.provisioning_state).lower()
        error = properties.error
        return Deployment(
            name=name,
            state="succeeded"
            if status == "succeeded"
            else "failed"
            if status in {"failed", "canceled"}
            else "running",
            detail=f"{error.code}: {error.message}" if error else "",
        )

    def _group_id(self, group: str) -> str:
        return f"/subscriptions/{self.connection.subscription_id}/resourceGroups/{group}"

    def names(self, group: str) -> tuple[str, ...]:
        """Names of all deployments that a resource group remembers."""

        def read() -> tuple[str, ...]:
            with calling("list deployments", group):
                found = self._client.deployments.list_by_resource_group(group)
                return tuple(str(one.name) for one in found)

        return self.connection.look("deployments", group, read)

    def forget(self, group: str, name: str) -> Operation | None:
        """Delete a deployment from the group's history; what it deployed stays. 409 while it goes on."""
        self.connection.expect("deployments", group, lambda seen: tuple(one for one in seen if one != name))
        return start(
            "delete deployment",
            f"{group}/{name}",
            lambda **options: self._client.deployments.begin_delete(group, name, **options),
        )

    def what_if(self, group: str, name: str, template: dict[str, Any]) -> Operation | None:
        """Ask what a deployment would change, and whether the region would take it; changes nothing."""
        with only_looking():
            return start(
                "what-if of deployment",
                f"{group}/{name}",
                lambda **options: self._client.deployments.begin_what_if(
                    group, name, _body(template), **options
                ),
            )

    def deploy(self, group: str, name: str, template: dict[str, Any]) -> Operation | None:
        """Deploy. The name is the key: the same name and template again is the same deployment."""
        self.connection.expect("deployment", f"{group}/{name}", lambda _: Deployment(name, "succeeded", ""))
        self.connection.expect("deployments", group, lambda seen: (*seen, name))
        for resource in template["resources"]:
            kind, _, child = str(resource["type"]).partition("/")
            found = f"{self._group_id(group)}/providers/{kind}/{child}/{resource['name']}"
            made = _made(resource, self.connection.later("fqdn"))
            self.connection.expect("arm resource", found, lambda _, made=made: made)
        return start(
            "deploy",
            f"{group}/{name}",
            lambda **options: self._client.deployments.begin_create_or_update(
                group, name, _body(template), **options
            ),
        )


def _made(resource: dict[str, Any], address: str) -> dict[str, Any]:
    """The resource as ARM shows it once its deployment has worked; an app's address is Azure's to give."""
    properties: dict[str, Any] = {**resource.get("properties", {}), "provisioningState": "Succeeded"}
    configuration: dict[str, Any] = properties.get("configuration") or {}
    if ingress := configuration.get("ingress"):
        properties["configuration"] = {**configuration, "ingress": {**ingress, "fqdn": address}}
    return {**resource, "properties": properties}


def _body(template: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"mode": "Incremental", "template": template, "parameters": {}}}
