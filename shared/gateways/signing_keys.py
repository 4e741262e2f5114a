"""Keys that sign inside Key Vault, through `azure-keyvault-keys`: their private half never comes here."""

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from shared.errors import EstateInvalid
from shared.gateways.connection import Connection, calling, reading
from shared.importing import IMPORTING


@dataclass(frozen=True)
class SigningKey:
    """One version of a key: its id with the version, and its public half as a JWK."""

    id: str
    jwk: dict[str, str]


@dataclass(frozen=True)
class SigningKeys:
    """Role: Key Vault Crypto User (get, sign)."""

    connection: Connection

    def current(self, key_url: str) -> SigningKey:
        """The newest version of a key, or the one that the address names. EstateInvalid when it is no key's address."""
        vault, name, version = _parts(key_url)
        with calling("get key", key_url):
            found = _key_client(self.connection, vault).get_key(name, version)
        key = found.key
        fields = ("x", "y") if "EC" in str(key.kty) else ("n", "e")
        jwk = {name: _base64url(getattr(key, name)) for name in fields}
        curve = {"crv": str(getattr(key.crv, "value", key.crv))} if key.crv else {}
        kind = str(getattr(key.kty, "value", key.kty)).removesuffix("-HSM")
        return SigningKey(id=str(found.id), jwk={"kty": kind, **curve, **jwk})

    def sign(self, key: SigningKey, algorithm: str, digest: bytes) -> bytes:
        """The vault's signature over a SHA-256 digest; `algorithm` is ES256 or RS256."""
        with IMPORTING:
            from azure.keyvault.keys.crypto import SignatureAlgorithm  # noqa: PLC0415

        with reading("sign with key", key.id):
            signed = _crypto_client(self.connection, key.id).sign(SignatureAlgorithm(algorithm), digest)
        return bytes(signed.signature)


def _parts(key_url: str) -> tuple[str, str, str | None]:
    parts = urlsplit(key_url)
    match parts.path.strip("/").split("/"):
        case ["keys", name]:
            return f"https://{parts.netloc}", name, None
        case ["keys", name, version]:
            return f"https://{parts.netloc}", name, version
        case _:
            raise EstateInvalid(f"{key_url} is no address of a key: write https://<vault>/keys/<name>")


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _key_client(connection: Connection, vault_url: str) -> Any:  # noqa: ANN401 - client types are read where it is built
    with IMPORTING:
        from azure.keyvault.keys import KeyClient  # noqa: PLC0415

    return connection.client(
        "keys", vault_url, lambda: KeyClient(vault_url, connection.credential, **connection.client_options)
    )


def _crypto_client(connection: Connection, key_id: str) -> Any:  # noqa: ANN401 - see above
    with IMPORTING:
        from azure.keyvault.keys.crypto import CryptographyClient  # noqa: PLC0415

    return connection.client(
        "cryptography",
        key_id,
        lambda: CryptographyClient(key_id, connection.credential, **connection.client_options),
    )
