"""What is really so, read from the simulator: the tenants' traffic and what Azure is doing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

RATE_OVER = 10
"""Simulated seconds that a tenant's rates are taken over."""


@dataclass(frozen=True)
class Outage:
    """One unbroken time in which a tenant's requests failed, in real time; `until` is None while it lasts."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Tenant:
    """How one tenant's requests fare. Rates are requests per simulated second; `seconds` maps simulated ones.

    `address` is the host name that they are sent to; a name that several services' tenants have says which.
    """

    name: str
    address: str
    well: bool
    served_by: str
    reason: str
    ok_rate: float
    failing_rate: float
    outages: tuple[Outage, ...]
    seconds: dict[int, bool]


@dataclass(frozen=True)
class Operation:
    """Something that Azure is doing; times in simulated seconds since 1970."""

    resource: str
    started: float
    due: float


@dataclass(frozen=True)
class Truth:
    """One look at the world, which is also there whole as `GET /_sim/world` answered it.

    `now` is simulated seconds since 1970, `read_at` the real time of the look.
    """

    now: float
    speed: float
    read_at: datetime
    tenants: tuple[Tenant, ...]
    operations: tuple[Operation, ...]
    faults: tuple[str, ...]
    mails: tuple[dict[str, Any], ...]
    world: dict[str, Any]

    def at(self, address: str) -> "Truth":
        """The same, with the tenants of one address only."""
        return replace(self, tenants=tuple(tenant for tenant in self.tenants if tenant.address == address))

    @property
    def all_well(self) -> bool:
        """Whether every tenant's newest request went well."""
        return bool(self.tenants) and all(tenant.well for tenant in self.tenants)

    @property
    def all_failing(self) -> bool:
        """Whether no tenant's newest request went well."""
        return bool(self.tenants) and not any(tenant.well for tenant in self.tenants)

    def inference_outages(self, after: datetime) -> tuple[Outage, ...]:
        """When whoever uses the landing zone's models had no answer, as far as that was not over by then."""
        return _not_over(_outages(self.world["landing_zone"]["inference"], self.real), after)

    def real(self, moment: str) -> datetime:
        """When a moment of the simulated time was."""
        ago = self.now - datetime.fromisoformat(moment).timestamp()
        return self.read_at - timedelta(seconds=ago / self.speed)

    def outages(self, tenant: Tenant, after: datetime) -> tuple[Outage, ...]:
        """The tenant's outages that were not over by then."""
        return _not_over(tenant.outages, after)

    def failing_since(self, after: datetime) -> datetime | None:
        """When the first tenant's requests began to fail in the outage after that moment."""
        found = [outage.since for tenant in self.tenants for outage in self.outages(tenant, after)]
        return min(found, default=None)

    def steady(self, seconds: int) -> bool:
        """Whether every request of every tenant went well for the last so many simulated seconds."""
        return bool(self.tenants) and all(
            len(tenant.seconds) >= seconds and all(_last(tenant.seconds, seconds)) for tenant in self.tenants
        )


def read(world: dict[str, Any], read_at: datetime) -> Truth:
    """Understand what `GET /_sim/world` answered at `read_at`."""
    told = Truth(
        now=float(world["timestamp"]),
        speed=float(world["speed"]),
        read_at=read_at,
        tenants=(),
        operations=tuple(
            Operation(row["resource"].lower(), row["started"], row["due"])
            for row in world["operations"]
            if row["status"] == "InProgress"
        ),
        faults=tuple(f"{fault['kind']} of {fault['target']}" for fault in world["faults"]),
        mails=tuple(world["mails"]),
        world=world,
    )
    return replace(told, tenants=tuple(_tenants(world["traffic"], told.real)))


def _tenants(traffic: dict[str, Any], real: Callable[[str], datetime]) -> Iterator[Tenant]:
    taken: set[str] = set()
    for title, service in traffic.items():
        for name, kept in service["tenants"].items():
            shown = f"{name} ({title})" if name in taken else name
            taken.add(name)
            yield _tenant(shown, service["address"], kept, service["requests_per_second"], real)


def _tenant(
    name: str, address: str, kept: dict[str, Any], rate: float, real: Callable[[str], datetime]
) -> Tenant:
    seconds = {
        int(datetime.fromisoformat(minute).astimezone(UTC).timestamp()) + place: sign == "1"
        for minute, signs in kept["minutes"].items()
        for place, sign in enumerate(signs)
        if sign != "."
    }
    lately = _last(seconds, RATE_OVER)
    well = sum(lately) / max(len(lately), 1)
    return Tenant(
        name=name,
        address=address,
        well=kept["healthy"],
        served_by=kept.get("served_by") or "",
        reason="" if kept["healthy"] else kept.get("reason") or f"status {kept.get('status')}",
        ok_rate=rate * well,
        failing_rate=rate * (1 - well),
        outages=_outages(kept, real),
        seconds=seconds,
    )


def _outages(kept: dict[str, Any], real: Callable[[str], datetime]) -> tuple[Outage, ...]:
    over = [Outage(real(one["since"]), real(one["until"])) for one in kept["outages"]]
    since = kept["failing_since"]
    return (*over, *([Outage(real(since), None)] if since is not None else []))


def _not_over(outages: tuple[Outage, ...], by: datetime) -> tuple[Outage, ...]:
    return tuple(outage for outage in outages if outage.until is None or outage.until > by)


def _last(seconds: dict[int, bool], count: int) -> list[bool]:
    return [seconds[second] for second in sorted(seconds)[-count:]]
