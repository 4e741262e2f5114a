"""Any resource as Azure Resource Manager shows it, through bare requests: for what only looks."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing
from shared.importing import IMPORTING

ARM = "https://management.azure.com"
MOST_PAGES = 50


@dataclass(frozen=True)
class Resources:
    """GET on Azure Resource Manager. Role: Reader."""

    connection: Connection

    def document(self, path: str, version: str) -> dict[str, Any] | None:
        """What is at that path, or None when nothing is; `version` is the API version of its provider."""
        try:
            return self._get(f"{ARM}{path}", {"api-version": version})
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise

    def listed(self, path: str, version: str) -> tuple[dict[str, Any], ...]:
        """Every item of a list, over all of its pages; none where there is no such list."""
        found: list[dict[str, Any]] = []
        url, params = f"{ARM}{path}", {"api-version": version}
        for _ in range(MOST_PAGES):
            try:
                page = self._get(url, params)
            except AzureCallFailed as error:
                if missing(error):
                    break
                raise
            found += page.get("value") or []
            url, params = str(page.get("nextLink") or ""), {}
            if urlsplit(url).hostname != urlsplit(ARM).hostname:
                break  # no further page, or one that would be handed our token elsewhere
        return tuple(found)

    def _get(self, url: str, params: dict[str, str]) -> dict[str, Any]:
        with IMPORTING:
            from azure.core.rest import HttpRequest  # noqa: PLC0415

        path = urlsplit(url).path
        with calling("get", path):
            response = self.connection.arm.send_request(HttpRequest("GET", url, params=params))
            response.raise_for_status()
            return dict(response.json())
