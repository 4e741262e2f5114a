"""Proves that the blobs of a store are back as they were."""

from datetime import datetime

from shared.actions.action import Call, action
from shared.actions.storage.restore_blob_data import blob_url, findings_of, lake_left
from shared.errors import CheckFailed
from shared.model.estate import Storage
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.plan import Mode
from shared.model.wire import Frozen


class Params(Frozen):
    """Which containers of a store, below which prefix, and as of when."""

    service: Storage
    containers: tuple[str, ...]
    prefix: str = ""
    restore_to: datetime | None = None


@action(changes=False)
def validate_blob_data(params: Params, call: Call) -> Outcome | Pending:
    """Lists every container anew: nothing that the lake still keeps may be missing, no restore unfinished."""
    service = params.service
    moment = params.restore_to or call.now
    counts: dict[str, int] = {}
    for name in params.containers:
        files = call.azure.data_lake.files(blob_url(service), name)
        if files is None:
            raise CheckFailed(f"{service.name} has no container {name}: restore it again")
        counts[name] = len([file for file in files if file.name.startswith(params.prefix)])
    findings = (
        tuple(_checked_lake(params, moment, call)) if service.hierarchical else _checked_flat(params, call)
    )
    told = ", ".join(f"{name}: {count} files" for name, count in counts.items())
    return Outcome(summary=f"{service.name} holds {told}", findings=findings, evidence={"files": counts})


def _checked_lake(params: Params, moment: datetime, call: Call) -> list[Finding]:
    findings: list[Finding] = []
    for name in params.containers:
        left = lake_left(params.service, name, params.prefix, moment, call)
        if left.count and call.mode is Mode.REAL:
            missing = [file.name for file in left.undelete] + [file.name for file, _ in left.take_back]
            shown = ", ".join(missing[:5]) + (" and more" if len(missing) > 5 else "")
            raise CheckFailed(f"{name}: {left.count} files are not as they were: {shown}; restore again")
        findings += findings_of(params.service, name, left)
    return findings


def _checked_flat(params: Params, call: Call) -> tuple[Finding, ...]:
    last = call.azure.storage_restore.last(params.service.resource_id)
    if call.mode is Mode.REAL and (last is None or last.status.lower() != "complete"):
        status = last.status if last else "none"
        raise CheckFailed(
            f"{params.service.name}: the restore of its blobs is not complete ({status})", retryable=True
        )
    return ()
