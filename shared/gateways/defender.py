"""Microsoft Defender for Cloud over ARM: security alerts and assessments."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.gateways.arm import Arm
from shared.gateways.connection import Connection

OPEN = frozenset({"active", "inprogress"})


@dataclass(frozen=True)
class SecurityAlert:
    """An alert; `last_seen` is when what it is about was last observed, by Azure's clock."""

    id: str
    title: str
    severity: str
    status: str
    entity: str
    resources: tuple[str, ...]
    last_seen: datetime | None

    @property
    def open(self) -> bool:
        """Whether nobody has closed it."""
        return self.status.lower() in OPEN


@dataclass(frozen=True)
class Assessment:
    """What a resource is recommended, and whether it is as it should be."""

    resource: str
    title: str
    healthy: bool
    cause: str


@dataclass(frozen=True)
class Defender:
    """Roles: Security Reader to look, Security Admin to close alerts."""

    connection: Connection

    def _all(self) -> str:
        return f"/subscriptions/{self.connection.subscription_id}/providers/Microsoft.Security"

    def alerts(self) -> tuple[SecurityAlert, ...]:
        """Every security alert of the subscription."""

        def read() -> tuple[SecurityAlert, ...]:
            found = Arm(self.connection, "2022-01-01").listed("list security alerts", f"{self._all()}/alerts")
            return tuple(_alert(one) for one in found)

        return self.connection.look("security alerts", self._all(), read)

    def now(self) -> datetime:
        """What time it is by Azure's own clock, which dates the alerts."""
        subscription = f"/subscriptions/{self.connection.subscription_id}"
        return Arm(self.connection, "2022-12-01").clock("get subscription", subscription)

    def resolve(self, alert: SecurityAlert) -> None:
        """Close an alert as resolved."""

        def closed(seen: tuple[SecurityAlert, ...]) -> tuple[SecurityAlert, ...]:
            return tuple(replace(one, status="Resolved") if one.id == alert.id else one for one in seen)

        self.connection.expect("security alerts", self._all(), closed)
        Arm(self.connection, "2022-01-01").begin("resolve security alert", "POST", f"{alert.id}/resolve")

    def assessments(self) -> tuple[Assessment, ...]:
        """Every assessment of the subscription that applies to its resource."""

        def read() -> tuple[Assessment, ...]:
            found = Arm(self.connection, "2020-01-01").listed(
                "list assessments", f"{self._all()}/assessments"
            )
            return tuple(_assessment(one) for one in found if _code(one) != "notapplicable")

        return self.connection.look("assessments", self._all(), read)

    def expect_anew(self, resource_id: str) -> None:
        """A resource is being changed, so that what it is assessed to be then, no preview can know."""

        def others(seen: tuple[Assessment, ...]) -> tuple[Assessment, ...]:
            return tuple(one for one in seen if one.resource.lower() != resource_id.lower())

        self.connection.expect("assessments", self._all(), others)


def _alert(document: dict[str, Any]) -> SecurityAlert:
    properties: dict[str, Any] = document["properties"]
    last = properties.get("endTimeUtc") or properties.get("timeGeneratedUtc")
    about: list[dict[str, Any]] = properties.get("resourceIdentifiers") or []
    return SecurityAlert(
        id=str(document["id"]),
        title=str(properties.get("alertDisplayName", "")),
        severity=str(properties.get("severity", "")),
        status=str(properties.get("status", "")),
        entity=str(properties.get("compromisedEntity", "")),
        resources=tuple(str(one["azureResourceId"]) for one in about if one.get("azureResourceId")),
        last_seen=datetime.fromisoformat(last) if last else None,
    )


def _assessment(document: dict[str, Any]) -> Assessment:
    properties: dict[str, Any] = document["properties"]
    status: dict[str, Any] = properties.get("status") or {}
    return Assessment(
        resource=str((properties.get("resourceDetails") or {}).get("id") or document["id"]),
        title=str(properties.get("displayName", "")),
        healthy=_code(document) == "healthy",
        cause=str(status.get("description") or status.get("cause") or ""),
    )


def _code(document: dict[str, Any]) -> str:
    return str((document["properties"].get("status") or {}).get("code", "")).lower()
