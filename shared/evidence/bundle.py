"""What goes into a run's bundle, and in which order: manifest, request, approvals, controls, requests sent, record."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from shared.evidence.chain import FORMAT, Entry
from shared.gateways.masking import masked
from shared.model.wire import Wire

SIGNATURES = frozenset({"signature", "step_signatures"})
"""Fields that only the app can check, and that nobody else should have."""

UNANSWERED = "whether and how it was answered was not noted: the process ended first"


def entries(
    *, request: Wire, record: Wire, controls: Iterable[Wire], journal: Iterable[Wire], gaps: Iterable[str]
) -> Iterator[Entry]:
    """The lines of a bundle. Secrets are masked in all of them; `gaps` says what is known to be missing."""
    sent = merged(journal)
    approvals: list[Wire] = record.get("approvals", [])
    steered = list(controls)
    yield (
        "manifest",
        {
            "format": FORMAT,
            "run_id": record["run_id"],
            "plan": record["plan"],
            "mode": record["mode"],
            "status": record["status"],
            "counts": {"approval": len(approvals), "control": len(steered), "sent": len(sent)},
            "gaps": list(gaps),
            "about": (
                "Each line holds the SHA-256 of the line before it; the last line seals their number and the last "
                "SHA-256 with a key that never leaves its vault. Check: python -m shared.evidence verify FILE --key "
                "KEY. `sent` are the requests of the run's steps in the order of their time: those that may change "
                "something were noted before they went out, those that only look when their step's call had ended, "
                "so that looks of a call whose process was killed are not here."
            ),
        },
    )
    yield "request", _public(request)
    for approval in approvals:
        yield "approval", _public(approval)
    for control in steered:
        yield "control", _public(control)
    for line in sent:
        yield "sent", masked(line)
    yield "record", _public(record)


def merged(journal: Iterable[Wire]) -> list[Wire]:
    """One line for each request, with its answer, in the order in which they were sent.

    What was written twice, because the answer to the first writing got lost, is told by its id.
    """
    found: dict[str, Wire] = {}
    for line in journal:
        known = found.setdefault(line["id"], {})
        known.update(line)
    for line in found.values():
        if "status" not in line:
            line.update(status=None, unknown=UNANSWERED)
    return sorted(found.values(), key=lambda line: (line.get("at", ""), line["id"]))


def read_journal(content: bytes) -> list[Wire]:
    """The lines of a journal as it lies in storage."""
    return [json.loads(line) for line in content.splitlines() if line.strip()]


def _public(content: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(content, dict):
        return masked({key: _public(value) for key, value in content.items() if key not in SIGNATURES})
    return [_public(one) for one in content] if isinstance(content, list) else content
