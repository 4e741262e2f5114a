"""The pasts of orchestrations as the worker wants them: encoded once, kept while there is room."""

import sqlite3
from collections import OrderedDict
from collections.abc import Sequence

import durabletask.internal.orchestrator_service_pb2 as pb

_ROOM = 32 * 1024 * 1024


class HistoryCache:
    """Encoded `pastEvents` by instance key; the least used leave memory first, and are read again."""

    def __init__(self, room: int = _ROOM) -> None:
        self._room = room
        self._used = 0
        self._pasts: OrderedDict[int, bytearray] = OrderedDict()

    def load(self, db: sqlite3.Connection, key: int) -> bytes:
        past = self._pasts.get(key)
        if past is None:
            rows = db.execute("SELECT event FROM history WHERE instance = ? ORDER BY position", (key,))
            past = bytearray(_encode([pb.HistoryEvent.FromString(blob) for (blob,) in rows]))
            self._pasts[key] = past
            self._used += len(past)
        self._pasts.move_to_end(key)
        taken = bytes(past)
        self._make_room()
        return taken

    def grow(self, key: int, events: Sequence[pb.HistoryEvent]) -> None:
        past = self._pasts.get(key)
        if past is not None:
            encoded = _encode(events)
            past += encoded
            self._used += len(encoded)
            self._make_room()

    def forget(self, key: int) -> None:
        self._used -= len(self._pasts.pop(key, b""))

    def _make_room(self) -> None:
        while self._used > self._room and self._pasts:
            _, past = self._pasts.popitem(last=False)
            self._used -= len(past)


def _encode(events: Sequence[pb.HistoryEvent]) -> bytes:
    return pb.OrchestratorRequest(pastEvents=events).SerializeToString()
