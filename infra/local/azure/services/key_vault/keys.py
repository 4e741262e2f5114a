"""The calls on keys: real key pairs whose private half never leaves, and what they sign and verify."""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.key_vault.secrets import attributes
from infra.local.azure.services.key_vault.vault import (
    HOST,
    VaultError,
    asked,
    checked,
    not_found,
    paged,
    service,
)

KEYS = "key"
OPERATIONS_VAULT, EVIDENCE_KEY = "kv-fas-ops", "evidence"
DAY = 86_400
_ALGORITHMS = {"ES256": "EC", "RS256": "RSA"}

type Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def add(world: World, vault: str, name: str, *, kind: str = "EC", size: int = 2048, **more: object) -> Json:
    """Make a new version of a key, and the key when there is none; returns its row."""
    row = world.table(KEYS).get(f"{vault}/{name}") or {"name": name, "versions": []}
    version = world.new_id().replace("-", "")
    private: Private
    if kind == "EC":
        # From the seed, so that two worlds of one seed hold the same key.
        number = int.from_bytes(
            hashlib.sha256(f"{world.seed}/{vault}/{name}/{version}".encode()).digest()[:31]
        )
        private = ec.derive_private_key(number, ec.SECP256R1())
    else:
        private = rsa.generate_private_key(65_537, size)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    entry: Json = {"version": version, "pem": pem, "created": world.now, "updated": world.now, **more}
    row["versions"] = [*row["versions"], entry]
    world.table(KEYS).put(f"{vault}/{name}", row)
    return row


@service.seed
def plant(world: World) -> None:
    at = world.now - 120 * DAY
    add(world, OPERATIONS_VAULT, EVIDENCE_KEY, created=at, updated=at)


def _private(version: Json) -> Private:
    found = serialization.load_pem_private_key(version["pem"].encode(), None)
    assert isinstance(found, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    return found


def _number(value: int, length: int = 0) -> str:
    raw = value.to_bytes(length or (value.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _shown(request: Request, row: Json, version: Json) -> Answer:
    public = _private(version).public_key()
    where = f"https://{request.host}/keys/{row['name']}/{version['version']}"
    key: Json
    if isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        key = {"kty": "EC", "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}
    else:
        numbers = public.public_numbers()
        key = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    key = {"kid": where, "key_ops": ["sign", "verify"], **key}
    return Answer(200, {"key": key, "attributes": attributes(version)})


def _named(world: World, request: Request) -> tuple[Json, Json]:
    name = request.params["name"]
    row = world.table(KEYS).peek(f"{asked(world, request)}/{name}")
    if row is None:
        raise not_found("key", name)
    wanted = request.params.get("version") or row["versions"][-1]["version"]
    version = next((one for one in row["versions"] if one["version"] == wanted.lower()), None)
    if version is None:
        raise not_found("key", f"{name}/{wanted}")
    return row, version


@service.on("GET", HOST, "/keys", token=False)
def list_keys(world: World, request: Request) -> Answer:
    rows = [row for _, row in world.table(KEYS).rows(f"{asked(world, request)}/")]
    items = [
        {"kid": f"https://{request.host}/keys/{row['name']}", "attributes": attributes(row["versions"][-1])}
        for row in rows
    ]
    return paged(request, items)


@service.on("POST", HOST, "/keys/{name}/create", token=False)
def create(world: World, request: Request) -> Answer:
    vault, name = asked(world, request), checked(request.params["name"], "key")
    kind, size = request.json.get("kty"), request.json.get("key_size", 2048)
    if kind not in {"EC", "RSA"} or request.json.get("crv", "P-256") != "P-256":
        raise VaultError(400, "BadParameter", f"Key type {kind} is not supported here.")
    if size not in {2048, 3072, 4096}:
        raise VaultError(400, "BadParameter", f"Key size {size} is not supported.")
    row = add(world, vault, name, kind=kind, size=size)
    return _shown(request, row, row["versions"][-1])


@service.on("GET", HOST, "/keys/{name}", token=False)
@service.on("GET", HOST, "/keys/{name}/", token=False)
@service.on("GET", HOST, "/keys/{name}/{version}", token=False)
def get(world: World, request: Request) -> Answer:
    return _shown(request, *_named(world, request))


def _asked_for(request: Request, version: Json, field: str) -> tuple[Private, str, bytes]:
    """Return the key, the algorithm and the digest of a request, or raise what a vault says to a wrong one."""
    if not version.get("enabled", True):
        message = f"Operation {request.path.rsplit('/', 1)[-1]} is not allowed on a disabled key."
        raise VaultError(403, "Forbidden", message, "KeyDisabled")
    private, algorithm = _private(version), str(request.json.get("alg"))
    kind = "EC" if isinstance(private, ec.EllipticCurvePrivateKey) else "RSA"
    if _ALGORITHMS.get(algorithm) != kind:
        raise VaultError(400, "BadParameter", f"Key and signing algorithm {algorithm} are incompatible.")
    digest = _bytes(request.json.get(field))
    if len(digest) != 32:
        message = (
            f"Invalid length of 'value': {len(digest)} bytes. Signing with '{algorithm}' requires 32 bytes."
        )
        raise VaultError(400, "BadParameter", message)
    return private, algorithm, digest


def _bytes(text: object) -> bytes:
    try:
        return base64.urlsafe_b64decode(str(text) + "=" * (-len(str(text)) % 4))
    except (ValueError, binascii.Error) as error:
        raise VaultError(400, "BadParameter", "A value is no base64url.") from error


@service.on("POST", HOST, "/keys/{name}/sign", token=False, reads=True)
@service.on("POST", HOST, "/keys/{name}//sign", token=False, reads=True)
@service.on("POST", HOST, "/keys/{name}/{version}/sign", token=False, reads=True)
def sign(world: World, request: Request) -> Answer:
    row, version = _named(world, request)
    private, _, digest = _asked_for(request, version, "value")
    hashed = Prehashed(hashes.SHA256())
    if isinstance(private, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(private.sign(digest, ec.ECDSA(hashed)))
        signature = r.to_bytes(32) + s.to_bytes(32)
    else:
        signature = private.sign(digest, padding.PKCS1v15(), hashed)
    where = f"https://{request.host}/keys/{row['name']}/{version['version']}"
    return Answer(200, {"kid": where, "value": base64.urlsafe_b64encode(signature).decode().rstrip("=")})


@service.on("POST", HOST, "/keys/{name}/{version}/verify", token=False, reads=True)
def verify(world: World, request: Request) -> Answer:
    _, version = _named(world, request)
    private, _, digest = _asked_for(request, version, "digest")
    signature, hashed = _bytes(request.json.get("value")), Prehashed(hashes.SHA256())
    try:
        if isinstance(private, ec.EllipticCurvePrivateKey):
            half = len(signature) // 2
            pair = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
            private.public_key().verify(pair, digest, ec.ECDSA(hashed))
        else:
            private.public_key().verify(signature, digest, padding.PKCS1v15(), hashed)
    except InvalidSignature:
        return Answer(200, {"value": False})
    return Answer(200, {"value": True})
