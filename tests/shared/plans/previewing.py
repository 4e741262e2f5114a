"""Holds what a preview lists against what a run then really sends: verb, host and path, and body."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.actions.preview import PreviewedStep, writes_of
from shared.gateways.masking import MASK, masked_body
from shared.gateways.preview import Write

PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")
RUN_ID = re.compile(
    r"(?:recovery|remediation|drill|maintenance|operation)-[a-z]+(?:[-_][a-z]+)*-\d{8}t\d{6}-[0-9a-f]{8}",
    re.IGNORECASE,
)
HASHED = re.compile(r"(?<=[-_/])[0-9a-f]{16}\b")
"""What actions make of a run's id, to name a thing of its own: a training job, a deployment."""

RECORDS = "https://stfasops.blob.core.windows.net/foundry-ops-records"
BY_THE_INTERPRETER = re.compile(
    # The container of all records is made by whoever writes there first, nearly always the interpreter.
    rf"{re.escape(RECORDS)}($|/[^/]+/(record\.json|report\.html|report\.pdf|requests\.jsonl|evidence\.jsonl)$)"
)
ITS_MAILS = re.compile(r"Approval needed")


@dataclass(frozen=True)
class OnlyThen:
    """What only the run itself can know, and why: whole writes, or these fields anywhere in their bodies.

    `where` is searched in `VERB https://host/path`.
    """

    where: str
    why: str
    fields: tuple[str, ...] = ()

    def matches(self, write: Write) -> bool:
        return re.search(self.where, _place(write), re.IGNORECASE) is not None


EVIDENCE = OnlyThen(
    r"/foundry-ops-evidence/.*/before\.json$",
    "the intruder goes on until it is shut out, and the evidence is of that moment",
    ("taken_at", "last_seen"),
)


def listed(steps: Iterable[PreviewedStep | dict[str, Any]]) -> list[Write]:
    """The writes of a preview, as the app has walked it or as it has answered."""
    return writes_of(PreviewedStep.model_validate(step) for step in steps)


def sent(ledger: Iterable[dict[str, Any]]) -> list[Write]:
    """What Azure received and did; what the interpreter sends for itself (records, journal, approvals) as well."""
    found: list[Write] = []
    for entry in ledger:
        if not entry["applied"]:
            continue
        url, body = f"https://{entry['host']}{entry['path']}", entry["body"]
        # The ledger keeps of what is no JSON how long it is.
        told = body if isinstance(body, str) or body is None else masked_body(url, json.dumps(body))
        found.append(Write(method=entry["method"], url=url, body=told))
    return found


def by_steps(writes: Iterable[Write]) -> list[Write]:
    """Without those of the interpreter itself."""
    return [
        write
        for write in writes
        if not BY_THE_INTERPRETER.match(_address(write)) and not ITS_MAILS.search(json.dumps(write.body))
    ]


def check_the_same(
    preview: Iterable[PreviewedStep | dict[str, Any]],
    ledger: Iterable[dict[str, Any]],
    but: Sequence[OnlyThen] = (),
) -> list[Write]:
    """AssertionError that names what is missing in the preview and what it has too much; returns what was sent."""
    shown, done = by_steps(listed(preview)), by_steps(sent(ledger))
    needless = [one for one in but if not any(one.matches(write) for write in (*shown, *done))]
    assert not needless, f"nothing was sent or listed that these exceptions are for: {needless}"
    extra, missing = _unmatched(_without(shown, but), _without(done, but))
    told = [_of_one(write, missing) for write in extra]
    told += [f"sent, and not listed by the preview: {_said(write)}" for write in missing]
    assert not told, "\n".join(told)
    return done


def _of_one(write: Write, missing: list[Write]) -> str:
    """What became of a listed write that nothing equals: sent otherwise, or not at all."""
    near = [one for one in missing if fits(_place(write).lower(), _place(one).lower())]
    if not near:
        return f"listed by the preview, and not sent: {_said(write)}"
    missing.remove(near[0])
    return (
        f"sent otherwise than listed: {_place(write)}: {'; '.join(_apart(write.body, near[0].body, 'body'))}"
    )


def _without(writes: list[Write], but: Sequence[OnlyThen]) -> list[Write]:
    kept: list[Write] = []
    for write in writes:
        known = [one for one in but if one.matches(write)]
        later = {field for one in known for field in one.fields}
        if all(one.fields for one in known):
            kept.append(write.model_copy(update={"body": _less_fields(write.body, later)}))
    return kept


def _less_fields(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _less_fields(inner, names) for name, inner in value.items() if name not in names}
    return [_less_fields(inner, names) for inner in value] if isinstance(value, list) else value


def _unmatched(shown: list[Write], done: list[Write]) -> tuple[list[Write], list[Write]]:
    """What of each is left when every write has found its like; equal ones find each other first."""
    for alike in (_equal, _fits):
        for write in list(shown):
            found = next((one for one in done if alike(write, one)), None)
            if found is not None:
                shown = _less(shown, write)
                done = _less(done, found)
    return shown, done


def _less(writes: list[Write], one: Write) -> list[Write]:
    at = next(number for number, write in enumerate(writes) if write is one)
    return [*writes[:at], *writes[at + 1 :]]


def _equal(shown: Write, done: Write) -> bool:
    return _place(shown) == _place(done) and shown.body == done.body


def _fits(shown: Write, done: Write) -> bool:
    places = _place(shown).lower(), _place(done).lower()
    return fits(*places) and fits(shown.body, done.body)


def fits(shown: Any, done: Any) -> bool:
    """Whether a listed value is the one that was sent, as far as that could be known before."""
    if isinstance(shown, dict) and isinstance(done, dict):
        return shown.keys() == done.keys() and all(fits(shown[name], done[name]) for name in shown)
    if isinstance(shown, list) and isinstance(done, list):
        return len(shown) == len(done) and all(fits(*pair) for pair in zip(shown, done, strict=True))
    if MASK in (shown, done) or (isinstance(shown, str) and PLACEHOLDER.fullmatch(shown)):
        return True
    if isinstance(shown, dict) and isinstance(done, str) and "sha256" in shown:
        return done == f"{shown.get('bytes')} bytes"
    if isinstance(shown, str) and isinstance(done, str):
        pattern = "(?s:.+)".join(map(re.escape, PLACEHOLDER.split(_anybodys(shown))))
        return re.fullmatch(pattern, _anybodys(done)) is not None
    return shown == done


def _apart(shown: Any, done: Any, at: str) -> Iterator[str]:
    """Where a body that was sent is another than the one that was listed."""
    if isinstance(shown, dict) and isinstance(done, dict) and shown.keys() == done.keys():
        for name in shown:
            yield from _apart(shown[name], done[name], f"{at}.{name}")
    elif isinstance(shown, list) and isinstance(done, list) and len(shown) == len(done):
        for number, pair in enumerate(zip(shown, done, strict=True)):
            yield from _apart(*pair, f"{at}[{number}]")
    elif not fits(shown, done):
        yield f"{at} is {json.dumps(done)[:600]}, listed as {json.dumps(shown)[:600]}"


def _anybodys(text: str) -> str:
    """Without the run's id and what is made of it; a placeholder stays one."""
    return HASHED.sub("(hashed)", RUN_ID.sub("(run)", text.replace("{{run_id}}", "(run)")))


def _address(write: Write) -> str:
    return unquote(urlsplit(write.url)._replace(query="").geturl())


def _place(write: Write) -> str:
    return f"{write.method} {_address(write)}"


def _said(write: Write) -> str:
    return f"{_place(write)} {json.dumps(write.body, sort_keys=True)[:1500]}"
