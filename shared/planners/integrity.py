"""What data was known to be good, and what is worse about it now: pure comparisons."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from shared.model.wire import Frozen

type Document = Mapping[str, Any]


class Partition(Frozen):
    """One tenant's documents of a container: how many, the newest `_ts`, and some of them by id with their digest."""

    count: int
    newest: int = 0
    samples: dict[str, str] = Field(default_factory=dict[str, str])


class Files(Frozen):
    """The files of a container: how many in each top folder, and some by name with the MD5 of their content."""

    counts: dict[str, int] = Field(default_factory=dict[str, int])
    samples: dict[str, str] = Field(default_factory=dict[str, str])


class Manifest(Frozen):
    """A service's data at a moment when it was good. Documents: container -> tenant -> what was there."""

    service: str
    taken_at: datetime
    documents: dict[str, dict[str, Partition]] = Field(default_factory=dict[str, dict[str, Partition]])
    files: dict[str, Files] = Field(default_factory=dict[str, Files])
    secrets: tuple[str, ...] = ()


def digest(document: Document, *without: str) -> str:
    """SHA-256 (hex) of what an app wrote: sorted keys, no spaces, without Cosmos DB's own properties (`_...`)."""
    kept = {
        name: value for name, value in document.items() if not name.startswith("_") and name not in without
    }
    return hashlib.sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def proves_itself(document: Document, hash_field: str | None) -> bool:
    """Whether the hash that the app stored with a document is that of the document as it stands."""
    return hash_field is not None and document.get(hash_field) == digest(document, hash_field)


def count_problem(where: str, known: int, found: int) -> Iterator[str]:
    """More is what was written since; less is lost."""
    if found < known:
        yield f"{where}: {known - found} of {known} are missing"


def sample_problem(
    where: str, known: str, document: Document | None, hash_field: str | None
) -> Iterator[str]:
    """A document that changed since is right only where it proves itself."""
    if document is None:
        yield f"{where} is gone"
    elif digest(document) != known and not proves_itself(document, hash_field):
        yield f"{where} is different"


def files_problems(container: str, known: Files, found: Mapping[str, str]) -> Iterator[str]:
    """What is less or different: `found` is name -> MD5 of all files that are there."""
    counts = folder_counts(found)
    for folder, count in known.counts.items():
        yield from count_problem(f"files of {container}/{folder}", count, counts.get(folder, 0))
    for name, md5 in known.samples.items():
        if name not in found:
            yield f"{container}/{name} is gone"
        elif found[name] != md5:
            yield f"{container}/{name} is different"


def folder_counts(names: Mapping[str, str]) -> dict[str, int]:
    """How many names begin with each top folder."""
    counts: dict[str, int] = {}
    for name in names:
        folder = name.partition("/")[0] if "/" in name else ""
        counts[folder] = counts.get(folder, 0) + 1
    return counts


def spread[T](rows: tuple[T, ...], most: int) -> tuple[T, ...]:
    """At most that many of the rows, evenly over all of them, the last one too."""
    if len(rows) <= most:
        return rows
    return tuple(rows[place * (len(rows) - 1) // (most - 1)] for place in range(most))


def stamp(moment: datetime) -> str:
    """A moment as names of manifests begin: sortable, in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def newest_before(names: tuple[str, ...], moment: datetime | None) -> str | None:
    """The newest manifest that was taken no later than then; any when no moment is given."""
    limit = "~" if moment is None else stamp(moment)
    fitting = [name for name in names if name.rsplit("/", 1)[-1].split("-", 1)[0] <= limit]
    return max(fitting, key=lambda name: name.rsplit("/", 1)[-1], default=None)
