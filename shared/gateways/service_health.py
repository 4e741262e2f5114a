"""Azure Service Health through bare ARM requests: what Microsoft itself says of a region."""

from dataclasses import dataclass
from typing import Any

from shared.gateways.connection import Connection
from shared.gateways.resources import Resources


@dataclass(frozen=True)
class HealthEvent:
    """An event that is going on, with the regions (ARM names) that it is about."""

    title: str
    regions: tuple[str, ...]
    since: str


@dataclass(frozen=True)
class ServiceHealth:
    """Role: Reader on the subscription."""

    connection: Connection

    def active_events(self) -> tuple[HealthEvent, ...]:
        """Service issues that are active now."""
        path = f"/subscriptions/{self.connection.subscription_id}/providers/Microsoft.ResourceHealth/events"
        rows = Resources(self.connection).listed(path, "2024-02-01")
        return tuple(_event(row["properties"]) for row in rows if _active(row.get("properties") or {}))


def _active(event: dict[str, Any]) -> bool:
    return event.get("eventType") == "ServiceIssue" and event.get("status") == "Active"


def _event(event: dict[str, Any]) -> HealthEvent:
    regions = {
        str(region.get("impactedRegion") or "").replace(" ", "").lower()
        for impact in event.get("impact") or []
        for region in impact.get("impactedRegions") or []
    }
    return HealthEvent(
        title=str(event.get("title") or "a service issue"),
        regions=tuple(sorted(regions)),
        since=str(event.get("impactStartTime") or ""),
    )
