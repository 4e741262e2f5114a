"""Values and versions of Key Vault secrets: keys go straight from where they are made to where they are read."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, writing
from shared.importing import IMPORTING


@dataclass(frozen=True)
class SecretVersion:
    """One version of a secret, without its value. `created` is by Azure's clock."""

    version: str
    enabled: bool
    created: datetime


@dataclass(frozen=True)
class Secret:
    """The current version of a secret with everything that goes along when it is copied."""

    name: str
    value: str = field(repr=False)
    created_on: datetime | None
    content_type: str | None
    expires_on: datetime | None
    not_before: datetime | None
    tags: dict[str, str]


@dataclass(frozen=True)
class SecretValues:
    """Role: Key Vault Secrets Officer. What is read here may go into another request, and nowhere else."""

    connection: Connection

    def value(self, vault_url: str, name: str, version: str = "") -> str | None:
        """The value of a version (of the newest when none is named), or None when there is none."""
        path = f"{vault_url}/secrets/{name}"
        if version:
            return self._value(vault_url, name, version)
        return self.connection.look("secret value", path, lambda: self._value(vault_url, name, ""))

    def _value(self, vault_url: str, name: str, version: str) -> str | None:
        try:
            with calling("get secret", f"{vault_url}/secrets/{name}"):
                return str(_client(self.connection, vault_url).get_secret(name, version or None).value)
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise

    def versions(self, vault_url: str, name: str) -> tuple[SecretVersion, ...]:
        """Every version of a secret, oldest first; none when there is no such secret."""
        try:
            with calling("list secret versions", f"{vault_url}/secrets/{name}"):
                found = list(_client(self.connection, vault_url).list_properties_of_secret_versions(name))
        except AzureCallFailed as error:
            if missing(error):
                return ()
            raise
        # The service keeps whole seconds and lists in the order of creation.
        rows = [SecretVersion(str(one.version), bool(one.enabled), one.created_on) for one in found]
        return tuple(sorted(rows, key=lambda one: one.created))

    def set(self, vault_url: str, name: str, value: str) -> None:
        """Make a new version of a secret, which readers get from now on."""
        path = f"{vault_url}/secrets/{name}"
        self.connection.expect("secret value", path, lambda _: value)
        with writing("set secret", path):
            _client(self.connection, vault_url).set_secret(name, value)

    def whole(self, vault_url: str, name: str) -> Secret | None:
        """The current version with all that belongs to it, or None when there is none. 403: it is disabled."""
        path = f"{vault_url}/secrets/{name}"
        return self.connection.look("whole secret", path, lambda: self._whole(vault_url, name))

    def _whole(self, vault_url: str, name: str) -> Secret | None:
        try:
            with calling("get secret", f"{vault_url}/secrets/{name}"):
                found = _client(self.connection, vault_url).get_secret(name)
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise
        about = found.properties
        return Secret(
            name=name,
            value=str(found.value),
            created_on=about.created_on,
            content_type=about.content_type,
            expires_on=about.expires_on,
            not_before=about.not_before,
            tags=dict(about.tags or {}),
        )

    def copy(self, vault_url: str, secret: Secret) -> None:
        """Make a new version in that vault with all that belongs to it. Each call makes one."""
        path = f"{vault_url}/secrets/{secret.name}"
        self.connection.expect("whole secret", path, lambda _: secret)
        with writing("set secret", path):
            _client(self.connection, vault_url).set_secret(
                secret.name,
                secret.value,
                content_type=secret.content_type,
                expires_on=secret.expires_on,
                not_before=secret.not_before,
                tags=secret.tags or None,
            )


def _client(connection: Connection, vault_url: str) -> Any:  # noqa: ANN401 - generated client
    with IMPORTING:
        from azure.keyvault.secrets import SecretClient  # noqa: PLC0415

    return connection.client(
        "secrets",
        vault_url,
        lambda: SecretClient(vault_url, connection.credential, **connection.client_options),
    )
