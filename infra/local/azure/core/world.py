"""The world: resources and other documents, simulated time, ids, transactions, the ledger."""

import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from infra.local.azure.core.clock import Clock, RunningClock, iso
from infra.local.azure.core.errors import Unreachable, not_found
from infra.local.azure.core.faults import Faults
from infra.local.azure.core.operations import Operations
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json, Store
from infra.local.azure.core.table import Table, Undo

# After a longer time down, clockwork (traffic, probes) starts again this many simulated seconds ago.
BACKLOG = 900.0
NAMESPACE = uuid.UUID("6f9f2f0e-52c8-4f0c-8a4f-7f1f0c0dea51")

type WriteHook = Callable[[Json], None]


class World:
    """One simulated Azure. Change it inside `transaction()`; requests are wrapped by the dispatcher."""

    def __init__(
        self,
        services: tuple[Service, ...] = (),
        *,
        path: Path | None = None,
        clock: Clock | None = None,
        speed: float = 1.0,
        seed: int = 0,
        seeding: Callable[["World"], None] | None = None,
    ) -> None:
        self._store = Store(path)
        # Where the mail service leaves its messages; whoever embeds the world may set another folder.
        self.mail_folder: Path | None = path.parent / "mail" if path else None
        self._undo: Undo = []
        self._journal: list[Json] = []
        self._depth = 0
        self._at: float | None = None
        self._tables: dict[str, Table] = {}
        for kind, key, row in self._store.load():
            self.table(kind).load(key, row)
        self._entry = self._store.last_entry()
        self.services = services
        self.seed = seed
        self.resources = self.table("resource")
        self.meta = self.table("meta")
        self._by_type: tuple[int, dict[tuple[str, str], list[Json]]] = (-1, {})
        self.before_write: WriteHook | None = None
        self.after_write: WriteHook | None = None
        self.faults = Faults(self)
        self.operations = Operations(self)
        for service in services:
            self.faults.kinds.update(service.faults)
        try:
            self.clock = clock or self._running(speed)
            self.speed = getattr(self.clock, "speed", 1.0)
            self._begin(seeding)
        except BaseException:
            self._store.close()
            raise

    def _begin(self, seeding: Callable[["World"], None] | None) -> None:
        """Seed a new world; an old one keeps the seed that it began with."""
        if self.meta.peek("seed") is None:
            with self.transaction():
                self.meta.put("seed", {"seed": self.seed, "born": self.now})
                if seeding is not None:
                    seeding(self)
                for service in self.services:
                    for plant in service.seeds:
                        plant(self)
        self.seed = (self.meta.peek("seed") or {})["seed"]

    def _running(self, speed: float) -> RunningClock:
        """Go on where the state file says that time is, even if the speed is another one now."""
        kept = self.meta.peek("clock")
        real = time.time()
        anchor = real if kept is None else RunningClock(kept["real"], kept["anchor"], kept["speed"]).now()
        with self.transaction():
            self.meta.put("clock", {"real": real, "anchor": anchor, "speed": speed})
        return RunningClock(real, anchor, speed)

    @property
    def now(self) -> float:
        """Simulated seconds since 1970; stands still inside a transaction."""
        return self.clock.now() if self._at is None else self._at

    def catch_up(self) -> None:
        """Let everything happen that was due by now, in order: operations and the services' clockwork."""
        with self.transaction():
            target = self.now
            clockwork = [
                (name, period, tick) for service in self.services for name, period, tick in service.ticks
            ]
            due = {name: self._next(name, target, period) for name, period, _ in clockwork}
            while True:
                operation = self.operations.next_due()
                first = min(due.values(), default=target + 1)
                if operation is not None and operation["due"] <= min(first, target):
                    self._at = max(operation["due"], operation["started"])
                    self.operations.settle(operation)
                elif first <= target:
                    self._at = first
                    for name, period, tick in clockwork:
                        if due[name] == first:
                            tick(self)
                            due[name] = first + period
                else:
                    break
            for name, moment in due.items():
                if (self.meta.peek(f"tick {name}") or {}).get("next") != moment:
                    self.meta.put(f"tick {name}", {"next": moment})
            self._at = target

    def _next(self, name: str, target: float, period: float) -> float:
        kept = (self.meta.peek(f"tick {name}") or {}).get("next")
        if kept is None:
            # Whole multiples, so that clockworks of different periods meet.
            born = (self.meta.peek("seed") or {"born": target})["born"]
            kept = born - born % period + period
        return kept if kept >= target - BACKLOG else target - BACKLOG - (target - BACKLOG) % period

    def table(self, kind: str) -> Table:
        """Return the documents of one kind; a service makes its own by naming them."""
        if kind not in self._tables:
            self._tables[kind] = Table(kind, self._undo, self._guard)
        return self._tables[kind]

    def _guard(self) -> None:
        if not self._depth:
            raise RuntimeError("the world changes only inside a transaction")

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All or nothing, in memory and in the file; inner ones join the outer one."""
        self._depth += 1
        try:
            if self._depth == 1:
                self._at = self.clock.now() if hasattr(self, "clock") else None
            yield
            if self._depth == 1:
                self._commit()
        except BaseException:
            if self._depth == 1:
                self.rollback(0)
                self._journal.clear()
            raise
        finally:
            self._depth -= 1
            if not self._depth:
                self._at = None

    def mark(self) -> int:
        return len(self._undo)

    def rollback(self, mark: int) -> None:
        while len(self._undo) > mark:
            table, key, row = self._undo.pop()
            table.restore(key, row)

    def _commit(self) -> None:
        if self._undo or self._journal:
            self._store.save(
                {(table.kind, key): table.peek(key) for table, key, _ in self._undo}, self._journal
            )
        self._undo.clear()
        self._journal.clear()

    def new_id(self) -> str:
        """Return a UUID that depends only on the seed and on how many were made before."""
        count = (self.meta.peek("ids") or {"count": 0})["count"] + 1
        self.meta.put("ids", {"count": count})
        return str(uuid.uuid5(NAMESPACE, f"{self.seed}/{count}"))

    def resource(self, resource_id: str) -> Json:
        """Return a copy of a resource, or raise ARM's 404."""
        found = self.resources.get(resource_id)
        if found is None:
            raise not_found(resource_id)
        return found

    def put_resource(self, resource: Json) -> Json:
        self.resources.put(resource["id"], resource)
        return resource

    def of_type(self, kind: str, scope: str = "") -> list[Json]:
        """Return the resources (read only) of a type such as `Microsoft.App/containerApps` below an id."""
        if self._by_type[0] != self.resources.version:
            self._by_type = self.resources.version, {}
        known, wanted = self._by_type[1], (kind.lower(), scope.lower())
        if wanted not in known:
            rows = self.resources.rows(scope)
            known[wanted] = [row for _, row in rows if row.get("type", "").lower() == wanted[0]]
        return list(known[wanted])

    @property
    def regions(self) -> list[str]:
        return [key for key, _ in self.table("region").rows()]

    def region_up(self, region: str) -> bool:
        return not self.faults.hits(region_name(region))

    def require_region(self, region: str) -> None:
        """Raise `Unreachable` while the region is out: its data plane answers nobody."""
        if not self.region_up(region):
            raise Unreachable(region)

    def enter(self, entry: Json) -> Json:
        """Append to the ledger, in this transaction."""
        self._entry += 1
        kept = {"id": self._entry, "at": iso(self.now), **entry}
        self._journal.append(kept)
        return kept

    def ledger(self) -> list[Json]:
        """Every write received, in order."""
        return self._store.journal()

    def copy_to(self, path: Path) -> float:
        """A state file that another world goes on from; returns the simulated time that it stands at."""
        with self.transaction():
            self.catch_up()
        self._store.copy_to(path)
        return self.now

    def close(self) -> None:
        self._store.close()


def region_name(location: str) -> str:
    """`Japan East` -> `japaneast`."""
    return location.replace(" ", "").lower()
