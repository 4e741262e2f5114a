"""App settings and host.json, as the Functions host gives them to an app."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.host.errors import AppInvalid

_DEFAULTS = {
    "FUNCTIONS_WORKER_RUNTIME": "python",
    "AzureWebJobsStorage": "",
    "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
}


def apply(app: Path, given: Mapping[str, str], *, signed_in: bool, address: str) -> None:
    """Put the app settings into the environment, before the app is imported.

    What the embedding gives wins over the process environment, and that over local.settings.json.
    """
    values: dict[str, str] = dict(_DEFAULTS)
    values.update(
        {name: str(value) for name, value in _read(app / "local.settings.json").get("Values", {}).items()}
    )
    for name, value in values.items():
        os.environ.setdefault(name, value)
    os.environ.update(given)
    # Says that the platform, and nobody else, writes the principal's header.
    os.environ["WEBSITE_HOSTNAME"] = address.removeprefix("http://")
    os.environ["WEBSITE_AUTH_ENABLED"] = "true" if signed_in else "false"


def host_json(app: Path) -> Mapping[str, Any]:
    return _read(app / "host.json")


def route_prefix(host: Mapping[str, Any]) -> str:
    return str(host.get("extensions", {}).get("http", {}).get("routePrefix", "api")).strip("/")


def default_version(host: Mapping[str, Any]) -> str | None:
    version = host.get("extensions", {}).get("durableTask", {}).get("defaultVersion")
    return None if version is None else str(version)


def is_disabled(function: str) -> bool:
    """Whether the app setting `AzureWebJobs.<function>.Disabled` turns a function off."""
    return os.environ.get(f"AzureWebJobs.{function}.Disabled", "").lower() in ("true", "1")


def resolve(value: str) -> str:
    """`%Name%` is the app setting of that name."""
    if value.startswith("%") and value.endswith("%") and len(value) > 2:
        name = value[1:-1]
        if name not in os.environ:
            raise AppInvalid(
                f"The app setting '{name}' is not set. Add it to local.settings.json or the environment."
            )
        return os.environ[name]
    return value


def _read(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise AppInvalid(f"{path} is not valid JSON: {error}. Correct the file.") from None
    if not isinstance(content, dict):
        raise AppInvalid(f"{path} must hold a JSON object. Correct the file.")
    return content  # pyright: ignore[reportUnknownVariableType] - whatever JSON objects hold
