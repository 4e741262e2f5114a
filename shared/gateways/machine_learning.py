"""Machine learning workspaces, clusters and jobs through bare ARM requests: the SDK speaks an older API."""

from dataclasses import dataclass

from shared.errors import AzureCallFailed
from shared.gateways.arm import Arm, Document
from shared.gateways.connection import Connection
from shared.gateways.operations import Operation

API_VERSION = "2024-10-01"


@dataclass(frozen=True)
class Cluster:
    """A compute cluster and its scale in nodes. `tags` are the cluster's own."""

    resource_id: str
    state: str
    vm_size: str
    min_nodes: int
    max_nodes: int
    tags: dict[str, str]
    detail: str = ""

    @property
    def busy(self) -> bool:
        """Whether an operation is at work on it."""
        return is_busy(self.state)


@dataclass(frozen=True)
class Job:
    """A training job as its workspace tells of it."""

    name: str
    status: str
    detail: str

    @property
    def over(self) -> bool:
        """Whether it will not go on."""
        return self.status in {"Completed", "Failed", "Canceled", "NotResponding"}


def is_busy(state: str) -> bool:
    """Whether a provisioning state is one that changes by itself."""
    return state.lower() not in {"succeeded", "failed", "canceled"}


@dataclass(frozen=True)
class MachineLearning:
    """Roles: AzureML Data Scientist for jobs, AzureML Compute Operator for clusters, Contributor to restore."""

    connection: Connection

    # --- workspaces

    def workspace(self, resource_id: str) -> Document | None:
        """The workspace as ARM shows it, or None when there is none."""
        return self.connection.look(
            "ml workspace", resource_id, lambda: self._arm.get("get workspace", resource_id)
        )

    def put_workspace(self, resource_id: str, document: Document) -> Operation | None:
        """Create a workspace, or bring one back to a document."""
        made = {**document, "properties": {**document["properties"], "provisioningState": "Succeeded"}}
        self.connection.expect("ml workspace", resource_id, lambda _seen: made)
        return self._arm.begin("put machine learning workspace", "PUT", resource_id, document)

    # --- clusters

    def cluster(self, workspace_id: str, name: str) -> Cluster | None:
        """A cluster of a workspace, or None when it has none of that name."""
        resource_id = f"{workspace_id}/computes/{name}"
        found = self.connection.look(
            "ml compute", resource_id, lambda: self._arm.get("get compute cluster", resource_id)
        )
        return None if found is None else _cluster(resource_id, found)

    def put_cluster(
        self, workspace_id: str, name: str, document: Document, *, tags: dict[str, str] | None = None
    ) -> Operation | None:
        """Create a cluster as its document says: `location`, and `properties` with size and scale."""
        resource_id = f"{workspace_id}/computes/{name}"
        body = {**document, "tags": tags} if tags else document
        made = {**body, "properties": {**body["properties"], "provisioningState": "Succeeded"}}
        self.connection.expect("ml compute", resource_id, lambda _seen: made)
        return self._arm.begin("create compute cluster", "PUT", resource_id, body)

    def scale_cluster(
        self, cluster: Cluster, min_nodes: int, max_nodes: int, *, tags: dict[str, str | None]
    ) -> Operation | None:
        """Set the bounds between which a cluster scales; a tag of None is taken away."""
        scale: Document = {"minNodeCount": min_nodes, "maxNodeCount": max_nodes}
        body: Document = {"tags": tags, "properties": {"properties": {"scaleSettings": scale}}}

        def scaled(seen: Document) -> Document:
            inner = {**seen["properties"]["properties"]}
            inner["scaleSettings"] = {**inner["scaleSettings"], **scale}
            kept = {**(seen.get("tags") or {}), **tags}
            return {
                **seen,
                "tags": {name: value for name, value in kept.items() if value is not None},
                "properties": {**seen["properties"], "properties": inner},
            }

        self.connection.expect("ml compute", cluster.resource_id, scaled)
        return self._arm.begin("scale compute cluster", "PATCH", cluster.resource_id, body)

    # --- jobs

    def job(self, workspace_id: str, name: str) -> Job | None:
        """A job by its name, or None when the workspace has none."""
        resource_id = f"{workspace_id}/jobs/{name}"
        found = self.connection.look(
            "ml job", resource_id, lambda: self._arm.get("get training job", resource_id)
        )
        if found is None:
            return None
        properties: Document = found.get("properties") or {}
        detail = (properties.get("properties") or {}).get("mlflow.error") or ""
        return Job(name=name, status=str(properties.get("status") or ""), detail=str(detail))

    def submit_job(
        self, workspace_id: str, name: str, *, command: str, environment: str, compute: str
    ) -> None:
        """Submit a command job. Its name is the key: the same again is 409, and the job is there already."""
        resource_id = f"{workspace_id}/jobs/{name}"
        body: Document = {
            "properties": {
                "jobType": "Command",
                "displayName": name,
                "experimentName": "foundry-ops",
                "command": command,
                "environmentId": environment,
                "computeId": f"{workspace_id}/computes/{compute}",
            }
        }
        over = {**body, "properties": {**body["properties"], "status": "Completed"}}
        self.connection.expect("ml job", resource_id, lambda _seen: over)
        try:
            self._arm.begin("submit training job", "PUT", resource_id, body)
        except AzureCallFailed as error:
            if error.status != 409:
                raise

    @property
    def _arm(self) -> Arm:
        return Arm(self.connection, API_VERSION)


def _cluster(resource_id: str, document: Document) -> Cluster:
    properties: Document = document["properties"]
    inner: Document = properties.get("properties") or {}
    scale: Document = inner.get("scaleSettings") or {}
    errors: list[Document] = properties.get("provisioningErrors") or []
    return Cluster(
        resource_id=resource_id,
        state=str(properties.get("provisioningState") or ""),
        vm_size=str(inner.get("vmSize") or ""),
        min_nodes=int(scale.get("minNodeCount") or 0),
        max_nodes=int(scale.get("maxNodeCount") or 0),
        tags=dict(document.get("tags") or {}),
        detail="; ".join(str((one.get("error") or one).get("message", "")) for one in errors),
    )
