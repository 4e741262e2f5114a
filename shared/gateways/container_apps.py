"""Container Apps through `azure-mgmt-appcontainers`: what runs, at which digest, how many replicas."""

from dataclasses import dataclass
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, text
from shared.gateways.operations import Operation, start
from shared.gateways.resource_id import parts
from shared.importing import IMPORTING


@dataclass(frozen=True)
class App:
    """A container app: the parts that recovery looks at, and the whole in ARM's shape."""

    resource_id: str
    provisioning_state: str
    image: str
    min_replicas: int
    latest_revision: str
    fqdn: str
    document: dict[str, Any]

    @property
    def busy(self) -> bool:
        """Whether an operation holds the app."""
        return self.provisioning_state.lower() not in {"succeeded", "failed", "canceled"}

    @property
    def cores(self) -> float:
        """CPU cores that one replica takes; Azure gives half a core where nothing is said."""
        containers: list[dict[str, Any]] = self.document["properties"]["template"]["containers"]
        return sum(float((container.get("resources") or {}).get("cpu") or 0.5) for container in containers)

    @property
    def failed(self) -> bool:
        """Whether the last change did not work: the document says what was wanted, not what is."""
        return self.provisioning_state.lower() in {"failed", "canceled"}


@dataclass(frozen=True)
class ContainerApps:
    """Control plane of Container Apps. Role: Container Apps Contributor."""

    connection: Connection

    @property
    def _client(self) -> Any:  # noqa: ANN401 - generated client without useful types
        return apps_client(self.connection)

    def app(self, resource_id: str) -> App | None:
        """The app, or None when there is none of that name."""
        document = self.connection.look("arm resource", resource_id, lambda: self._document(resource_id))
        if document is None:
            return None
        properties: dict[str, Any] = document.get("properties", document)
        template: dict[str, Any] = properties.get("template") or {}
        scale: dict[str, Any] = template.get("scale") or {}
        containers: list[dict[str, Any]] = template.get("containers") or []
        configuration: dict[str, Any] = properties.get("configuration") or {}
        return App(
            resource_id=resource_id,
            provisioning_state=str(properties.get("provisioningState", "")),
            image=str(containers[0].get("image", "")) if containers else "",
            min_replicas=int(scale.get("minReplicas") or 0),
            latest_revision=str(properties.get("latestRevisionName", "")),
            fqdn=str((configuration.get("ingress") or {}).get("fqdn", "")),
            document=document,
        )

    def _document(self, resource_id: str) -> dict[str, Any] | None:
        where = parts(resource_id)
        try:
            with calling("get container app", resource_id):
                return self._client.container_apps.get(where.group, where.name).as_dict()
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise

    def running_replicas(self, app: App) -> int:
        """How many replicas of the latest revision run; none when there is no revision yet."""
        if self.connection.preview is not None and not app.latest_revision:
            return app.min_replicas
        if not app.latest_revision:
            return 0
        where = parts(app.resource_id)
        with calling("list replicas", app.resource_id):
            answer = self._client.container_apps_revision_replicas.list_replicas(
                where.group, where.name, app.latest_revision
            )
        states = [(replica.as_dict().get("properties") or {}).get("runningState") for replica in answer.value]
        return sum(str(state).lower() == "running" for state in states)

    def delete(self, app: App) -> Operation | None:
        """Delete the app."""
        where = parts(app.resource_id)
        self.connection.expect("arm resource", app.resource_id, lambda _: None)
        return start(
            "delete container app",
            app.resource_id,
            lambda **options: self._client.container_apps.begin_delete(where.group, where.name, **options),
        )

    def environment_state(self, resource_id: str) -> str | None:
        """Provisioning state of a managed environment, or None when there is none."""
        where = parts(resource_id)
        try:
            with calling("get managed environment", resource_id):
                found = self._client.managed_environments.get(where.group, where.name)
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise
        document: dict[str, Any] = found.as_dict()
        return str((document.get("properties") or {}).get("provisioningState", ""))

    def certificate_ids(self, environment_id: str) -> tuple[str, ...]:
        """Ids of the certificates that were uploaded to a managed environment, in lower case."""
        where = parts(environment_id)
        with calling("list certificates", environment_id):
            found = self._client.certificates.list(where.group, where.name)
            return tuple(str(certificate.id).lower() for certificate in found)

    def cores_left(self, environment_id: str) -> float | None:
        """Cores that an environment may still use, or None where Azure says nothing of it (quotas belong to it)."""
        where = parts(environment_id)
        with calling("list usages of managed environment", environment_id):
            for usage in self._client.managed_environment_usages.list(where.group, where.name):
                if text(usage.name.value).lower() == "managedenvironmentconsumptioncores":
                    return float(usage.limit) - float(usage.current_value)
        return None


def apps_client(connection: Connection) -> Any:  # noqa: ANN401 - generated client without useful types
    """The one client of Container Apps, for every gateway that needs it."""
    with IMPORTING:
        from azure.mgmt.appcontainers import ContainerAppsAPIClient  # noqa: PLC0415

    return connection.client(
        "container apps",
        connection.subscription_id,
        lambda: ContainerAppsAPIClient(
            connection.credential, connection.subscription_id, **connection.client_options
        ),
    )
