"""The calls on certificates: real X.509 ones, with keys that nobody needs."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.key_vault.secrets import attributes
from infra.local.azure.services.key_vault.vault import HOST, asked, not_found, paged, service

CERTIFICATES = "certificate"


def add(world: World, vault: str, name: str, hosts: list[str], *, days: tuple[float, float]) -> None:
    """Issue a certificate: valid since, and for, so many days from now."""
    since, until = (
        datetime.fromtimestamp(world.now, UTC).replace(microsecond=0) + timedelta(days=one) for one in days
    )
    # From the seed, so that two worlds of one seed hold the same certificate.
    number = int.from_bytes(hashlib.sha256(f"{world.seed}/{vault}/{name}".encode()).digest()[:31])
    key = ec.derive_private_key(number, ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(number >> 100)
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    thumbprint = hashlib.sha1(der, usedforsecurity=False).digest()
    version: Json = {
        "version": world.new_id().replace("-", ""),
        "cer": base64.b64encode(der).decode(),
        "x5t": base64.urlsafe_b64encode(thumbprint).decode().rstrip("="),
        "created": since.timestamp(),
        "updated": since.timestamp(),
        "nbf": int(since.timestamp()),
        "exp": int(until.timestamp()),
        "subject": f"CN={hosts[0]}",
        "hosts": hosts,
    }
    world.table(CERTIFICATES).put(f"{vault}/{name}", {"name": name, "versions": [version]})


def _item(request: Request, row: Json, version: Json, *, with_version: bool) -> Json:
    where = f"https://{request.host}/certificates/{row['name']}"
    shown = f"{where}/{version['version']}" if with_version else where
    return {
        "id": shown,
        "x5t": version["x5t"],
        "attributes": attributes(version),
        "subject": version["subject"],
    }


def _policy(request: Request, row: Json) -> Json:
    version = row["versions"][-1]
    return {
        "id": f"https://{request.host}/certificates/{row['name']}/policy",
        "key_props": {"exportable": True, "kty": "EC", "key_size": 256, "reuse_key": False, "crv": "P-256"},
        "secret_props": {"contentType": "application/x-pkcs12"},
        "x509_props": {
            "subject": version["subject"],
            "sans": {"dns_names": version["hosts"]},
            "validity_months": max(1, round((version["exp"] - version["nbf"]) / 86_400 / 30)),
        },
        "lifetime_actions": [
            {"trigger": {"days_before_expiry": 30}, "action": {"action_type": "EmailContacts"}}
        ],
        "issuer": {"name": "Unknown"},
    }


def _named(world: World, request: Request) -> Json:
    name = request.params["name"]
    found = world.table(CERTIFICATES).peek(f"{asked(world, request)}/{name}")
    if found is None:
        raise not_found("certificate", name)
    return found


@service.on("GET", HOST, "/certificates", token=False)
def list_certificates(world: World, request: Request) -> Answer:
    rows = [row for _, row in world.table(CERTIFICATES).rows(f"{asked(world, request)}/")]
    return paged(request, [_item(request, row, row["versions"][-1], with_version=False) for row in rows])


@service.on("GET", HOST, "/certificates/{name}/versions", token=False)
def list_versions(world: World, request: Request) -> Answer:
    row = _named(world, request)
    return paged(request, [_item(request, row, version, with_version=True) for version in row["versions"]])


@service.on("GET", HOST, "/certificates/{name}/policy", token=False)
def policy(world: World, request: Request) -> Answer:
    return Answer(200, _policy(request, _named(world, request)))


@service.on("GET", HOST, "/certificates/{name}", token=False)
@service.on("GET", HOST, "/certificates/{name}/", token=False)
@service.on("GET", HOST, "/certificates/{name}/{version}", token=False)
def get(world: World, request: Request) -> Answer:
    row = _named(world, request)
    wanted = request.params.get("version") or row["versions"][-1]["version"]
    version = next((one for one in row["versions"] if one["version"] == wanted.lower()), None)
    if version is None:
        raise not_found("certificate", f"{row['name']}/{wanted}")
    where = f"https://{request.host}"
    path = f"{row['name']}/{version['version']}"
    shown = {
        key: value
        for key, value in _item(request, row, version, with_version=True).items()
        if key != "subject"
    }
    body: Json = {
        **shown,
        "kid": f"{where}/keys/{path}",
        "sid": f"{where}/secrets/{path}",
        "cer": version["cer"],
        "policy": _policy(request, row),
    }
    return Answer(200, body)
