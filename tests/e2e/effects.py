"""What a run has done to Azure, in a form in which two runs can be compared."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

_UNIQUE = (
    re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    re.compile(r"(recovery|remediation|maintenance|operation|drill)-[a-z0-9_-]+?-\d{8}t\d{6}-[0-9a-f]{8}"),
    re.compile(r"(?<=[-_/])[0-9a-f]{16}"),
    re.compile(r"(?<!\d)\d{8}[t-]?\d{4,6}z?(?!\d)"),
)

_HARMLESS_AGAIN = re.compile(r"/(importimage|revokeuserdelegationkeys)$")
"""Takes no key and cannot be asked for, so that it is done at least once: the end is the same."""


def effects(ledger: Iterable[dict[str, Any]]) -> Counter[str]:
    """Verb, host and path of every write that took effect, run ids and times left out, and how often.

    Without the journal, whose lines depend on what went wrong, and canaries, which the clock has written. What
    does no harm when it is done again counts once.
    """
    found = Counter(effect(entry) for entry in ledger if entry["applied"] and not is_upkeep(entry))
    return Counter({name: 1 if _HARMLESS_AGAIN.search(name) else count for name, count in found.items()})


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
