"""Which throughput a Cosmos DB container may be given: increments, minimum and limits, manual and autoscale apart."""

import math

from shared.model.throughput import Throughput

STEP: dict[str, int] = {"manual": 100, "autoscale": 1000}
"""What throughput is a multiple of (Microsoft Learn, Provision throughput); of autoscale it is the maximum."""

CAP, FLOOR = 20_000, 400
"""RU/s between which seed 000, section 6.1.1, scales."""


def allowed(wanted: float, has: Throughput, *, cap: int = CAP, floor: int = FLOOR) -> int:
    """The RU/s next to `wanted` that the service takes, upwards, within cap and floor.

    The service's own minimum goes before the cap: it cannot be undercut. What a container has is never migrated from
    manual to autoscale or back here, for that changes its price.
    """
    step = STEP[has.mode]
    least = _up(max(has.minimum, floor), step)
    most = max(cap // step * step, least)
    return min(max(_up(wanted, step), least), most)


def _up(value: float, step: int) -> int:
    return math.ceil(value / step) * step
