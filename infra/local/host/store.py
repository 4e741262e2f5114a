"""The state file: opening it alone, knowing it for ours, and the tables in it."""

import fcntl
import os
import sqlite3
from pathlib import Path

from infra.local.host.errors import HostError, StateDamaged, StateInUse

_APPLICATION_ID = 0x0FA57A7E
_SCHEMA_VERSION = 1

# Keys are never used again (AUTOINCREMENT), so a completion that comes late can only ever miss.
_SCHEMA = """
CREATE TABLE instances (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    version TEXT,
    status INTEGER NOT NULL,
    generation INTEGER NOT NULL DEFAULT 0,
    input TEXT,
    output TEXT,
    custom_status TEXT,
    failure BLOB,
    tags TEXT,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    completed_at REAL,
    start_at REAL,
    parent_key INTEGER,
    parent_task INTEGER,
    parent_generation INTEGER
);
CREATE INDEX instances_by_parent ON instances (parent_key) WHERE parent_key IS NOT NULL;
CREATE INDEX instances_by_status ON instances (status);
CREATE TABLE history (instance INTEGER NOT NULL, position INTEGER NOT NULL, event BLOB NOT NULL);
CREATE UNIQUE INDEX history_order ON history (instance, position);
CREATE TABLE inbox (id INTEGER PRIMARY KEY AUTOINCREMENT, instance INTEGER NOT NULL, event BLOB NOT NULL);
CREATE INDEX inbox_by_instance ON inbox (instance);
CREATE TABLE activities (
    token INTEGER PRIMARY KEY AUTOINCREMENT,
    instance INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    event BLOB NOT NULL
);
CREATE INDEX activities_by_instance ON activities (instance);
CREATE TABLE alarms (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    due REAL NOT NULL,
    instance INTEGER,
    entity TEXT,
    event BLOB
);
CREATE INDEX alarms_by_due ON alarms (due);
CREATE INDEX alarms_by_instance ON alarms (instance) WHERE instance IS NOT NULL;
CREATE TABLE entities (
    id TEXT PRIMARY KEY,
    state TEXT,
    modified_at REAL NOT NULL,
    section TEXT,
    owner INTEGER
);
CREATE INDEX entities_by_owner ON entities (owner) WHERE owner IS NOT NULL;
CREATE TABLE operations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entity TEXT NOT NULL,
    event BLOB NOT NULL,
    section TEXT,
    caller INTEGER,
    generation INTEGER
);
CREATE INDEX operations_by_entity ON operations (entity);
CREATE INDEX operations_by_section ON operations (section) WHERE section IS NOT NULL;
CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    expression TEXT NOT NULL,
    last REAL,
    next REAL NOT NULL,
    updated REAL NOT NULL
);
"""


class Store:
    """One open state file. Whoever holds it holds an advisory lock beside it until `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HostError(
                f"Cannot make the folder of the state file {path}: {error.strerror}. "
                "Choose another with --state."
            ) from None
        self._lock = _hold(path)
        try:
            self.db = _open(path)
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        self.db.close()
        os.close(self._lock)


def _hold(path: Path) -> int:
    lock_path = path.with_name(path.name + ".lock")
    try:
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise HostError(
            f"Cannot write beside the state file {path}: {error.strerror}. Choose another with --state."
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(lock)
        raise StateInUse(
            f"State file {path} is in use by another host (process {holder}). "
            "Stop that one, or choose another file with --state."
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _open(path: Path) -> sqlite3.Connection:
    try:
        # Transactions are ours (isolation_level None); the engine's lock serialises the threads.
        db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            _prepare(db, path)
        except BaseException:
            db.close()
            raise
    except sqlite3.OperationalError as error:
        raise HostError(f"Cannot use the state file {path}: {error}. Choose another with --state.") from None
    except sqlite3.DatabaseError as error:
        raise StateDamaged(
            f"State file {path} is damaged ({error}). Move it away to start afresh, or restore a copy."
        ) from None
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    application = db.execute("PRAGMA application_id").fetchone()[0]
    empty = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not empty and application != _APPLICATION_ID:
        raise StateDamaged(f"{path} is not a state file of this host. Choose another with --state.")
    db.execute("PRAGMA journal_mode = WAL")
    # Survives kill -9; a power cut may lose the last transactions, never the file.
    db.execute("PRAGMA synchronous = NORMAL")
    if empty:
        db.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id = {_APPLICATION_ID};"
            f" PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;"
        )
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version != _SCHEMA_VERSION:
        raise StateDamaged(
            f"State file {path} has format {version}, this host writes format {_SCHEMA_VERSION}. "
            "Move the file away to start afresh, or run the release that wrote it."
        )
    verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(" ".join(str(verdict).split()))
