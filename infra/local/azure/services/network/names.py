"""Names as clients see them: authoritative answers, and resolvers that keep them for their TTL."""

from dataclasses import dataclass

from infra.local.azure import durations
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.network import balancing

ZONE = "Microsoft.Network/dnsZones"
AZURE_SUFFIXES = (
    ".documents.azure.com",
    ".search.windows.net",
    ".vault.azure.net",
    ".core.windows.net",
    ".azurecr.io",
    ".communication.azure.com",
    ".azure.com",
)
FIELDS = {
    "A": ("ARecords", "ipv4Address"),
    "AAAA": ("AAAARecords", "ipv6Address"),
    "TXT": ("TXTRecords", "value"),
}
LONGEST_CHAIN = 8


@dataclass(frozen=True)
class Record:
    """One resource record; `ttl` in simulated seconds."""

    name: str
    kind: str
    ttl: float
    data: str


def authoritative(world: World, name: str, kind: str) -> list[Record]:
    """Return what the name's own servers say now; empty when they know no such record."""
    name = name.lower().rstrip(".")
    # The nearest zone answers: fas.contoso.com before contoso.com.
    for zone in sorted(world.of_type(ZONE), key=lambda one: -len(one["name"])):
        if name == zone["name"] or name.endswith("." + zone["name"]):
            return _in_zone(world, zone, name, kind)
    profile = balancing.profile_of(world, name)
    if profile is not None:
        target = balancing.choose(world, profile)
        ttl = float(profile["properties"]["dnsConfig"].get("ttl", durations.DNS_TTL))
        return [] if target is None else [Record(name, "CNAME", ttl, target)]
    for environment in world.of_type("Microsoft.App/managedEnvironments"):
        if name.endswith("." + environment["properties"]["defaultDomain"]) and kind == "A":
            return [Record(name, "A", 3600.0, environment["properties"]["staticIp"])]
    if kind == "A" and name.endswith(AZURE_SUFFIXES):
        return [Record(name, "A", durations.DNS_TTL, f"20.{len(name)}.{sum(name.encode()) % 250}.10")]
    return []


def _in_zone(world: World, zone: Json, name: str, kind: str) -> list[Record]:
    relative = name.removesuffix(zone["name"]).rstrip(".") or "@"
    alias = world.resources.peek(f"{zone['id']}/CNAME/{relative}")
    if alias is not None:
        target = (alias["properties"].get("CNAMERecord") or {}).get("cname", "")
        return [Record(name, "CNAME", float(alias["properties"].get("TTL", 3600)), target.rstrip("."))]
    row = world.resources.peek(f"{zone['id']}/{kind}/{relative}")
    if row is None or kind not in FIELDS:
        return []
    many, one = FIELDS[kind]
    values = [record.get(one) or "" for record in row["properties"].get(many) or []]
    texts = ["".join(value) if isinstance(value, list) else value for value in values]
    return [Record(name, kind, float(row["properties"].get("TTL", 3600)), text) for text in texts]


def hop(world: World, resolver: str, name: str, kind: str) -> list[Record]:
    """Return what a resolver says about one name: kept answers until their TTL has passed, then fresh ones.

    A name without records is kept for a minute too, as resolvers keep negative answers.
    """
    name = name.lower().rstrip(".")
    cache = world.table("resolver")
    key = f"{resolver}/{name}/{kind}"
    kept = cache.peek(key)
    if kept is None or kept["until"] <= world.now:
        fresh = authoritative(world, name, kind)
        until = world.now + min((record.ttl for record in fresh), default=durations.DNS_TTL)
        fresh_row: Json = {"until": until, "records": [[one.name, one.kind, one.data] for one in fresh]}
        cache.put(key, fresh_row)
        kept = fresh_row
    left = kept["until"] - world.now
    return [Record(owner, type_, left, data) for owner, type_, data in kept["records"]]


def lookup(world: World, resolver: str, name: str, kind: str = "A") -> list[Record]:
    """Follow aliases from a name to its records of that kind, as a recursive resolver does."""
    chain: list[Record] = []
    for _ in range(LONGEST_CHAIN):
        records = hop(world, resolver, name, kind)
        chain += records
        if kind == "CNAME" or not records or records[0].kind != "CNAME":
            break
        name = records[0].data
    return chain


def canonical_host(world: World, resolver: str, host: str) -> str | None:
    """Return the host at the end of the aliases, or None when the name leads to no address."""
    chain = lookup(world, resolver, host)
    return chain[-1].name if chain and chain[-1].kind == "A" else None
