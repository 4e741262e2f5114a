"""The evidence that a run leaves: fetched as an auditor would, and checked with the tool that an auditor has."""

import json
import time

from infra.local.drill.api import Api
from infra.local.drill.failures import DrillFailed, Refused
from infra.local.drill.scene import LOOK_EVERY, PATIENCE
from shared.evidence.verify import NotGenuine, verify
from shared.model.run import RunRecord

FILE = "evidence.jsonl"


def fetch(run: RunRecord, api: Api, reader: str) -> bytes | None:
    """The bundle of a run that is over; None when it has none. It may still be being sealed."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return api.content(f"/api/runs/{run.run_id}/evidence", reader)
        except Refused as error:
            if error.status == 404:
                return None
            if error.status != 409 or time.monotonic() > deadline:
                raise
        time.sleep(LOOK_EVERY)


def checked(bundle: bytes, run: RunRecord) -> str:
    """What a bundle is worth, in a line; DrillFailed when it is not what was sealed, or another run's."""
    try:
        found = verify(bundle)
    except NotGenuine as error:
        raise DrillFailed(f"the evidence of {run.run_id} is not genuine: {error}") from error
    if found.run_id != run.run_id:
        raise DrillFailed(f"the evidence of {run.run_id} is that of {found.run_id}")
    manifest = json.loads(bundle.partition(b"\n")[0])["content"]
    sent, gaps = manifest["counts"]["sent"], manifest["gaps"]
    missing = f", but {'; '.join(gaps)}" if gaps else ""
    return f"verified, {found.lines} lines in one chain, {sent} of them requests sent{missing}"
