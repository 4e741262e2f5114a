"""The calls of Microsoft.Network/dnsZones: record sets with etags."""

from infra.local.azure.core.envelope import shaped
from infra.local.azure.core.errors import ArmError, not_found
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.generic import GROUP, group_of, merged

PROVIDER = "/providers/Microsoft.Network/dnsZones"
ZONE = GROUP + PROVIDER + "/{zone}"
RECORD = ZONE + "/{kind}/{name}"
KINDS = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT")
SHAPE = {
    "ARecords": [{"ipv4Address": str}],
    "AAAARecords": [{"ipv6Address": str}],
    "CNAMERecord": {"cname": str},
    "TXTRecords": [{"value": [str]}],
}
service = Service("dns_zones")


@service.seed
def plant(world: World) -> None:
    """Give every record set of the estate its first etag."""
    for zone in world.of_type("Microsoft.Network/dnsZones"):
        for record in _records(world, zone):
            world.put_resource({**record, "etag": world.new_id()})


def _records(world: World, zone: Json, kind: str = "") -> list[Json]:
    kinds = {f"microsoft.network/dnszones/{one.lower()}" for one in KINDS}
    return [row for _, row in world.resources.rows(f"{zone['id']}/{kind}") if row["type"].lower() in kinds]


def _zone(world: World, request: Request) -> Json:
    group = group_of(world, request)
    return world.resource(f"{group['id']}{PROVIDER}/{request.params['zone']}")


def _kind(request: Request) -> str:
    kind = request.params["kind"].upper()
    if kind not in KINDS:
        raise not_found(request.path)
    return kind


def _shown(zone: Json, record: Json) -> Json:
    prefix = "" if record["name"] == "@" else f"{record['name']}."
    return {**record, "properties": {**record["properties"], "fqdn": f"{prefix}{zone['name']}."}}


@service.arm("GET", ZONE + "/recordsets")
@service.arm("GET", ZONE + "/all")
def list_all(world: World, request: Request) -> Answer:
    zone = _zone(world, request)
    return Answer(200, {"value": [_shown(zone, row) for row in _records(world, zone)]})


@service.arm("GET", ZONE + "/{kind}")
def list_kind(world: World, request: Request) -> Answer:
    zone = _zone(world, request)
    return Answer(200, {"value": [_shown(zone, row) for row in _records(world, zone, _kind(request) + "/")]})


@service.arm("GET", RECORD)
def get(world: World, request: Request) -> Answer:
    zone = _zone(world, request)
    return Answer(200, _shown(zone, _record(world, zone, request)))


def _record(world: World, zone: Json, request: Request) -> Json:
    kept = world.resources.get(f"{zone['id']}/{_kind(request)}/{request.params['name']}")
    if kept is None:
        message = (
            f"The resource record '{request.params['name']}' does not exist in resource group "
            f"'{zone['name']}'."
        )
        raise ArmError(404, "NotFound", message)
    return kept


def _check_etag(request: Request, kept: Json | None) -> None:
    wanted, unwanted = request.headers.get("if-match"), request.headers.get("if-none-match")
    fits = wanted is None or (kept is not None and wanted.strip('"') in {"*", kept["etag"]})
    if not fits or (unwanted == "*" and kept is not None):
        message = "The condition '{}' in the If-{} header was not satisfied. The current was '{}'."
        shown = wanted if not fits else unwanted
        current = kept["etag"] if kept else "NULL"
        text = message.format(shown, "Match" if not fits else "None-Match", current)
        raise ArmError(412, "PreconditionFailed", text)


@service.arm("PUT", RECORD)
@service.arm("PATCH", RECORD)
def change(world: World, request: Request) -> Answer:
    """Create or update; `If-Match` guards against a record that someone else changed meanwhile."""
    zone, kind, name = _zone(world, request), _kind(request), request.params["name"]
    record_id = f"{zone['id']}/{kind}/{name}"
    kept = world.resources.get(record_id) if request.method == "PUT" else _record(world, zone, request)
    _check_etag(request, kept)
    properties = request.json.get("properties") or {}
    if request.method == "PATCH" and kept is not None:
        properties = merged(kept["properties"], properties)
    shaped(properties, SHAPE)
    if kind == "CNAME" and not (properties.get("CNAMERecord") or {}).get("cname"):
        raise ArmError(400, "BadRequest", "A CNAME record set needs its CNAMERecord.")
    ttl = properties.get("TTL", properties.pop("ttl", None))
    if not isinstance(ttl, int) or not 1 <= ttl <= 2_147_483_647:
        message = f"The value '{ttl}' provided for the property 'TTL' is not valid."
        raise ArmError(400, "BadRequest", message)
    properties["TTL"] = ttl
    others = [
        row["type"].rsplit("/", 1)[-1] for row in _records(world, zone) if row["name"].lower() == name.lower()
    ]
    if kind == "CNAME" and (name == "@" or any(other != "CNAME" for other in others)):
        message = f"A CNAME record cannot be created at '{name}': other records stand there."
        raise ArmError(400, "CnameConflict" if name != "@" else "BadRequest", message)
    row: Json = {
        "id": record_id,
        "name": name,
        "type": f"Microsoft.Network/dnsZones/{kind}",
        "etag": world.new_id(),
        "properties": {**properties, "provisioningState": "Succeeded"},
    }
    return Answer(201 if kept is None else 200, _shown(zone, world.put_resource(row)))


@service.arm("DELETE", RECORD)
def delete(world: World, request: Request) -> Answer:
    zone = _zone(world, request)
    record_id = f"{zone['id']}/{_kind(request)}/{request.params['name']}"
    kept = world.resources.get(record_id)
    _check_etag(request, kept)
    if kept is None:
        return Answer(204)
    world.resources.delete(record_id)
    return Answer(200)
