"""Changes of a container app that is there: its template, its ingress, and the revisions that they leave."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.gateways.connection import Connection, calling, writing
from shared.gateways.container_apps import App, apps_client
from shared.gateways.operations import Operation, start
from shared.gateways.resource_id import parts

type Document = dict[str, Any]


@dataclass(frozen=True)
class Revision:
    """What an app was told to be at one time; `created` is by Azure's clock, `weight` in percent of traffic."""

    name: str
    active: bool
    weight: int
    state: str
    detail: str
    created: datetime | None
    template: Document

    @property
    def images(self) -> tuple[str, ...]:
        """The images of its containers."""
        return tuple(str(one.get("image", "")) for one in self.template.get("containers") or ())


@dataclass(frozen=True)
class AppChanges:
    """Role: Container Apps Contributor."""

    connection: Connection

    @property
    def _client(self) -> Any:  # noqa: ANN401 - generated client without useful types
        return apps_client(self.connection)

    def set_template(self, app: App, template: Document) -> Operation | None:
        """Begin a new revision with that template; all of its containers must be in it."""

        def after(seen: tuple[Revision, ...]) -> tuple[Revision, ...]:
            name = self.connection.later("revision")
            old = tuple(replace(one, active=False, weight=0) for one in seen)
            return (*old, Revision(name, True, 100, "Provisioned", "", None, template))

        self.connection.expect("revisions", app.resource_id, after)
        return self._patch("change container app", app, {"template": template})

    def set_ingress(self, app: App, ingress: Document | None) -> Operation | None:
        """Begin to open an app to requests as the document says, or (None) to close it."""
        return self._patch("set ingress of container app", app, {"configuration": {"ingress": ingress}})

    def _patch(self, operation: str, app: App, properties: Document) -> Operation | None:
        where = parts(app.resource_id)
        body = {"properties": properties}
        self.connection.expect("arm resource", app.resource_id, lambda seen: _merged(seen or {}, body))
        return start(
            operation,
            app.resource_id,
            lambda **options: self._client.container_apps.begin_update(
                where.group, where.name, {"location": app.document.get("location"), **body}, **options
            ),
        )

    def revisions(self, app: App) -> tuple[Revision, ...]:
        """Every revision that Azure still knows, oldest first."""
        where = parts(app.resource_id)

        def read() -> tuple[Revision, ...]:
            with calling("list revisions", app.resource_id):
                found = self._client.container_apps_revisions.list_revisions(where.group, where.name)
                rows = [_revision(one.as_dict()) for one in found]
            return tuple(sorted(rows, key=lambda one: (str(one.created), one.name)))

        return self.connection.look("revisions", app.resource_id, read)

    def deactivate(self, app: App, revision: str) -> None:
        """Stop a revision; the same again changes nothing."""
        where = parts(app.resource_id)

        def after(seen: tuple[Revision, ...]) -> tuple[Revision, ...]:
            return tuple(replace(one, active=False) if one.name == revision else one for one in seen)

        self.connection.expect("revisions", app.resource_id, after)
        with writing("deactivate revision", f"{app.resource_id}/revisions/{revision}"):
            self._client.container_apps_revisions.deactivate_revision(where.group, where.name, revision)


def _revision(document: Document) -> Revision:
    properties: Document = document.get("properties") or {}
    made = properties.get("createdTime")
    return Revision(
        name=str(document.get("name", "")),
        active=bool(properties.get("active")),
        weight=int(properties.get("trafficWeight") or 0),
        state=str(properties.get("provisioningState", "")),
        detail=str(properties.get("provisioningError") or ""),
        created=datetime.fromisoformat(made) if made else None,
        template=properties.get("template") or {},
    )


def _merged(seen: Document, patch: Document) -> Document:
    """JSON merge patch (RFC 7396), as ARM applies it."""
    result = dict(seen)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = _merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result
