"""Puts the blobs of a store back to what they were at a moment."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice

from shared.actions.action import Call, action
from shared.errors import AzureCallFailed, CheckFailed
from shared.gateways.data_lake import DataLake, DeletedFile
from shared.model.estate import Storage
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.plan import Mode
from shared.model.severity import Severity
from shared.model.wire import Frozen
from shared.planners.lake_restore import Left, what_is_left

BATCH = 50
"""Files that one call brings back, so that it ends well within its minute."""
THROTTLED = frozenset({429, 503})
"""Storage says 503 (Server Busy), what stands before it 429."""


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
        done, wait = _batch(service, left, call)
        total = int(call.progress.get("restored", 0)) + done
        return call.waiting_for(
            None,
            f"{service.name}: {total} files are back, {count - done} to go",
            retry_after=wait,
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


def _batch(service: Storage, left: dict[str, Left], call: Call) -> tuple[int, float]:
    """Bring back some files; how many, and the seconds that Azure wants us to wait before the next.

    One file that fails must not keep the others back, so an error is raised only when not one came back: as long as
    some do, whoever calls again finds fewer left. Being throttled ends the batch.
    """
    done, failed = 0, list[AzureCallFailed]()
    for restore in islice(_restores(service, left, call), BATCH):
        try:
            restore()
            done += 1
        except AzureCallFailed as error:
            failed.append(error)
            if error.status in THROTTLED:
                break
    if failed and not done:
        raise failed[-1]
    return done, max((error.retry_after or 0.0 for error in failed), default=0.0)


def _restores(service: Storage, left: dict[str, Left], call: Call) -> Iterator[Callable[[], None]]:
    """What brings each file back."""
    url, lake = blob_url(service), call.azure.data_lake
    for container, one in left.items():
        for file in one.undelete:
            yield partial(_undelete, lake, url, container, file)
        for file, snapshot in one.take_back:
            yield partial(lake.take_back, url, container, file, snapshot)


def _undelete(lake: DataLake, url: str, container: str, file: DeletedFile) -> None:
    try:
        lake.undelete(url, container, file)
    except AzureCallFailed as error:
        if error.status != 409:  # another attempt of ours was faster
            raise


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
