"""Puts the blobs of a store back to what they were at a moment."""

from datetime import datetime

from shared.actions.action import Call, action
from shared.errors import AzureCallFailed, CheckFailed
from shared.model.estate import Storage
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.plan import Mode
from shared.model.severity import Severity
from shared.model.wire import Frozen
from shared.planners.lake_restore import Left, what_is_left

BATCH = 50
"""Files that one call brings back, so that it ends well within its minute."""


class Params(Frozen):
    """Which containers of a store, below which prefix (data lakes only), and to when."""

    service: Storage
    containers: tuple[str, ...]
    prefix: str = ""
    restore_to: datetime | None = None


@action(changes=True)
def restore_blob_data(params: Params, call: Call) -> Outcome | Pending:
    """Brings back deleted containers, then what was deleted or overwritten in them since the moment.

    A flat account restores its containers as ranges. A data lake cannot: its files come back one by one, by their
    deletion id or from the newest snapshot from before; what neither brings back is told. Files that came only
    afterwards stay in a data lake. A drill only tells what it would bring back.
    """
    service, lake = params.service, call.azure.data_lake
    url = blob_url(service)
    for name in params.containers:
        if lake.files(url, name) is None:
            if call.mode is Mode.DRILL:
                raise CheckFailed(
                    f"{service.name} has no container {name}: that is no drill, start a real recovery"
                )
            if not lake.undelete_container(url, name):
                raise CheckFailed(
                    f"{service.name}: container {name} is gone, and no deleted one of that name is kept"
                )
            return call.waiting_for(None, f"{service.name}: container {name} is undeleted", retry_after=0)
    moment = params.restore_to or call.now
    return _lake(params, moment, call) if service.hierarchical else _flat(params, moment, call)


def _lake(params: Params, moment: datetime, call: Call) -> Outcome | Pending:
    service = params.service
    left = {name: lake_left(service, name, params.prefix, moment, call) for name in params.containers}
    count = sum(one.count for one in left.values())
    if count and call.mode is Mode.REAL:
        done = _batch(service, left, call)
        total = int(call.progress.get("restored", 0)) + done
        return call.waiting_for(
            None,
            f"{service.name}: {total} files are back, {count - done} to go",
            retry_after=0,
            restored=total,
        )
    restored = int(call.progress.get("restored", 0))
    told = f"would bring back {count} files" if call.mode is Mode.DRILL else f"{restored} files are back"
    return Outcome(
        summary=f"{service.name}: {told} as of {moment.isoformat()}",
        changed=call.begun,
        findings=tuple(finding for name, one in left.items() for finding in findings_of(service, name, one)),
        evidence={"restored": restored, "newer": sum(len(one.newer) for one in left.values())},
    )


def _batch(service: Storage, left: dict[str, Left], call: Call) -> int:
    """Bring back some files; how many."""
    url, done = blob_url(service), 0
    for container, one in left.items():
        for file in one.undelete[: BATCH - done]:
            try:
                call.azure.data_lake.undelete(url, container, file)
            except AzureCallFailed as error:
                if error.status != 409:  # another attempt of ours was faster
                    raise
            done += 1
        for file, snapshot in one.take_back[: BATCH - done]:
            call.azure.data_lake.take_back(url, container, file, snapshot)
            done += 1
    return done


def lake_left(service: Storage, container: str, prefix: str, moment: datetime, call: Call) -> Left:
    """What of a container is not yet as it was; all of it is told by `what_is_left`."""
    url = blob_url(service)
    files = call.azure.data_lake.files(url, container)
    if files is None:
        raise CheckFailed(f"{service.name} has no container {container}: restore it again", retryable=True)
    return what_is_left(files, call.azure.data_lake.deleted(url, container), moment, prefix)


def findings_of(service: Storage, container: str, left: Left) -> list[Finding]:
    """What nobody can bring back in place, a finding for each file (fifty at most)."""
    return [
        Finding(
            check="restore_blob_data",
            resource=f"{service.resource_id}/{container}/{name}",
            severity=Severity.HIGH,
            title=f"{container}/{name} {why.partition(':')[0]}",
            recommendation=why.partition(": ")[2],
        )
        for name, why in left.beyond[:50]
    ]


def _flat(params: Params, moment: datetime, call: Call) -> Outcome | Pending:
    service, restores = params.service, call.azure.storage_restore
    if call.mode is Mode.DRILL:
        return Outcome(
            summary=f"{service.name}: would restore {', '.join(params.containers)} to {moment.isoformat()}"
        )
    last = restores.last(service.resource_id)
    if last is not None and last.at == moment and set(last.containers) == set(params.containers):
        if last.status.lower() == "inprogress":
            return call.waiting_for(None, f"{service.name}: Azure is restoring its blobs")
        if last.status.lower() == "complete":
            return Outcome(
                summary=f"{service.name}: {', '.join(params.containers)} are as of {moment.isoformat()}",
                changed=call.begun,
                evidence={"containers": list(params.containers), "at": moment.isoformat()},
            )
        call.operation_state()
    operation = restores.restore(service.resource_id, params.containers, moment)
    return call.waiting_for(operation, f"{service.name}: restore of {', '.join(params.containers)} has begun")


def blob_url(service: Storage) -> str:
    """The address of a store's blobs."""
    return f"https://{service.resource_id.rsplit('/', 1)[-1]}.blob.core.windows.net"
