"""The documents of Cosmos DB containers, by number: when each was written, and what it says.

A hundred thousand documents are not stored: document n of a container is made from n whenever it is looked at.
Those of the beginning were written at even distances; when later ones were is interpolated between marks.
"""

import bisect
from collections.abc import Iterator

from infra.local.azure.contoso import TENANTS
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.cosmos import data, regions

# Seconds between the documents of the beginning: 2,000 a day.
STEP = 43.2
MARKS = "search corpus"
MOST_MARKS = 2000
_TOPICS = ("billing", "onboarding", "outage", "invoice", "contract", "delivery", "refund", "password")


def key_of(number: int) -> str:
    return f"m-{number:07d}"


def number_of(key: str) -> int | None:
    digits = key.removeprefix("m-")
    return int(digits) if key.startswith("m-") and len(digits) >= 7 and digits.isdecimal() else None


def mark(world: World) -> None:
    """Note how many documents there are now, in every container that changed."""
    for account in world.of_type(regions.ACCOUNT):
        for container, count in data.state(world, account)["documents"].items():
            key = f"{account['name']}/{container}"
            kept = world.table(MARKS).get(key) or {"marks": []}
            marks: list[list[float]] = kept["marks"]
            if not marks or marks[-1][1] != count:
                # Marks above the count are of documents that a failover lost; the first one dates the beginning.
                later = [one for one in marks[1:] if one[1] < count]
                if not marks or count > marks[0][1]:
                    later.append([world.now, count])
                world.table(MARKS).put(key, {"marks": [*marks[:1], *later[-MOST_MARKS:]]})


def note(world: World, origin: str, at: float, number: int) -> None:
    """Note that there were so many documents then, where the pace of writing changes."""
    kept = world.table(MARKS).get(origin) or {"marks": []}
    marks: list[list[float]] = kept["marks"]
    if not marks or (at > marks[-1][0] and number >= marks[-1][1]):
        world.table(MARKS).put(origin, {"marks": [*marks[:1], *marks[1:][-MOST_MARKS:], [at, number]]})


def count(world: World, account: Json, container: str) -> int | None:
    """Return how many documents a reader finds in the first region that answers; None when none does."""
    kept = data.state(world, account)
    if world.faults.host_down(f"{account['name']}.documents.azure.com"):
        return None
    away = regions.offline(world, account)
    for region in regions.order(account):
        host = f"{account['name']}-{region}.documents.azure.com"
        if region in away or not world.region_up(region) or world.faults.host_down(host):
            continue
        writes = region == regions.write_region(account)
        behind = 0 if writes else kept["sequence"] - kept["replicas"].get(region, kept)["sequence"]
        return max(0, kept["documents"].get(container, 0) - behind)
    return None


def written(world: World, origin: str, number: int) -> int:
    """Return the `_ts` of a document of `account/container`."""
    marks = (world.table(MARKS).peek(origin) or {"marks": []})["marks"]
    if not marks:
        return int(world.now)
    if number <= marks[0][1]:
        return int(marks[0][0] - (marks[0][1] - number) * STEP)
    place = bisect.bisect_left(marks, number, key=lambda one: one[1])
    before = marks[place - 1]
    # Those since the last mark came evenly, up to the newest one.
    name, _, container = origin.rpartition("/")
    newest = (world.table("cosmos").peek(name) or {"documents": {}})["documents"].get(container, 0)
    after = marks[place] if place < len(marks) else [world.now, max(number, before[1] + 1, newest)]
    return int(before[0] + (after[0] - before[0]) * (number - before[1]) / (after[1] - before[1]))


def first_since(world: World, origin: str, moment: float, upto: int) -> int:
    """Return the number of the oldest document with `_ts >= moment`; `upto + 1` when there is none."""
    numbers = range(1, upto + 1)
    return bisect.bisect_left(numbers, moment, key=lambda one: written(world, origin, one)) + 1


def document(number: int, ts: int) -> Json:
    """Return a document as the container holds it."""
    tenant, topic = TENANTS[number % len(TENANTS)], _TOPICS[number % len(_TOPICS)]
    return {
        "id": key_of(number),
        "tenantId": tenant,
        "tenant": tenant,
        "title": f"Message {number} about {topic}",
        "content": f"Conversation {number // 8} of {tenant}: a question about {topic}, answered by an agent.",
        "_ts": ts,
    }


def within(ranges: list[list[int]]) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)
