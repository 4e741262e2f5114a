"""Azure Cache for Redis over ARM: its state, and emptying it."""

from dataclasses import dataclass
from typing import Any

from shared.gateways.arm import Arm
from shared.gateways.connection import Connection
from shared.gateways.operations import Operation


@dataclass(frozen=True)
class Cache:
    """A cache as far as remediation looks at it."""

    resource_id: str
    provisioning_state: str

    @property
    def busy(self) -> bool:
        """Whether an operation holds the cache."""
        return self.provisioning_state.lower() not in {"succeeded", "failed", "canceled", "disabled"}


@dataclass(frozen=True)
class Redis:
    """Role: Redis Cache Contributor."""

    connection: Connection

    @property
    def _arm(self) -> Arm:
        return Arm(self.connection, "2024-11-01")

    def cache(self, resource_id: str) -> Cache | None:
        """The cache, or None when there is none of that name."""
        found = self._arm.get("get Redis cache", resource_id)
        if found is None:
            return None
        properties: dict[str, Any] = found.get("properties") or {}
        return Cache(resource_id, str(properties.get("provisioningState", "")))

    def flush(self, cache: Cache) -> Operation | None:
        """Begin to delete everything that the cache holds. Each call does so: it takes no key, and cannot be undone."""
        at = self.connection.later("at")
        self.connection.expect("flush", cache.resource_id, lambda seen: (*(seen or ()), at))
        return self._arm.begin("flush Redis cache", "POST", f"{cache.resource_id}/flush", {})
