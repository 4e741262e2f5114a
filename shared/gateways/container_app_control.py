"""Stopping, starting and pointing container apps elsewhere, through `azure-mgmt-appcontainers`."""

import copy
from dataclasses import dataclass
from typing import Any

from shared.gateways.connection import Connection
from shared.gateways.container_apps import App, apps_client
from shared.gateways.operations import Operation, start
from shared.gateways.resource_id import parts


@dataclass(frozen=True)
class ContainerAppControl:
    """Role: Container Apps Contributor."""

    connection: Connection

    @property
    def _apps(self) -> Any:  # noqa: ANN401 - generated client without useful types
        return apps_client(self.connection).container_apps

    def stop(self, app: App) -> Operation | None:
        """Stop an app: all of its replicas end, and its address answers 403. Stopping a stopped one does nothing."""
        where = parts(app.resource_id)
        self._will_be(app, {"runningStatus": "Stopped"})
        return start(
            "stop container app",
            app.resource_id,
            lambda **options: self._apps.begin_stop(where.group, where.name, **options),
        )

    def start(self, app: App) -> Operation | None:
        """Start a stopped app with the replicas that its template asks for."""
        where = parts(app.resource_id)
        self._will_be(app, {"runningStatus": "Running"})
        return start(
            "start container app",
            app.resource_id,
            lambda **options: self._apps.begin_start(where.group, where.name, **options),
        )

    def set_settings(self, app: App, changed: dict[str, str]) -> Operation | None:
        """Change settings of every container that has them, in a new revision; all else is sent as it is."""
        where = parts(app.resource_id)
        template: dict[str, Any] = copy.deepcopy(app.document["properties"]["template"])
        template.pop("revisionSuffix", None)
        for container in template["containers"]:
            for one in container.get("env") or []:
                if one.get("name") in changed and "secretRef" not in one:
                    one["value"] = changed[one["name"]]
        self._will_be(app, {"template": template})
        body = {"location": app.document["location"], "properties": {"template": template}}
        return start(
            "change settings of container app",
            app.resource_id,
            lambda **options: self._apps.begin_update(where.group, where.name, body, **options),
        )

    def _will_be(self, app: App, changed: dict[str, Any]) -> None:
        def then(seen: dict[str, Any] | None) -> dict[str, Any] | None:
            return seen and {**seen, "properties": {**seen["properties"], **changed}}

        self.connection.expect("arm resource", app.resource_id, then)


def is_stopped(app: App) -> bool:
    """Whether somebody has stopped the app."""
    return str(app.document["properties"].get("runningStatus", "")).lower() == "stopped"


def settings(app: App) -> dict[str, str]:
    """The plain settings of all its containers."""
    containers: list[dict[str, Any]] = app.document["properties"]["template"].get("containers") or []
    return {
        str(one["name"]): str(one["value"])
        for container in containers
        for one in container.get("env") or []
        if one.get("value") is not None
    }
