"""Azure Resource Manager itself, for services whose SDK is not worth its size: plain documents by address."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, reading
from shared.gateways.operations import Operation, ours, start
from shared.importing import IMPORTING

type Document = dict[str, Any]


@dataclass(frozen=True)
class Arm:
    """One API version of one provider. Addresses are resource ids, such as `/subscriptions/...`."""

    connection: Connection
    version: str

    def get(self, operation: str, address: str) -> Document | None:
        """The document, or None when there is none."""
        try:
            with calling(operation, address):
                return self._send("GET", address)
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise

    def listed(self, operation: str, address: str, query: str = "") -> tuple[Document, ...]:
        """Every document of a list, page by page."""
        with calling(operation, address):
            return tuple(self._pages(address, query))

    def clock(self, operation: str, address: str) -> datetime:
        """What time it is by the clock of whoever answers there: the date of the answer, to the second."""
        with calling(operation, address):
            return parsedate_to_datetime(self._answer("GET", address).headers["Date"])

    def ask(self, operation: str, address: str, body: Document | None = None) -> Document:
        """A POST that changes nothing."""
        with reading(operation, address):
            return self._send("POST", address, body)

    def begin(
        self, operation: str, method: str, address: str, body: Document | None = None
    ) -> Operation | None:
        """A request that changes something; the operation to ask about, where there is one."""

        def sent(*, polling: bool, raw_response_hook: Any) -> None:  # noqa: ANN401, ARG001 - as the SDKs' own
            raw_response_hook(SimpleNamespace(http_response=self._answer(method, address, body)))

        return start(operation, address, sent)

    def _pages(self, address: str, query: str) -> Iterator[Document]:
        page = self._send("GET", address, query=query)
        yield from page.get("value") or ()
        while following := page.get("nextLink"):
            page = self._send("GET", ours(str(following)))
            yield from page.get("value") or ()

    def _send(self, method: str, address: str, body: Document | None = None, query: str = "") -> Document:
        answer = self._answer(method, address, body, query)
        found = answer.json() if answer.content else {}
        return found if isinstance(found, dict) else {}

    def _answer(self, method: str, address: str, body: Document | None = None, query: str = "") -> Any:  # noqa: ANN401 - azure-core's HttpResponse
        with IMPORTING:
            from azure.core.rest import HttpRequest  # noqa: PLC0415

        url = address
        if address.startswith("/"):
            url = f"https://management.azure.com{address}?api-version={self.version}{query}"
        answer = self.connection.arm.send_request(HttpRequest(method, url, json=body))
        answer.raise_for_status()
        return answer
