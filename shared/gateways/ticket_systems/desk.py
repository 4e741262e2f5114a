"""What a ticket system must be able to do, and the plain HTTP that all of them speak."""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, asking, reading, writing
from shared.model.severity import Severity
from shared.model.ticket import TicketRef
from shared.model.wire import Frozen

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,100}")


class Ticket(Frozen):
    """What a ticket says; `key` makes it one and the same, `url` leads back to the incident."""

    key: str
    title: str
    text: str
    severity: Severity
    url: str = ""


class Desk(Protocol):
    """One ticket system. Everything that it writes can be found again by the key that it was written with."""

    def find(self, key: str) -> TicketRef | None:
        """The ticket with that key, open or closed."""
        ...

    def create(self, ticket: Ticket) -> TicketRef:
        """A new ticket with its key."""
        ...

    def has_note(self, ref: TicketRef, key: str) -> bool:
        """Whether the note with that key stands in the ticket."""
        ...

    def add_note(self, ref: TicketRef, key: str, text: str) -> None:
        """Another note."""
        ...

    def is_closed(self, ref: TicketRef) -> bool:
        """Whether it is done, by whomever."""
        ...

    def close(self, ref: TicketRef, text: str) -> None:
        """Mark it as done, and say why."""
        ...


@dataclass(frozen=True)
class Http:
    """JSON over the connection's own client. `authorization` goes into a header, which nothing records."""

    connection: Connection
    base: str
    authorization: str = ""

    def get(self, operation: str, path: str, **params: str) -> Any:  # noqa: ANN401 - JSON
        """The answer's JSON. Raises AzureCallFailed."""
        with asking(operation, self.base):
            answer = self.connection.http.get(self.base + path, params=params, headers=self._headers)
            answer.raise_for_status()
            return self._read(operation, answer)

    def query(self, operation: str, path: str, body: Any) -> Any:  # noqa: ANN401 - JSON
        """The answer's JSON to a POST that only looks."""
        with reading(operation, self.base), asking(operation, self.base):
            return self._send(operation, "POST", path, body, "application/json")

    def write(
        self,
        operation: str,
        method: str,
        path: str,
        body: Any,  # noqa: ANN401 - JSON
        media_type: str = "application/json",
    ) -> Any:  # noqa: ANN401 - JSON
        """The answer's JSON, or None in a preview, where nothing is sent."""
        with writing(operation, self.base), asking(operation, self.base):
            return self._send(operation, method, path, body, media_type)
        return None

    def _send(self, operation: str, method: str, path: str, body: Any, media_type: str) -> Any:  # noqa: ANN401 - JSON
        answer = self.connection.http.request(
            method, self.base + path, json=body, headers={**self._headers, "Content-Type": media_type}
        )
        answer.raise_for_status()
        return self._read(operation, answer) if answer.content else {}

    def _read(self, operation: str, answer: Any) -> Any:  # noqa: ANN401 - httpx and JSON
        try:
            return answer.json()
        except ValueError as error:
            # An instance that sleeps and a page to sign in at both answer 200 with HTML.
            message = "answered something else than JSON"
            raise AzureCallFailed(
                operation, self.base, answer.status_code, message, retryable=True
            ) from error

    @property
    def _headers(self) -> dict[str, str]:
        known = {"Authorization": self.authorization} if self.authorization else {}
        return {"Accept": "application/json", **known}


def basic(account: str, secret: str) -> str:
    """The Authorization header of a user name and its password or token."""
    return "Basic " + base64.b64encode(f"{account}:{secret}".encode()).decode()


def label(key: str) -> str:
    """The key as every system takes it in labels, tags and queries: what is not plain becomes its hash."""
    return key if _PLAIN.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()


def marked(key: str, text: str) -> str:
    """A note's text, with the mark that it is found again by."""
    return f"{text}\n\n{mark(key)}"


def mark(key: str) -> str:
    """What stands below a note."""
    return f"[{label(key)}]"


def segment(text: str) -> str:
    """One segment of a path."""
    return quote(text, safe="")


def one_line(title: str, longest: int) -> str:
    """A title as ticket systems take it: one line, cut where it is too long."""
    line = " ".join(title.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
