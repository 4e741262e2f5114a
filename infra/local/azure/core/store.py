"""Documents in one SQLite file, one transaction a request: a killed process loses nothing."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

type Json = dict[str, Any]


class StateUnusable(Exception):  # noqa: N818 - reads as what happened
    """The state file is damaged or in use by another simulator."""


class Store:
    """Tables of JSON documents and one append-only journal (the ledger)."""

    def __init__(self, path: Path | None = None) -> None:
        try:
            self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=0.5)
            # The operating system keeps what was written when the process is killed: NORMAL is enough.
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS documents "
                "(kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"
            )
            self._db.execute("CREATE TABLE IF NOT EXISTS ledger (seq INTEGER PRIMARY KEY, body TEXT)")
            self._db.execute("COMMIT")
            damage = self._db.execute("PRAGMA quick_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise StateUnusable(f"state file {path}: {error}") from error
        if damage != "ok":
            raise StateUnusable(f"state file {path}: {damage}")

    def load(self) -> Iterator[tuple[str, str, Json]]:
        for kind, key, body in self._db.execute("SELECT kind, key, body FROM documents"):
            yield kind, key, json.loads(body)

    def save(self, changed: Mapping[tuple[str, str], Json | None], journal: Iterable[Json]) -> None:
        """Write documents (None deletes) and journal entries, all or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for (kind, key), body in changed.items():
                if body is None:
                    self._db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))
                else:
                    self._db.execute(
                        "INSERT INTO documents VALUES (?, ?, ?) "
                        "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                        (kind, key, json.dumps(body)),
                    )
            for entry in journal:
                self._db.execute("INSERT INTO ledger VALUES (?, ?)", (entry["id"], json.dumps(entry)))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def journal(self) -> list[Json]:
        return [json.loads(body) for (body,) in self._db.execute("SELECT body FROM ledger ORDER BY seq")]

    def last_entry(self) -> int:
        return self._db.execute("SELECT coalesce(max(seq), 0) FROM ledger").fetchone()[0]

    def copy_to(self, path: Path) -> None:
        """Write all of it into another file, which no other state may lie in."""
        there = sqlite3.connect(path)
        try:
            self._db.backup(there)
        finally:
            there.close()

    def close(self) -> None:
        self._db.close()
