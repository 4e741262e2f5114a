"""Checks a bundle offline: any byte that was changed, left out, added or moved is found."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, NoReturn

from shared.evidence import keys
from shared.evidence.chain import FORMAT, START, canonical, digest


class NotGenuine(Exception):  # noqa: N818 - a verdict
    """The bundle is not as it was sealed; the message says where that shows."""


@dataclass(frozen=True)
class Genuine:
    """A bundle that is exactly as it was sealed. `trusted`: with a key that did not come with it."""

    run_id: str
    lines: int
    sealed_at: str
    key_id: str
    trusted: bool


def verify(content: bytes, trusted: keys.PublicKey | None = None) -> Genuine:
    """Check the chain and its seal; raises NotGenuine. Without a trusted key the bundle's own is used.

    With its own key a bundle is proved to be in one piece, but not who made it.
    """
    *lines, last = _lines(content)
    said, signature = _seal(last)
    try:
        own = keys.from_jwk(said["key"])
    except (ValueError, TypeError) as error:
        _refuse(f"the seal's key cannot be used: {error}")
    if trusted is not None and not keys.same(own, trusted):
        _refuse(f"it was sealed with {said['key_id']}, which is not the key that is trusted")
    if not keys.signed(own, said["algorithm"], digest(said), signature):
        _refuse("the seal's signature does not fit what it says")
    _check_chain(lines, said)
    return Genuine(
        run_id=said["run_id"],
        lines=said["count"],
        sealed_at=said["sealed_at"],
        key_id=said["key_id"],
        trusted=trusted is not None,
    )


def _refuse(why: str) -> NoReturn:
    raise NotGenuine(why) from None


def _lines(content: bytes) -> list[bytes]:
    if not content.endswith(b"\n"):
        _refuse("it does not end with a whole line: something is missing or was added at its end")
    return content[:-1].split(b"\n")


def _seal(line: bytes) -> tuple[dict[str, Any], str]:
    """What the last line states, and its signature."""
    match _json(line):
        case {"kind": "seal", "statement": dict(said), "signature": str(signature), **rest} if not rest:
            pass
        case _:
            _refuse("the last line is no seal: the end is missing, or something was added")
    types = {"run_id": str, "count": int, "head": str, "sealed_at": str, "algorithm": str, "key_id": str}
    if said.get("format") != FORMAT or not isinstance(said.get("key"), dict):
        _refuse(f"the seal is none of format '{FORMAT}'")
    if not all(type(said.get(name)) is kind for name, kind in types.items()):
        _refuse("the seal does not state what a seal states")
    # A seal can be written in one way only, so that none of its bytes can be changed unseen.
    if canonical({"kind": "seal", "statement": said, "signature": signature}) != line:
        _refuse("the seal is written in another way than it was made")
    return said, signature


def _check_chain(lines: list[bytes], said: dict[str, Any]) -> None:
    previous = START
    for number, line in enumerate(lines):
        match _json(line):
            case {"n": int(n), "previous": str(before)}:
                pass
            case _:
                _refuse(f"line {number + 1} is no line of a bundle")
        if n != number:
            _refuse(f"line {number + 1} says that it is line {n + 1}: lines were left out, added or moved")
        if before != previous:
            _refuse(f"line {number + 1} does not follow the one before it: one of them was changed")
        previous = hashlib.sha256(line).hexdigest()
    if len(lines) != said["count"]:
        _refuse(f"{said['count']} lines were sealed, {len(lines)} are here")
    if previous != said["head"]:
        _refuse(f"line {len(lines)} is not the one that was sealed")
    first: Any = _json(lines[0]) if lines else None
    match first:
        case {"kind": "manifest", "content": {"run_id": str(run_id)}} if run_id == said["run_id"]:
            return
        case _:
            _refuse("the manifest is of another run than the seal")


def _json(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
