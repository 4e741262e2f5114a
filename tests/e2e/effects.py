"""What a run has done to Azure, in a form in which two runs can be compared."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, cast

_UNIQUE = (
    # Defender puts the time before an alert's GUID.
    re.compile(r"(?:(?<=/)\d{10,}_)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    re.compile(r"(recovery|remediation|maintenance|operation|drill)-[a-z0-9_-]+?-\d{8}t\d{6}-[0-9a-f]{8}"),
    re.compile(r"(?<=[-_/])[0-9a-f]{16}"),
    re.compile(r"(?<!\d)\d{8}[t-]?\d{4,6}z?(?!\d)"),
)

_HARMLESS_AGAIN = re.compile(r"/(importimage|revokeuserdelegationkeys)$")
"""Takes no key and cannot be asked for, so that it is done at least once: the end is the same."""


def effects(ledger: Iterable[dict[str, Any]]) -> Counter[str]:
    """Verb, host and path of every write that took effect, run ids and times left out, and how often.

    Without the journal, whose lines depend on what went wrong, and canaries, which the clock has written. What
    does no harm when it is done again counts once. Batches of documents count as often as the document in them that
    was written most often: how many there are depends on how long the tenants went on writing.
    """
    found: Counter[str] = Counter()
    documents: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in ledger:
        if not entry["applied"] or is_upkeep(entry):
            continue
        if batch := _documents(entry):
            documents[effect(entry)].update(batch)
        else:
            found[effect(entry)] += 1
    found = Counter({name: 1 if _HARMLESS_AGAIN.search(name) else count for name, count in found.items()})
    return found + Counter({name: max(written.values()) for name, written in documents.items()})


def _documents(entry: dict[str, Any]) -> list[str]:
    """Partition and id of every document of a transactional batch; nothing when the write is none."""
    body: object = entry["body"]
    if not isinstance(body, list) or not str(entry["path"]).endswith("/docs"):
        return []
    written: list[dict[str, Any]] = [one["resourceBody"] for one in cast("list[dict[str, Any]]", body)]
    return [f"{one.get('tenantId')}/{one['id']}" for one in written]


def is_upkeep(entry: dict[str, Any]) -> bool:
    """Whether a write only tells what a run sends, or is a canary."""
    return entry["path"].endswith("/requests.jsonl") or is_canary(entry)


def is_canary(entry: dict[str, Any]) -> bool:
    """Whether a write is a canary, its log or what holds them."""
    return "canary" in entry["path"]


def effect(entry: dict[str, Any]) -> str:
    """One write, so that the same one of another run reads the same."""
    place = f"{entry['host']}{entry['path']}".lower()  # what a restore makes has a host of its own
    for unique in _UNIQUE:
        place = unique.sub("*", place)
    return f"{entry['method']} {place}"
