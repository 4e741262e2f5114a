"""Public keys and their signatures: ES256 and RS256 (RFC 7518), each in the one form that is taken."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

ALGORITHMS = {"EC": "ES256", "RSA": "RS256"}
"""Signature algorithm by the JWK's key type."""

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SHA256 = Prehashed(hashes.SHA256())

type PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def encoded(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes of base64url; ValueError for any other spelling than `encoded` gives."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("no base64url") from error
    if encoded(raw) != text:
        raise ValueError("no base64url without padding")
    return raw


def normal(signature: bytes, algorithm: str) -> str:
    """A signature as the seal holds it. Of the two that ES256 allows for one digest the lower is taken."""
    if algorithm == "ES256":
        s = int.from_bytes(signature[32:])
        signature = signature[:32] + min(s, _P256_ORDER - s).to_bytes(32)
    return encoded(signature)


def from_jwk(jwk: Mapping[str, Any]) -> PublicKey:
    """The key that a JWK describes; ValueError when it is none, or too weak."""

    def number(name: str) -> int:
        return int.from_bytes(decoded(str(jwk.get(name, ""))))

    match jwk.get("kty"), jwk.get("crv"):
        case (("EC" | "EC-HSM"), "P-256"):
            return ec.EllipticCurvePublicNumbers(number("x"), number("y"), ec.SECP256R1()).public_key()
        case (("RSA" | "RSA-HSM"), _):
            key = rsa.RSAPublicNumbers(number("e"), number("n")).public_key()
            if key.key_size < 2048:
                raise ValueError(f"an RSA key of {key.key_size} bits is too weak")
            return key
        case kind, curve:
            raise ValueError(f"a key of type {kind} {curve or ''} is not used here")


def read(content: bytes) -> PublicKey:
    """A public key from a file: PEM, a JWK, or what `az keyvault key show` prints. ValueError otherwise."""
    if b"-----BEGIN" in content:
        key = serialization.load_pem_public_key(content)
        if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            raise ValueError("a key of that type is not used here")
        return key
    found = json.loads(content)
    if isinstance(found, dict) and isinstance(found.get("key"), dict):
        found = found["key"]
    if not isinstance(found, dict):
        raise ValueError("neither PEM nor JWK")  # noqa: TRY004 - what callers expect of a bad file
    return from_jwk(found)


def same(one: PublicKey, other: PublicKey) -> bool:
    """Whether both are the same key."""
    return one.public_numbers() == other.public_numbers()


def signed(key: PublicKey, algorithm: str, digest: bytes, signature: str) -> bool:
    """Whether that key signed that SHA-256 digest."""
    try:
        raw = decoded(signature)
        if isinstance(key, ec.EllipticCurvePublicKey) and algorithm == "ES256" and len(raw) == 64:
            r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
            if s > _P256_ORDER // 2:
                return False
            key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(_SHA256))
            return True
        if isinstance(key, rsa.RSAPublicKey) and algorithm == "RS256":
            key.verify(raw, digest, padding.PKCS1v15(), _SHA256)
            return True
    except (InvalidSignature, ValueError):
        return False
    return False
