"""What an index holds: ranges of numbered documents, and documents that were given to it one by one."""

from collections.abc import Callable, Iterator

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.search import corpus
from infra.local.azure.services.search.service import CONTENT

EMPTY: Json = {"ranges": [], "documents": {}, "origin": ""}


def content(world: World, index: str) -> Json:
    """Return (read only) `ranges`, `documents`, and `origin`: account/container that the numbers are of."""
    return world.table(CONTENT).peek(index) or EMPTY


def merged(ranges: list[list[int]]) -> list[list[int]]:
    """Join ranges that overlap or touch: `[[1, 3], [4, 9], [2, 5]]` -> `[[1, 9]]`."""
    joined: list[list[int]] = []
    for first, last in sorted(one for one in ranges if one[0] <= one[1]):
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    return joined


def add(world: World, index: str, ranges: list[list[int]], given: dict[str, Json], origin: str = "") -> None:
    kept = content(world, index)
    row: Json = {
        "ranges": merged([*kept["ranges"], *ranges]),
        "documents": {**kept["documents"], **given},
        "origin": origin or kept["origin"],
    }
    world.table(CONTENT).put(index, row)


def remove(world: World, index: str, key: str) -> None:
    kept = content(world, index)
    documents = {name: one for name, one in kept["documents"].items() if name != key}
    number = corpus.number_of(key)
    ranges: list[list[int]] = kept["ranges"]
    if number is not None:
        ranges = [part for one in ranges for part in _without(one, number)]
    world.table(CONTENT).put(index, {**kept, "ranges": merged(ranges), "documents": documents})


def _without(one: list[int], number: int) -> list[list[int]]:
    first, last = one
    return [[first, number - 1], [number + 1, last]] if first <= number <= last else [one]


def _holds(kept: Json, number: int | None) -> bool:
    return number is not None and any(first <= number <= last for first, last in kept["ranges"])


def count(world: World, index: str) -> int:
    kept = content(world, index)
    extra = sum(1 for key in kept["documents"] if not _holds(kept, corpus.number_of(key)))
    return sum(last - first + 1 for first, last in kept["ranges"]) + extra


def look_up(world: World, index: str, key: str) -> Json | None:
    kept = content(world, index)
    if key in kept["documents"]:
        return kept["documents"][key]
    number = corpus.number_of(key)
    return _maker(world, kept)(number) if number is not None and _holds(kept, number) else None


def every(world: World, index: str) -> Iterator[Json]:
    """Yield all documents, made as they are needed."""
    kept = content(world, index)
    make = _maker(world, kept)
    yield from kept["documents"].values()
    for number in corpus.within(kept["ranges"]):
        if corpus.key_of(number) not in kept["documents"]:
            yield make(number)


def _maker(world: World, kept: Json) -> Callable[[int], Json]:
    return lambda number: corpus.document(number, corpus.written(world, kept["origin"], number))
