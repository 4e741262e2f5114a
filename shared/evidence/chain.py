"""A bundle is JSON lines: each holds the SHA-256 of the line before it, and the last one seals count and head."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

FORMAT = "foundry-ops evidence 1"
START = "0" * 64
"""What stands for the line before the first."""

type Entry = tuple[str, dict[str, Any]]
"""Kind and content of a line."""


def canonical(content: object) -> bytes:
    """The one way to write a JSON value: keys in order, no spaces, UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def chained(entries: Iterable[Entry]) -> tuple[bytes, int, str]:
    """Lines of a bundle without its seal, how many they are, and the SHA-256 of the last one."""
    lines: list[bytes] = []
    previous = START
    for kind, content in entries:
        line = canonical({"n": len(lines), "previous": previous, "kind": kind, "content": content})
        lines.append(line + b"\n")
        previous = hashlib.sha256(line).hexdigest()
    return b"".join(lines), len(lines), previous


def statement(
    *, run_id: str, count: int, head: str, sealed_at: str, key_id: str, algorithm: str, jwk: dict[str, str]
) -> dict[str, Any]:
    """What the seal signs: all that the last line says but the signature itself."""
    return {
        "format": FORMAT,
        "run_id": run_id,
        "count": count,
        "head": head,
        "sealed_at": sealed_at,
        "algorithm": algorithm,
        "key_id": key_id,
        "key": jwk,
    }


def digest(said: dict[str, Any]) -> bytes:
    """The SHA-256 that is signed, of the format's name and the statement."""
    return hashlib.sha256(FORMAT.encode() + b"\n" + canonical(said)).digest()


def seal(said: dict[str, Any], signature: str) -> bytes:
    """The last line."""
    return canonical({"kind": "seal", "statement": said, "signature": signature}) + b"\n"
