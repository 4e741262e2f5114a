"""The journal of a step: every request that a call of it really sends, changing ones noted before they go out.

The transports report to the journal of the context that they are called in. A changing request is kept as an intent
first, so that a process that dies leaves a trace of what may have happened; results, and requests that only look, are
kept together when the call ends, so that a look costs no round trip of its own.
"""

import contextvars
import json
import re
import secrets
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from shared.errors import AzureCallFailed
from shared.gateways.masking import masked_body, masked_url
from shared.gateways.preview import looks
from shared.model.wire import Wire

BODY_LIMIT = 64_000
"""Characters of a body's JSON that are kept; of a longer one its size is."""

_RESOURCE = re.compile(
    r"/subscriptions/[^/]+(/resourcegroups/[^/]+)?(/providers/[^/]+(/[^/]+/[^/]+)+)?", re.IGNORECASE
)

type Keep = Callable[[list[Wire]], None]
"""Stores lines for good, or raises AzureCallFailed."""


class Sent:
    """One request on its way, and how it was answered."""

    def __init__(self, line: Wire) -> None:
        self.line = line
        self.status: int | None = None
        self.error = ""
        self.noted = False
        self._began = time.monotonic()
        self._ended = self._began

    def end(self, error: BaseException | None) -> None:
        """The answer is there, or will not come."""
        self._ended = time.monotonic()
        self.error = type(error).__name__ if error is not None else ""

    @property
    def result(self) -> Wire:
        """What is known now that was not when it was sent; `status` is null when no answer came."""
        told: Wire = {"status": self.status, "ms": round((self._ended - self._began) * 1000, 1)}
        return {**told, "error": self.error} if self.error else told


class Journal:
    """What one call of a step sends. `left` are the lines that could not be kept."""

    def __init__(self, step: str, keep: Keep) -> None:
        self.step = step
        self.left: list[Wire] = []
        self._keep = keep
        self._sent: list[Sent] = []
        self._away = False
        self._lock = Lock()

    def begin(self, method: str, url: str, body: bytes | str | None) -> Sent:
        """Note a request that is about to go out; one that may change something is kept before it does."""
        look = looks(method)
        line: Wire = {
            "id": secrets.token_hex(8),
            "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "step": self.step,
            "method": method.upper(),
            "url": masked_url(url),
            "resource": resource_of(url),
            "changes": not look,
        }
        if body:
            line["body"] = _short(masked_body(url, body))
        sent = Sent(line)
        if not look and not self._away:
            sent.noted = self._try([line])
        with self._lock:
            self._sent.append(sent)
        return sent

    def close(self) -> None:
        """Keep what is still to be kept, in one go; what cannot be is `left`."""
        lines = [
            {"id": sent.line["id"], **sent.result} if sent.noted else {**sent.line, **sent.result}
            for sent in self._sent
        ]
        if lines and not self._try(lines):
            self.left = lines

    def _try(self, lines: list[Wire]) -> bool:
        # The journal's own requests are not in the journal.
        token = _current.set(None)
        try:
            self._keep(lines)
        except AzureCallFailed:
            # What recovers a region does not wait for its own journal: the lines travel in the step's answer.
            self._away = True
            return False
        finally:
            _current.reset(token)
        return True


_current: ContextVar[Journal | None] = ContextVar("journal", default=None)


@contextmanager
def journaling(journal: Journal) -> Generator[Journal]:
    """Requests that are sent inside are reported to it; it is closed at the end, whatever happened."""
    token = _current.set(journal)
    try:
        yield journal
    finally:
        _current.reset(token)
        journal.close()


@contextmanager
def sending(method: str, url: str, body: Callable[[], bytes | str | None]) -> Generator[Sent]:
    """Around the sending of one request, in the transport: set `status` when it is answered."""
    journal = _current.get()
    sent = Sent({}) if journal is None else journal.begin(method, url, body())
    try:
        yield sent
    except BaseException as error:
        sent.end(error)
        raise
    sent.end(None)


def carried[**P, R](work: Callable[P, R]) -> Callable[P, R]:
    """The same work for a thread of its own, which reports to the journal of whoever hands it over."""
    here = contextvars.copy_context()

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return here.copy().run(work, *args, **kwargs)

    return run


def resource_of(url: str) -> str:
    """The id of the ARM resource that a request is for; of anything else, host and path."""
    parts = urlsplit(url)
    if parts.hostname == "management.azure.com" and (found := _RESOURCE.match(parts.path)):
        return found[0]
    return f"{parts.netloc}{parts.path}"


def _short(body: Any) -> Any:  # noqa: ANN401 - JSON
    size = len(json.dumps(body))
    return body if size <= BODY_LIMIT else {"characters": size}
