"""What Azure itself says of an outage: Service Health's events of a region, and a resource's own availability."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.gateways.arm import Arm
from shared.gateways.connection import Connection
from shared.model.wire import Frozen

EVENTS_VERSION, STATUS_VERSION = "2024-02-01", "2023-07-01-preview"


class Declared(Frozen):
    """A service issue that Azure has declared and that goes on."""

    tracking_id: str
    title: str
    began: datetime | None


class Availability(Frozen):
    """What Resource Health says of a resource. `out_for` is by Azure's own clock; None while it is available."""

    state: str
    summary: str
    out_for: timedelta | None


@dataclass(frozen=True)
class Outages:
    """Role: Reader on the subscription."""

    connection: Connection

    def declared(self, region: str) -> tuple[Declared, ...]:
        """Service issues that are active and name the region, the oldest first."""
        path = f"/subscriptions/{self.connection.subscription_id}/providers/Microsoft.ResourceHealth/events"
        rows = Arm(self.connection, EVENTS_VERSION).listed("list Service Health events", path)
        found = [_declared(row) for row in rows if _names(row.get("properties") or {}, region)]
        return tuple(sorted(found, key=lambda one: str(one.began or "")))

    def availability(self, resource_id: str) -> Availability | None:
        """Resource Health of one resource, or None where there is no such resource."""
        path = f"{resource_id}/providers/Microsoft.ResourceHealth/availabilityStatuses/current"
        found = Arm(self.connection, STATUS_VERSION).get("get Resource Health", path)
        if found is None:
            return None
        properties: dict[str, Any] = found.get("properties") or {}
        state = str(properties.get("availabilityState") or "Unknown")
        began = _moment(properties.get("occurredTime") or properties.get("occuredTime"))
        told = _moment(properties.get("reportedTime"))
        out = state.lower() == "unavailable" and began is not None and told is not None
        return Availability(
            state=state,
            summary=str(properties.get("summary") or ""),
            out_for=told - began if out and told and began else None,
        )


def _names(event: dict[str, Any], region: str) -> bool:
    if event.get("eventType") != "ServiceIssue" or event.get("status") != "Active":
        return False
    return any(
        str(place.get("impactedRegion") or "").replace(" ", "").lower() == region
        for impact in event.get("impact") or []
        for place in impact.get("impactedRegions") or []
    )


def _declared(row: dict[str, Any]) -> Declared:
    event: dict[str, Any] = row["properties"]
    return Declared(
        tracking_id=str(row.get("name") or ""),
        title=str(event.get("title") or "a service issue"),
        began=_moment(event.get("impactStartTime")),
    )


def _moment(value: object) -> datetime | None:
    """A time as Azure writes it, with up to seven digits of a second."""
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
