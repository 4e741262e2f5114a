"""One write transaction on the state file, and what is to be woken once it is committed."""

import sqlite3
import time
from collections.abc import Iterable, Sequence

import durabletask.internal.orchestrator_service_pb2 as pb

HistoryEvents = Sequence[pb.HistoryEvent]


class Transaction:
    """Writes rows at once; remembers wake-ups, which the engine does after the commit, never without."""

    def __init__(self, db: sqlite3.Connection, default_version: str | None = None) -> None:
        self.db = db
        self.default_version = default_version
        self.now = time.time()
        self.instances: list[int] = []
        self.activities: list[int] = []
        self.entities: list[str] = []
        self.changed: list[str] = []
        self.stopped: list[int] = []
        self.grown: list[tuple[int, HistoryEvents]] = []
        self.rewritten: list[int] = []
        self.alarm_set = False

    def deliver(self, instance: int, *events: pb.HistoryEvent) -> None:
        """Put events into an orchestration's inbox."""
        self.db.executemany(
            "INSERT INTO inbox (instance, event) VALUES (?, ?)",
            [(instance, event.SerializeToString()) for event in events],
        )
        self.db.execute("UPDATE instances SET updated_at = ? WHERE key = ?", (self.now, instance))
        self.instances.append(instance)

    def append_history(self, instance: int, events: HistoryEvents) -> None:
        last = self.db.execute(
            "SELECT max(position) FROM history WHERE instance = ?", (instance,)
        ).fetchone()[0]
        first = 0 if last is None else last + 1
        self.db.executemany(
            "INSERT INTO history (instance, position, event) VALUES (?, ?, ?)",
            [(instance, first + index, event.SerializeToString()) for index, event in enumerate(events)],
        )
        self.grown.append((instance, events))

    def replace_history(self, instance: int, events: HistoryEvents) -> None:
        self.db.execute("DELETE FROM history WHERE instance = ?", (instance,))
        self.rewritten.append(instance)
        if events:
            self.append_history(instance, events)
            self.grown.pop()

    def start_activity(self, instance: int, generation: int, scheduled: pb.HistoryEvent) -> None:
        token = self.db.execute(
            "INSERT INTO activities (instance, generation, event) VALUES (?, ?, ?)",
            (instance, generation, scheduled.SerializeToString()),
        ).lastrowid
        assert token is not None
        self.activities.append(token)

    def set_alarm(
        self,
        due: float,
        *,
        instance: int | None = None,
        entity: str | None = None,
        event: pb.HistoryEvent | None = None,
    ) -> None:
        """At `due`, deliver the event to the instance or entity; without one, only look at the instance."""
        self.db.execute(
            "INSERT INTO alarms (due, instance, entity, event) VALUES (?, ?, ?, ?)",
            (due, instance, entity, None if event is None else event.SerializeToString()),
        )
        self.alarm_set = True

    def queue_operation(
        self,
        entity: str,
        event: pb.HistoryEvent,
        *,
        section: str | None = None,
        caller: int | None = None,
        generation: int | None = None,
    ) -> None:
        """Queue an operation, or a lock request of the critical section `section`, for an entity."""
        self.db.execute(
            "INSERT INTO operations (entity, event, section, caller, generation) VALUES (?, ?, ?, ?, ?)",
            (entity, event.SerializeToString(), section, caller, generation),
        )
        self.entities.append(entity)

    def delete_inbox(self, ids: Iterable[int]) -> None:
        self.db.executemany("DELETE FROM inbox WHERE id = ?", [(each,) for each in ids])
