"""The activity log of a subscription over ARM: who did what with which resource."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.gateways.arm import Arm
from shared.gateways.connection import Connection

MOST = 500


@dataclass(frozen=True)
class ActivityLog:
    """Role: Monitoring Reader. Azure keeps it for 90 days."""

    connection: Connection

    def events(self, since: datetime) -> tuple[dict[str, Any], ...]:
        """The newest events since then, at most `MOST`, without what they carried."""
        address = (
            f"/subscriptions/{self.connection.subscription_id}"
            "/providers/Microsoft.Insights/eventtypes/management/values"
        )
        query = f"&$filter=eventTimestamp ge '{since:%Y-%m-%dT%H:%M:%SZ}'"
        found = Arm(self.connection, "2015-04-01").listed("list activity log", address, query)
        rows = [
            {
                "at": one.get("eventTimestamp"),
                "operation": (one.get("operationName") or {}).get("value"),
                "resource": one.get("resourceId"),
                "caller": one.get("caller"),
                "status": (one.get("status") or {}).get("value"),
            }
            for one in found
        ]
        return tuple(sorted(rows, key=lambda one: str(one["at"]))[-MOST:])

    def of(self, resource_id: str, verb: str, since: str) -> tuple[str, ...]:
        """When an action (POST) of that name was done to a resource since then (ISO 8601) and did not fail."""

        def read() -> tuple[str, ...]:
            own = resource_id.lower()
            return tuple(
                str(event["at"])
                for event in self.events(datetime.fromisoformat(since))
                if str(event["resource"]).lower() in {own, f"{own}/{verb}"}
                and verb in f"{event['operation']} {event['resource']}".lower()
                and str(event["status"]).lower() != "failed"
            )

        return self.connection.look(verb, resource_id, read)
