"""Replicas of container apps through `azure-mgmt-appcontainers`: which there are, and starting them anew."""

from dataclasses import dataclass
from typing import Any

from shared.gateways.connection import Connection, calling, writing
from shared.gateways.container_apps import App, apps_client
from shared.gateways.resource_id import parts


@dataclass(frozen=True)
class Replica:
    """One instance of a revision; its name is never used again."""

    name: str
    running: bool


@dataclass(frozen=True)
class Replicas:
    """Role: Container Apps Contributor."""

    connection: Connection

    @property
    def _client(self) -> Any:  # noqa: ANN401 - generated client without useful types
        return apps_client(self.connection)

    def of(self, app: App, revision: str) -> tuple[Replica, ...]:
        """The replicas of a revision as they are now, those that start or end among them."""
        where, address = parts(app.resource_id), f"{app.resource_id}/revisions/{revision}"

        def read() -> tuple[Replica, ...]:
            if self.connection.preview is not None and "{{" in revision:
                return ()  # a revision that only the run will make
            with calling("list replicas", address):
                answer = self._client.container_apps_revision_replicas.list_replicas(
                    where.group, where.name, revision
                )
            return tuple(_replica(one.as_dict()) for one in answer.value)

        return self.connection.look("replicas", address, read)

    def restart(self, app: App, revision: str) -> None:
        """Replace every replica of a revision. Each call does so again: it takes no key."""
        where, address = parts(app.resource_id), f"{app.resource_id}/revisions/{revision}"
        fresh = Replica(self.connection.later("replica"), running=True)
        self.connection.expect("replicas", address, lambda seen: (fresh,) * max(len(seen or ()), 1))
        with writing("restart revision", address):
            self._client.container_apps_revisions.restart_revision(where.group, where.name, revision)


def _replica(document: dict[str, Any]) -> Replica:
    properties: dict[str, Any] = document.get("properties") or {}
    running = str(properties.get("runningState", "")).lower() == "running"
    return Replica(str(document.get("name", "")), running)
