"""Puts the files of a storage account back to a moment, in place: what they were since stays as versions."""

from shared.actions.action import Call
from shared.actions.integrity import blob_url
from shared.actions.restoration import Restoration
from shared.errors import CheckFailed
from shared.model.estate import Storage
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity


def restore_files(service: Storage, wanted: Restoration, call: Call) -> Outcome | Pending:
    """One call of the restore: deleted containers first, which no restore of blobs brings back, then the blobs."""
    last = call.azure.storage_restore.last(service.resource_id)
    if last is not None and last.at == wanted.good_at and set(last.containers) == set(wanted.containers):
        if last.status.lower() == "inprogress":
            return call.waiting_for(None, f"{service.name}: blobs are being restored")
        if last.status.lower() == "complete":
            return _done(service, wanted, call)
        # The account's own word is asked first: the operation's result says `Complete`, which no other operation does.
        call.operation_state()
    url = blob_url(service)
    later: dict[str, list[str]] = {}
    for name in wanted.containers:
        files = call.azure.files.all(url, name)
        if files is None:
            version = call.azure.files.deleted_version(url, name)
            if version is None:
                raise CheckFailed(
                    f"{service.name}: container {name} is gone, and no deleted one of that name is kept"
                )
            call.azure.files.undelete(url, name, version)
            return call.waiting_for(None, f"{service.name}: container {name} is undeleted", retry_after=0)
        later[name] = [file.name for file in files if file.written > wanted.good_at]
    operation = call.azure.storage_restore.restore(service.resource_id, wanted.containers, wanted.good_at)
    return call.waiting_for(operation, f"{service.name}: restore of blobs has begun", later=_short(later))


def _short(later: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: files[:50] for name, files in later.items() if files}


def _done(service: Storage, wanted: Restoration, call: Call) -> Outcome:
    later: dict[str, list[str]] = call.progress.get("later") or {}
    findings = tuple(
        Finding(
            check="restore_from_backup",
            resource=f"{service.resource_id}/{name}",
            severity=Severity.MEDIUM,
            title=f"{len(files)} files of {name} were written after the restore point, and are versions now",
            evidence={"files": files},
            recommendation="look which of them are good, and promote their last version",
        )
        for name, files in later.items()
    )
    return Outcome(
        summary=f"{service.name}: files of {', '.join(wanted.containers)} are as of {wanted.good_at.isoformat()}",
        changed=call.begun,
        findings=findings,
        evidence=wanted.to_wire(),
    )
