"""Proves that what a recovery would restore from is there and fresh."""

from collections.abc import Iterator
from datetime import timedelta

from shared.actions.action import Call, action
from shared.actions.machine_learning.verify_ml_backup import newest_backup
from shared.actions.search.load_search_snapshot import snapshot
from shared.errors import CheckFailed
from shared.model.estate import AiSearch, CosmosDb, MlWorkspace, Service, Storage
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen


class Params(Frozen):
    """Whose backups, and how old or short they may be."""

    services: tuple[Service, ...]
    snapshot_age_limit: timedelta = timedelta(hours=26)
    restorable_for_at_least: timedelta = timedelta(days=1)


@action(changes=False)
def validate_backup_integrity(params: Params, call: Call) -> Outcome | Pending:
    """Looks at every backup of the estate: continuous backup, geo-replication, search snapshots."""
    findings = tuple(finding for service in params.services for finding in gaps(service, params, call))
    return Outcome(
        summary=f"backups of {len(params.services)} services: "
        + (f"{len(findings)} findings" if findings else "all there and fresh"),
        findings=findings,
    )


def gaps(service: Service, params: Params, call: Call) -> Iterator[Finding]:
    """What a restore of one service would lack."""
    match service:
        case CosmosDb():
            oldest = call.azure.cosmos.oldest_restorable(service.resource_id, service.region)
            if oldest is None:
                yield _gap(
                    service, "continuous backup has nothing to restore from", "switch continuous backup on"
                )
            elif call.now - oldest < params.restorable_for_at_least:
                yield _gap(
                    service, f"restorable only since {oldest.isoformat()}", "wait, or find out who reset it"
                )
        case Storage():
            account = call.azure.storage.account(service.resource_id)
            if account.last_sync is None:
                yield _gap(service, f"{account.sku} has no copy in another region", "make it geo-redundant")
            elif call.now - account.last_sync > service.data_loss_limit:
                yield _gap(
                    service, f"the copy stands at {account.last_sync.isoformat()}", "watch geo-replication"
                )
        case AiSearch():
            yield from _snapshot(service, params, call)
        case MlWorkspace():
            yield from _configuration(service, params, call)
        case _:
            return


def _snapshot(service: AiSearch, params: Params, call: Call) -> Iterator[Finding]:
    storage = call.estate.service(service.snapshot_storage)
    assert isinstance(storage, Storage)
    try:
        manifest, _ = snapshot(service, storage, call)
    except CheckFailed as error:
        yield _gap(service, f"no usable search snapshot: {error}", "take a snapshot now")
        return
    age = call.now - manifest.taken_at
    if age > params.snapshot_age_limit:
        yield _gap(
            service, f"the snapshot is {age.total_seconds() / 3600:.0f} h old", "see why none is newer"
        )
    if manifest.documents == 0:
        yield _gap(service, "the snapshot is empty", "take a snapshot now")


def _configuration(service: MlWorkspace, params: Params, call: Call) -> Iterator[Finding]:
    storage = call.estate.service(service.backup_storage)
    assert isinstance(storage, Storage)
    try:
        _, backup, _ = newest_backup(service, storage, None, call)
    except CheckFailed as error:
        yield _gap(service, f"no usable configuration backup: {error}", "take a backup now")
        return
    age = call.now - backup.taken_at
    if age > params.snapshot_age_limit:
        told = f"the configuration backup is {age.total_seconds() / 3600:.0f} h old"
        yield _gap(service, told, "see why none is newer")


def _gap(service: Service, title: str, advice: str) -> Finding:
    return Finding(
        check="validate_backup_integrity",
        resource=service.resource_id,
        severity=Severity.HIGH,
        title=f"{service.name}: {title}",
        recommendation=advice,
    )
