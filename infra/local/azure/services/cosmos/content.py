"""The documents of Cosmos DB containers, one by one: those that are made from their number, and those kept as rows.

A hundred thousand documents are not stored. Document n of a container is made from n whenever it is looked at;
what went wrong with some of them is kept as strokes (a bad writer walks through the container at a pace), what is
not there as holes, and what was written through the data plane as rows with their versions.
"""

import hashlib
import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from infra.local.azure.contoso import TENANTS
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.search import corpus

STATES, ROWS = "cosmos content", "cosmos document"
VERSIONS = 50
# Larger than any container, so that it shares no factor with a count: the walk meets every document once.
STRIDE = 1_000_003
KINDS = ("overwritten", "deleted", "moved")

# When a document was last written, and its number (or its row).
type Place = tuple[float, int]


def key_of(container: str, number: int) -> str:
    return f"{container[0]}-{number:07d}"


def number_of(container: str, key: str) -> int | None:
    digits = key.removeprefix(f"{container[0]}-")
    return int(digits) if digits != key and len(digits) >= 7 and digits.isdecimal() else None


def digest(document: Json) -> str:
    """Hash what the app wrote: no system properties, and not the hash itself."""
    kept = {name: value for name, value in document.items() if name != "hash" and not name.startswith("_")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def natural(container: str, number: int) -> Json:
    """Return document n as the app wrote it, with the hash that the app gives every document."""
    made = corpus.document(number, 0)
    document: Json = {
        "id": key_of(container, number),
        "tenantId": made["tenantId"],
        "tenant": made["tenant"],
        "sequence": number,
        "title": made["title"],
        "content": made["content"],
    }
    return {**document, "hash": digest(document)}


@dataclass(frozen=True)
class Container:
    """One container's documents at this moment."""

    world: World
    account: Json
    name: str

    @property
    def origin(self) -> str:
        return f"{self.account['name']}/{self.name}"

    @cached_property
    def state(self) -> Json:
        return self.world.table(STATES).peek(self.origin) or {"holes": [], "strokes": []}

    @cached_property
    def highest(self) -> int:
        """The number of the newest document that was made from its number."""
        kept = self.world.table("cosmos").peek(self.account["name"]) or {"documents": {}}
        return kept["documents"].get(self.name, 0)

    @cached_property
    def rows(self) -> dict[str, Json]:
        """What was written through the data plane: `tenant/id` -> row."""
        rows = self.world.table(ROWS).rows(f"{self.origin}/")
        return {f"{row['tenant']}/{row['id']}": row for _, row in rows}

    @cached_property
    def damage(self) -> dict[int, tuple[str, float]]:
        """Number -> what happened to it, and when; the first that happened counts."""
        found: dict[int, tuple[str, float]] = {}
        for stroke in self.state["strokes"]:
            for k in range(stroke["from"], stroke["to"]):
                number = k * STRIDE % stroke["highest"] + 1
                kinds = stroke.get("kinds") or KINDS
                at = stroke["since"] + (k - stroke["from"]) / stroke["rate"]
                found.setdefault(number, (kinds[number // 2 % len(kinds)], at))
        return found

    def is_hole(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self.state["holes"])

    def is_there(self, number: int) -> bool:
        return 1 <= number <= self.highest and not self.is_hole(number)

    def _shown(self, number: int, tenant: str) -> Json | None:
        """Return document n as this partition holds it, or None where it does not."""
        document = natural(self.name, number)
        what, at = self.damage.get(number, ("", 0.0))
        home = document["tenantId"]
        if what == "deleted" or tenant != (_other(home) if what == "moved" else home):
            return None
        if what == "moved":
            document["tenantId"] = tenant
        if what == "overwritten":
            document["content"] = "\ufffd" * 12
        ts = int(at) if what else corpus.written(self.world, self.origin, number)
        return {**document, "_ts": ts, "_etag": f'"{number:08x}-{ts:08x}"'}

    def read(self, tenant: str, key: str) -> Json | None:
        """Point read: a document of a partition, or None."""
        row = self.rows.get(f"{tenant}/{key}")
        if row is not None:
            return row["versions"][-1]["document"]
        number = number_of(self.name, key)
        return self._shown(number, tenant) if number is not None and self.is_there(number) else None

    def count(self, tenant: str) -> int:
        """How many documents a partition holds."""
        first = TENANTS.index(tenant) if tenant in TENANTS else None
        found = 0
        if first is not None:
            found = _of_tenant(1, self.highest, first)
            found -= sum(_of_tenant(low, high, first) for low, high in self.state["holes"])
        for number, (what, _) in self.damage.items():
            home = TENANTS[number % len(TENANTS)]
            if what != "overwritten" and self.is_there(number):
                found += (what == "moved" and _other(home) == tenant) - (home == tenant)
        for row in self.rows.values():
            if row["tenant"] == tenant:
                number = number_of(self.name, row["id"])
                under = number is not None and self.is_there(number)
                replaces = under and self._shown(number or 0, tenant) is not None
                found += (row["versions"][-1]["document"] is not None) - replaces
        return found

    def partition(self, tenant: str, since: float = 0, *, newest_first: bool = False) -> Iterator[Json]:
        """Yield the documents of a partition that were written then or later, in the order of writing."""
        kept = [row for row in self.rows.values() if row["tenant"] == tenant]
        replaced = {row["id"] for row in kept}
        written = [row["versions"][-1]["document"] for row in kept]
        rows = [
            (float(one["_ts"]), -place - 1)
            for place, one in enumerate(written)
            if one is not None and one["_ts"] >= since
        ]
        damaged = [
            (float(int(at)), number)
            for number, (_, at) in self.damage.items()
            if at >= since and self.is_there(number)
        ]
        back = newest_first
        streams = [
            self._undamaged(tenant, since, back=back),
            sorted(damaged, reverse=back),
            sorted(rows, reverse=back),
        ]
        for _, number in heapq.merge(*streams, reverse=back):
            if number < 0:
                yield written[-number - 1]
            elif key_of(self.name, number) not in replaced:
                document = self._shown(number, tenant)
                if document is not None:
                    yield document

    def _undamaged(self, tenant: str, since: float, *, back: bool) -> Iterator[Place]:
        if tenant not in TENANTS or not self.highest:
            return
        first = corpus.first_since(self.world, self.origin, since, self.highest)
        numbers = range(first, self.highest + 1)
        for number in reversed(numbers) if back else numbers:
            if (
                TENANTS[number % len(TENANTS)] == tenant
                and number not in self.damage
                and self.is_there(number)
            ):
                yield float(corpus.written(self.world, self.origin, number)), number

    def tenants(self) -> set[str]:
        """All partition keys that there are."""
        rows = {row["tenant"] for row in self.rows.values() if row["versions"][-1]["document"] is not None}
        return rows | (set(TENANTS) if self.highest else set())

    def bad(self) -> Iterator[tuple[int, str]]:
        """Yield numbers and what is wrong with them; what was put right through the data plane is not."""
        for number, (what, _) in self.damage.items():
            if not self.is_there(number):
                continue
            home = TENANTS[number % len(TENANTS)]
            right = self.read(home, key_of(self.name, number))
            astray = self.read(_other(home), key_of(self.name, number))
            if right is None or digest(right) != right.get("hash") or astray is not None:
                yield number, what


def write(
    world: World, account: Json, container: str, tenant: str, document: Json | None, key: str
) -> Json | None:
    """Write a document (None deletes it); one that equals the one of its number goes back into its hole."""
    there = Container(world, account, container)
    number = number_of(container, key)
    if document is not None and number is not None and there.highest >= number and there.is_hole(number):
        plain = {name: value for name, value in document.items() if not name.startswith("_")}
        if plain == natural(container, number):
            holes = [part for low, high in there.state["holes"] for part in _without(low, high, number)]
            world.table(STATES).put(there.origin, {**there.state, "holes": holes})
            return {**plain, "_ts": int(world.now), "_etag": f'"{number:08x}"'}
    stored: Json | None = None
    if document is not None:
        plain = {name: value for name, value in document.items() if not name.startswith("_")}
        stored = {**plain, "_ts": int(world.now), "_etag": f'"{world.new_id()}"'}
    where = f"{there.origin}/{tenant}/{key}"
    row = world.table(ROWS).get(where) or {"tenant": tenant, "id": key, "versions": []}
    versions = [*row["versions"], {"at": world.now, "document": stored}][-VERSIONS:]
    world.table(ROWS).put(where, {**row, "versions": versions})
    return stored


def _without(low: int, high: int, number: int) -> Iterator[list[int]]:
    if not low <= number <= high:
        yield [low, high]
        return
    if low < number:
        yield [low, number - 1]
    if number < high:
        yield [number + 1, high]


def _of_tenant(low: int, high: int, place: int) -> int:
    """Count the numbers from low to high that belong to the tenant at that place."""
    size = len(TENANTS)
    return (high - place) // size - (low - 1 - place) // size


def _other(tenant: str) -> str:
    return TENANTS[(TENANTS.index(tenant) + 1) % len(TENANTS)]


def drop(world: World, origin: str) -> None:
    """Forget what is known of a container, when it is deleted."""
    world.table(STATES).delete(origin)
    for key in [key for key, _ in world.table(ROWS).rows(f"{origin}/")]:
        world.table(ROWS).delete(key)
