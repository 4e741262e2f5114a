"""How the tenants' requests went, second by second, told from what the world remembers: nothing is stored twice.

Between two faults every second is like the one a day before, so that telemetry reaches back as far as is asked.
"""

import hashlib
from dataclasses import dataclass, field

from infra.local.azure import contoso
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services import traffic

USERS = 40
"""Users of a tenant, who take turns: 37 or 38 requests each in five minutes."""
RU_PER_REQUEST = 390.0
NOISE = 20.0
"""How much more a noisy tenant asks for, unless the fault says its own `factor`."""
SLOWER = 6.0
FLOODED = 1.8
"""How much slower the others become beside a noisy tenant."""
BEGINNING = 120.0
MORE = 900.0
"""Milliseconds: the fastest request, and how much more the slowest takes in ordinary times."""


@dataclass
class Story:
    """Read once for each question."""

    world: World
    _kinds: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])

    def faults(self, kind: str, at: float) -> list[Json]:
        """Return the faults of a kind that were at work at a moment."""
        if kind not in self._kinds:
            self._kinds[kind] = self.world.faults.history(kind)
        return [one for one in self._kinds[kind] if one["started"] <= at < one.get("ended", float("inf"))]

    def rate(self, tenant: str, at: float) -> float:
        """Return the requests per second that a tenant sends."""
        noisy = [one for one in self.faults("noisy_neighbour", at) if one["target"].lower() == tenant]
        factor = max((float(one.get("factor", NOISE)) for one in noisy), default=1.0)
        return traffic.REQUESTS_PER_SECOND * factor

    def status(self, tenant: str, at: float) -> int:
        """Return how its requests of that second ended; 0 when nothing answered."""
        second = int(at)
        minute = self.world.table("traffic minute").peek(f"{tenant}/{second // 60 * 60}")
        if minute is not None:
            mark = minute["seconds"][second % 60]
            return 200 if mark != "0" else int((minute.get("statuses") or {}).get(str(second % 60), 503))
        kept = self.world.table("traffic").peek(tenant) or {"outages": []}
        for one in kept["outages"]:
            if one["since"] <= at < one["until"]:
                return int(one.get("status", 503))
        since = kept.get("failing_since")
        return int(kept.get("app", 503)) if since is not None and since <= at else 200

    def duration(self, tenant: str, at: float) -> float:
        """Return how long a request of that second took, in milliseconds."""
        slow = [one for one in self.faults("slow_responses", at) if _meets(one["target"], tenant, "agent")]
        factor = max((float(one.get("factor", SLOWER)) for one in slow), default=1.0)
        if any(one["target"].lower() != tenant for one in self.faults("noisy_neighbour", at)):
            factor *= FLOODED
        if any("/containerapps/" in one["target"].lower() for one in self.faults("high_load", at)):
            factor *= 2.0
        return (BEGINNING + MORE * chance(tenant, int(at), "took") ** 3) * factor

    def inference(self, at: float) -> float:
        """Return how long the landing zone's inference took, in milliseconds."""
        slow = [one for one in self.faults("slow_responses", at) if _meets(one["target"], "inference")]
        factor = max((float(one.get("factor", SLOWER)) for one in slow), default=1.0)
        return (30.0 + 60.0 * chance("inference", int(at))) * factor

    def tenants(self) -> tuple[str, ...]:
        return contoso.TENANTS


def chance(*parts: object) -> float:
    """Return a number from 0 to 1 that is always the same for the same parts."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32


def _meets(target: str, *names: str) -> bool:
    """Whether a fault's target is everything, or names one of these."""
    return target == "*" or any(name in target.lower() for name in names)
