"""Key Vault data plane through `azure-keyvault-secrets` and `-certificates`; secret values are never read here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, writing
from shared.importing import IMPORTING


@dataclass(frozen=True)
class Expiring:
    """A certificate or secret and when it ends."""

    name: str
    enabled: bool
    expires_on: datetime | None


@dataclass(frozen=True)
class KeyVaults:
    """Roles: Key Vault Reader to look, Key Vault Secrets Officer to recover."""

    connection: Connection

    def _secrets(self, vault_url: str) -> Any:  # noqa: ANN401 - client types are read only where it is built
        return _secret_client(self.connection, vault_url)

    def secrets(self, vault_url: str) -> tuple[Expiring, ...]:
        """Names and properties of all secrets; no values."""
        return self.connection.look("secrets", vault_url, lambda: self._listed(vault_url))

    def _listed(self, vault_url: str) -> tuple[Expiring, ...]:
        with calling("list secrets", vault_url):
            return tuple(
                Expiring(str(found.name), bool(found.enabled), found.expires_on)
                for found in self._secrets(vault_url).list_properties_of_secrets()
            )

    def is_soft_deleted(self, vault_url: str, name: str) -> bool:
        """Whether a deleted secret of that name can still be recovered."""
        try:
            with calling("get deleted secret", f"{vault_url}/{name}"):
                self._secrets(vault_url).get_deleted_secret(name)
        except AzureCallFailed as error:
            if missing(error):
                return False
            raise
        return True

    def recover_secret(self, vault_url: str, name: str) -> None:
        """Bring a soft-deleted secret back; the service finishes it within seconds. 409: it is at it already."""
        self.connection.expect("secrets", vault_url, lambda seen: (*seen, Expiring(name, True, None)))
        try:
            with writing("recover deleted secret", f"{vault_url}/{name}"):
                self._secrets(vault_url).begin_recover_deleted_secret(name, _polling_interval=0)
        except AzureCallFailed as error:
            if error.status != 409:
                raise

    def certificates(self, vault_url: str) -> tuple[Expiring, ...]:
        """Names and expiry of all certificates."""
        with calling("list certificates", vault_url):
            return tuple(
                Expiring(str(found.name), bool(found.enabled), found.expires_on)
                for found in _certificate_client(self.connection, vault_url).list_properties_of_certificates()
            )


def _secret_client(connection: Connection, vault_url: str) -> Any:  # noqa: ANN401 - see above
    with IMPORTING:
        from azure.keyvault.secrets import SecretClient  # noqa: PLC0415

    return connection.client(
        "secrets",
        vault_url,
        lambda: SecretClient(vault_url, connection.credential, **connection.client_options),
    )


def _certificate_client(connection: Connection, vault_url: str) -> Any:  # noqa: ANN401 - see above
    with IMPORTING:
        from azure.keyvault.certificates import CertificateClient  # noqa: PLC0415

    return connection.client(
        "certificates",
        vault_url,
        lambda: CertificateClient(vault_url, connection.credential, **connection.client_options),
    )
