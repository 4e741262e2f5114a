"""Keeps the journal of every step in blob storage, and seals a run's evidence when it is over."""

import json
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import azure.durable_functions as df

from shared.errors import AzureCallFailed
from shared.gateways.journal import Journal, journaling
from shared.importing import IMPORTING
from shared.model.run import RunRequest
from shared.model.wire import Wire
from shared.runtime import Runtime, runtime

APPEND_SECONDS = 5.0
"""How long one request of the journal may take: a recovery does not wait for it."""

AWAY_SECONDS = 30.0
"""For how long the journal's account is not asked again after it did not answer."""

APPEND_LIMIT = 2_000_000
"""Bytes that are appended in one request; storage takes 4 MiB from any client."""

ANSWER_LIMIT = 20_000
"""Bytes of journal lines that travel in an activity's answer when they could not be kept."""

_away_until = [0.0]


@contextmanager
def journal_of(world: Runtime, run_id: str, step: str) -> Generator[Journal]:
    """Around what a step does: the requests that it sends are kept in the run's journal."""
    with journaling(Journal(step, lambda lines: _keep(world, run_id, lines))) as journal:
        yield journal


def left_over(journal: Journal) -> Wire:
    """What could not be kept, for the activity's answer: so it is in the run's history, and in the bundle."""
    lines = journal.left
    if not lines:
        return {}
    if _size(lines) > ANSWER_LIMIT:
        lines = [{key: value for key, value in line.items() if key != "body"} for line in lines]
    kept: list[Wire] = []
    for line in sorted(lines, key=lambda line: not line.get("changes", True)):
        if _size([*kept, line]) > ANSWER_LIMIT:
            break
        kept.append(line)
    return {"unjournaled": {"lines": kept, "dropped": len(lines) - len(kept)}}


def untouched(world: Runtime, run_id: str, step: str, journal: Journal) -> bool:
    """Whether nothing that may change anything has ever been sent for a step, even by a call whose process died.

    The journal knows, for it is written before. Where it cannot be read that is not known, and so not said.
    """
    if journal.left:
        return False
    with IMPORTING:
        from shared.evidence.bundle import read_journal  # noqa: PLC0415 - with the first step that changed nothing

    platform = world.estate.platform
    place = (platform.records_account_url, platform.records_container, f"{run_id}/requests.jsonl")
    try:
        lines = read_journal(world.azure.blobs.read(*place) or b"")
    except AzureCallFailed:
        return False
    return not any(line.get("step") == step and line.get("changes") for line in lines)


def _size(lines: list[Wire]) -> int:
    return len(json.dumps(lines))


def _keep(world: Runtime, run_id: str, lines: list[Wire]) -> None:
    platform = world.estate.platform
    account, name = platform.records_account_url, f"{run_id}/requests.jsonl"
    if time.monotonic() < _away_until[0]:
        raise AzureCallFailed("append to journal", name, 0, "the account did not answer", retryable=True)
    try:
        for content in _blocks(lines):
            world.azure.blobs.append(
                account, platform.records_container, name, content, seconds=APPEND_SECONDS
            )
    except AzureCallFailed:
        _away_until[0] = time.monotonic() + AWAY_SECONDS
        raise
    _away_until[0] = 0.0


def _blocks(lines: list[Wire]) -> Iterator[bytes]:
    block = b""
    for line in lines:
        added = json.dumps(line, ensure_ascii=False).encode(errors="replace") + b"\n"
        if block and len(block) + len(added) > APPEND_LIMIT:
            yield block
            block = b""
        block += added
    yield block


def seal_evidence(payload: Wire, client: df.SyncDurableFunctionsClient) -> bool:
    """Make a finished run's evidence bundle and have it signed; one that is there stays as it is."""
    with IMPORTING:
        from shared.evidence import bundle, keys  # noqa: PLC0415 - cryptography only when a run ends
        from shared.evidence.chain import chained, digest, seal, statement  # noqa: PLC0415

    world, record = runtime(), payload["record"]
    platform, run_id = world.estate.platform, record["run_id"]
    place = (platform.records_account_url, platform.records_container)
    blobs, name = world.azure.blobs, f"{run_id}/evidence.jsonl"
    if name in blobs.names(*place, name):
        return True
    request, gaps = _request(client, run_id, world)
    if payload["dropped"]:
        gaps.append(
            f"{payload['dropped']} requests were sent while the journal could not be written, and are missing"
        )
    if payload["unfinished"]:
        gaps.append(f"{payload['unfinished']} mails to people on call were still being sent")
    journal = bundle.read_journal(blobs.read(*place, f"{run_id}/requests.jsonl") or b"")
    lines, count, head = chained(
        bundle.entries(
            request=request,
            record=record,
            controls=payload["controls"],
            journal=[*journal, *payload["unjournaled"]],
            gaps=gaps,
        )
    )
    key = world.azure.signing_keys.current(platform.evidence_key_url)
    algorithm = keys.ALGORITHMS[key.jwk["kty"]]
    said = statement(
        run_id=run_id,
        count=count,
        head=head,
        sealed_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        key_id=key.id,
        algorithm=algorithm,
        jwk=key.jwk,
    )
    signature = keys.normal(world.azure.signing_keys.sign(key, algorithm, digest(said)), algorithm)
    try:
        blobs.write_tagged(*place, name, lines + seal(said, signature), "application/x-ndjson", "")
    except AzureCallFailed as error:
        if error.status not in {409, 412}:  # an earlier try of this had written it
            raise
    return True


def _request(client: df.SyncDurableFunctionsClient, run_id: str, world: Runtime) -> tuple[Wire, list[str]]:
    """What the run was asked to do, as Durable keeps it, and what is wrong with that."""
    state = client.get_orchestration_state(run_id)
    wire: object = state.get_input() if state is not None else None
    if not isinstance(wire, dict):
        return {}, ["the request is not in the run's history any more"]
    if not world.signer.is_whole(RunRequest.from_wire(wire)):
        return wire, ["the request in the run's history is not as this app signed it"]
    return wire, []
