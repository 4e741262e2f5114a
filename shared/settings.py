"""App settings, parsed once; every one of them stands in local.settings.sample.json."""

import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import SettingsInvalid

AZURE_MARKS = ("WEBSITE_SITE_NAME", "WEBSITE_POD_NAME", "CONTAINER_NAME", "IDENTITY_ENDPOINT")


class Settings(BaseSettings):
    """Names in upper case are the app settings."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    estate_file: Path = Field(description="Path of the estate file, relative to the app's folder.")
    run_signing_key: SecretStr = Field(
        min_length=32,
        description="Key of the HMAC over what starts or decides; a Key Vault reference in Azure.",
    )
    poll_seconds: float = Field(
        default=3.0,
        gt=0,
        le=60,
        description="How often a long-running Azure operation is asked about at first.",
    )
    retry_scale: float = Field(
        default=1.0,
        gt=0,
        le=10,
        description="What the delays between attempts, and between looks at whether it helped, are multiplied with.",
    )
    warm_up: bool = Field(
        default=True,
        description="Whether what calls need is imported in the background, once the first one has come.",
    )
    azure_client_id: str | None = Field(default=None, description="Client id of the user-assigned identity.")
    azure_endpoint_url: str | None = Field(
        default=None, description="Loopback address that all outgoing requests go to instead; never in Azure."
    )
    public_url: str | None = Field(
        default=None,
        description="Address that people reach the app at; without it the platform's own host name.",
    )
    website_hostname: str = Field(
        default="localhost:7071",
        description="Set by App Service: the app's own host name, for links in mails.",
    )
    website_auth_enabled: bool = Field(
        default=False, description="Set by App Service: whether the principal header can be believed."
    )

    @property
    def app_url(self) -> str:
        """Where people reach the app, without a slash at the end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        local = self.website_hostname.rsplit(":", 1)[0] in {"localhost", "127.0.0.1"}
        return f"{'http' if local else 'https'}://{self.website_hostname}"

    @field_validator("run_signing_key")
    @classmethod
    def _own_key(cls, key: SecretStr) -> SecretStr:
        if key.get_secret_value().startswith("replace-"):
            raise ValueError("is the sample's, which everybody knows: make one with `openssl rand -hex 32`")
        return key

    @field_validator("azure_endpoint_url")
    @classmethod
    def _loopback_only(cls, url: str | None) -> str | None:
        if not url:
            return None
        parsed = urlsplit(url)
        try:
            loopback = ipaddress.ip_address(parsed.hostname or "").is_loopback
        except ValueError:
            loopback = False
        if parsed.scheme != "http" or not loopback:
            raise ValueError("must be http:// and a literal loopback address, such as http://127.0.0.1:7072")
        if found := [mark for mark in AZURE_MARKS if os.environ.get(mark)]:
            raise ValueError(f"must not be set in Azure, and {found[0]} says that this is Azure")
        return url


def load_settings() -> Settings:
    """Read them from the environment. SettingsInvalid names each one that is missing or wrong."""
    try:
        return Settings()  # pyright: ignore[reportCallIssue] - the values come from the environment
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise SettingsInvalid(
            "app settings: " + "; ".join(lines) + " (see local.settings.sample.json)"
        ) from None
