"""Public resolvers that answer DNS over HTTPS as JSON, each with a cache of its own."""

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.world import World
from infra.local.azure.services.network import names

NUMBERS = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "CAA": 257,
}
service = Service("resolvers")


@service.on("GET", "cloudflare-dns.com", "/dns-query", token=False)
@service.on("GET", "dns.google", "/resolve", token=False)
def resolve(world: World, request: Request) -> Answer:
    """Answer `{Status, Question, Answer}`; Status 0 is found, 3 is no such name."""
    by_number = {str(number): kind for kind, number in NUMBERS.items()}
    name, kind = request.query.get("name", ""), request.query.get("type", "A").upper()
    kind = by_number.get(kind, kind)
    if not name or kind not in NUMBERS:
        return Answer(400, {"error": "Invalid query"})
    chain = names.lookup(world, request.host, name, kind)
    found = [
        {"name": one.name, "type": NUMBERS[one.kind], "TTL": int(one.ttl), "data": _data(one)}
        for one in chain
    ]
    exists = bool(chain) or bool(names.lookup(world, request.host, name))
    body = {
        "Status": 0 if exists else 3,
        "TC": False,
        "RD": True,
        "RA": True,
        "AD": False,
        "CD": False,
        "Question": [{"name": name, "type": NUMBERS[kind]}],
    }
    if found:
        body["Answer"] = found
    return Answer(200, body, {"Content-Type": "application/dns-json"})


def _data(record: names.Record) -> str:
    if record.kind == "CNAME":
        return record.data + "."
    return f'"{record.data}"' if record.kind == "TXT" else record.data


@service.truth("dns")
def truth(world: World) -> object:
    """Tell where names lead now, and where each resolver still believes that they lead."""
    believed = {key: row for key, row in world.table("resolver").rows() if row["until"] > world.now}
    hosts = [
        f"{record['name']}.{zone['name']}"
        for zone in world.of_type(names.ZONE)
        for _, record in world.resources.rows(f"{zone['id']}/CNAME/")
    ]
    return {
        "authoritative": {host: _end(world, host) for host in hosts},
        "resolvers": {
            key: {"data": [data for _, _, data in row["records"]], "ttl": round(row["until"] - world.now, 1)}
            for key, row in believed.items()
        },
    }


def _end(world: World, host: str) -> list[str]:
    """Follow the aliases of a name as they are now, past all caches."""
    chain: list[str] = []
    for _ in range(names.LONGEST_CHAIN):
        records = names.authoritative(world, host, "A")
        if not records or records[0].kind != "CNAME":
            break
        host = records[0].data
        chain.append(host)
    return chain
