"""Configuration as something that can be compared: volatile things left out, differences told in words."""

from collections.abc import Iterator
from typing import Any, cast

from shared.model.plan import content_digest
from shared.model.wire import Wire

VOLATILE = frozenset(
    {
        "creationdate",
        "creationtime",
        "endpointmonitorstatus",
        "etag",
        "@odata.etag",
        "failoverinprogress",
        "georeplicationstats",
        "instanceid",
        "lastgeofailovertime",
        "latestreadyrevisionname",
        "latestrevisionfqdn",
        "latestrevisionname",
        "profilemonitorstatus",
        "provisioningstate",
        "revisionsuffix",
        "runningstatus",
        "statusofprimary",
        "statusofsecondary",
        "systemdata",
    }
)
"""Fields (in lower case) that change by themselves, or that Azure keeps of what was once done: no configuration."""

_NAMES = ("name", "locationName", "id")


def normalised(value: Any) -> Any:  # noqa: ANN401 - JSON
    """JSON without volatile fields and empty values; lists of named things become mappings, so order says nothing."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        kept = {key: normalised(one) for key, one in entries.items() if key.lower() not in VOLATILE}
        return {key: one for key, one in kept.items() if one not in (None, {}, [])}
    if isinstance(value, list | tuple):
        items = cast("list[Any]", list(value))
        for name in _NAMES:
            if items and all(isinstance(one, dict) and one.get(name) for one in items):
                named = {str(one[name]): normalised(one) for one in items}
                if len(named) == len(items):
                    return named
        return [normalised(one) for one in items]
    return value


def hashes(configuration: dict[str, Wire]) -> dict[str, str]:
    """SHA-256 (hex) per resource."""
    return {name: content_digest(found) for name, found in sorted(configuration.items())}


def fingerprint(configuration: dict[str, Wire]) -> str:
    """SHA-256 (hex) over everything."""
    return content_digest(dict(hashes(configuration)))


def differences(before: dict[str, Wire], after: dict[str, Wire]) -> tuple[str, ...]:
    """Each difference in words, by resource and field; none when both are the same configuration."""
    told: list[str] = []
    for name in sorted({*before, *after}):
        if name not in after:
            told.append(f"{name} is gone")
        elif name not in before:
            told.append(f"{name} is new")
        else:
            told += [f"{name}: {change}" for change in _changes(before[name], after[name], "")]
    return tuple(told)


def _changes(before: Any, after: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(before, dict) and isinstance(after, dict):
        left, right = cast("Wire", before), cast("Wire", after)
        for key in sorted({*left, *right}):
            where = f"{path}.{key}" if path else key
            if key not in right:
                yield f"{where} was {_shown(left[key])}, and is gone"
            elif key not in left:
                yield f"{where} is new: {_shown(right[key])}"
            else:
                yield from _changes(left[key], right[key], where)
    elif before != after:
        yield f"{path or 'it'} was {_shown(before)}, is now {_shown(after)}"


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
