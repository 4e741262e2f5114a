"""Which tenant drives what all share: its share against a fair one, and what to do about it."""

from collections.abc import Sequence

from shared.model.wire import Frozen

MEASURES = ("request_units", "busy_seconds", "requests")
"""What is looked at, the most telling first: a tenant may ask seldom and yet use up the database."""

NOISY = 2.0
"""How many times its fair share a tenant must use to be called noisy."""


class TenantUse(Frozen):
    """What a tenant used in some time: requests, seconds of our replicas, request units of the database."""

    tenant: str
    requests: float = 0.0
    busy_seconds: float = 0.0
    request_units: float = 0.0


class Neighbour(Frozen):
    """A tenant that uses more than its share of one resource. Shares are parts of one."""

    tenant: str
    measure: str
    used: float
    share: float
    fair_share: float
    advice: str

    @property
    def times(self) -> float:
        """How many times its fair share it uses."""
        return self.share / self.fair_share


def noisy_neighbours(
    uses: Sequence[TenantUse],
    *,
    seconds: float,
    weights: dict[str, float] | None = None,
    noisy: float = NOISY,
) -> tuple[Neighbour, ...]:
    """Tenants above `noisy` times their fair share, the worst first; each by the measure that it exceeds most.

    Fair is the same for everybody, or as `weights` say (what a tenant pays for). Among few tenants a multiple of the
    fair share may be out of reach (of two, each has half): then half-way between fair share and everything counts.
    `seconds` is the time that was measured, for the rate that the advice names.
    """
    if len(uses) < 2:
        return ()
    given = {one.tenant: (weights or {}).get(one.tenant, 1.0) for one in uses}
    whole = sum(given.values())
    worst: dict[str, Neighbour] = {}
    for measure in MEASURES:
        total = sum(float(getattr(one, measure)) for one in uses)
        for one in uses if total > 0 else ():
            used, fair = float(getattr(one, measure)), given[one.tenant] / whole
            share = used / total
            if share < min(noisy * fair, (1 + fair) / 2):
                continue
            found = Neighbour(
                tenant=one.tenant,
                measure=measure,
                used=used,
                share=share,
                fair_share=fair,
                advice=_advice(one.tenant, measure, total - used, given, seconds),
            )
            if one.tenant not in worst or found.times > worst[one.tenant].times:
                worst[one.tenant] = found
    return tuple(sorted(worst.values(), key=lambda one: one.times, reverse=True))


def _advice(tenant: str, measure: str, others: float, given: dict[str, float], seconds: float) -> str:
    """Throttle to what the others use at their weights, doubled: enough for a busy hour, too little to crowd them."""
    rest = sum(weight for name, weight in given.items() if name != tenant)
    limit = 2 * (others / rest) * given[tenant] / seconds if rest and seconds else 0.0
    words = {
        "request_units": f"limit {tenant} to {limit:.0f} RU/s, or move it to a container with throughput of its own",
        "busy_seconds": f"let {tenant} have {limit:.1f} requests at a time, or give it replicas of its own",
        "requests": f"limit {tenant} to {limit:.1f} requests a second at the gateway (429 with Retry-After above that)",
    }
    return words[measure]
