"""A preview: reads are real, writes are kept instead of sent, and later reads show what the writes would have done."""

from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from shared.gateways.masking import masked_body, masked_url
from shared.model.wire import Frozen

_looking: ContextVar[bool] = ContextVar("looking", default=False)
_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})


class Previewed(Exception):  # noqa: N818 - named for what happened
    """Raised below the SDK in place of sending a request that would change something."""


class Write(Frozen):
    """A request that the run would send. Secrets are masked in `url` and `body`."""

    method: str
    url: str
    body: Any = None


@contextmanager
def only_looking() -> Generator[None]:
    """Say of the requests inside that they change nothing, although they are no GET. Unsaid means: a write."""
    token = _looking.set(True)
    try:
        yield
    finally:
        _looking.reset(token)


def looks(method: str) -> bool:
    """Whether a request of that method, sent here and now, changes nothing."""
    return method.upper() in _LOOKS or _looking.get()


class Preview:
    """What one preview has kept so far. `step` is the step that is being walked through."""

    def __init__(self) -> None:
        self.step = ""
        self.writes: list[Write] = []
        self._expected: defaultdict[tuple[str, str], list[Callable[[Any], Any]]] = defaultdict(list)
        self._lock = Lock()

    def refuse(self, method: str, url: str, body: bytes | str | None) -> None:
        """Let a request pass that only looks; keep any other and raise `Previewed`."""
        if looks(method):
            return
        write = Write(method=method.upper(), url=masked_url(url), body=masked_body(url, body))
        with self._lock:
            self.writes.append(write)
        raise Previewed(f"{write.method} {write.url}")

    def expect(self, kind: str, key: str, change: Callable[[Any], Any]) -> None:
        """What a write will have done to what `look` reads under the same kind and key."""
        self._expected[kind, key.lower()].append(change)

    def changed(self, kind: str, key: str, value: Any) -> Any:  # noqa: ANN401 - whatever the gateway reads
        """The value as all expected changes leave it."""
        for change in self._expected.get((kind, key.lower()), ()):
            value = change(value)
        return value

    def is_expected(self, kind: str, key: str) -> bool:
        """Whether a write has been kept that changes this."""
        return (kind, key.lower()) in self._expected
