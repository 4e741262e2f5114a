"""Proves that there is a configuration backup from which a machine learning workspace can be restored."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, ValidationError

from shared.actions.action import Call, action
from shared.errors import AzureCallFailed, CheckFailed
from shared.model.estate import MlWorkspace, Storage
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen


class Params(Frozen):
    """The workspace, the store that keeps its backups, and until when a backup is good (any is, if not said)."""

    service: MlWorkspace
    storage: Storage
    before: datetime | None = None
    age_limit: timedelta = timedelta(hours=26)


class Backup(Frozen):
    """What the nightly job keeps: the workspace and its clusters as Azure Resource Manager showed them."""

    taken_at: AwareDatetime
    workspace: dict[str, Any]
    computes: tuple[dict[str, Any], ...]

    @property
    def clusters(self) -> dict[str, dict[str, Any]]:
        """The compute clusters by name; instances belong to one person each and are made anew."""
        return {
            str(one["name"]): one
            for one in self.computes
            if (one.get("properties") or {}).get("computeType") == "AmlCompute"
        }


@action(changes=False)
def verify_ml_backup(params: Params, call: Call) -> Outcome | Pending:
    """Reads the newest configuration backup that is older than the damage, and checks that it is whole.

    Azure Backup does not cover machine learning workspaces, so their configuration is kept as documents in a store.
    """
    service = params.service
    name, backup, digest = newest_backup(service, params.storage, params.before, call)
    age = (params.before or call.now) - backup.taken_at
    findings = [
        _finding(service, f"{cluster.name} is in no backup", "it is made as the estate describes it")
        for cluster in service.computes
        if cluster.name not in backup.clusters
    ]
    if age > params.age_limit:
        told = f"the backup is {age.total_seconds() / 3600:.0f} h old"
        findings.append(_finding(service, told, "what was changed since must be done again"))
    return Outcome(
        summary=f"{service.name}: the backup of {backup.taken_at} holds {len(backup.clusters)} clusters",
        findings=tuple(findings),
        evidence={"blob": name, "sha256": digest, "taken_at": backup.taken_at.isoformat()},
    )


def newest_backup(
    service: MlWorkspace, storage: Storage, before: datetime | None, call: Call
) -> tuple[str, Backup, str]:
    """Name, content and SHA-256 of the newest backup that is older than `before`; CheckFailed when there is none.

    Backups lie at `<workspace>/<time>.json`. The store's readable copy is asked when its primary does not answer.
    """
    try:
        return _newest(service, storage, before, call, copy="")
    except AzureCallFailed as error:
        if error.status:
            raise
        return _newest(service, storage, before, call, copy="-secondary")


def _newest(
    service: MlWorkspace, storage: Storage, before: datetime | None, call: Call, *, copy: str
) -> tuple[str, Backup, str]:
    workspace = service.resource_id.rsplit("/", 1)[-1]
    account = f"https://{storage.resource_id.rsplit('/', 1)[-1]}{copy}.blob.core.windows.net"
    names = call.azure.blobs.names(account, service.backup_container, f"{workspace}/")
    where = f"{storage.name}/{service.backup_container}/{workspace}"
    for name in sorted((one for one in names if one.endswith(".json")), reverse=True):
        content = call.azure.blobs.read(account, service.backup_container, name)
        if content is None:
            continue
        backup = _understood(content, f"{storage.name}/{service.backup_container}/{name}", service)
        if before is None or backup.taken_at <= before:
            return name, backup, hashlib.sha256(content).hexdigest()
    when = f" from before {before}" if before else ""
    raise CheckFailed(
        f"{where} holds no backup{when}: put one there, or deploy the workspace from its template"
    )


def _understood(content: bytes, where: str, service: MlWorkspace) -> Backup:
    try:
        backup = Backup.from_wire(json.loads(content))
    except (ValueError, ValidationError) as error:
        raise CheckFailed(f"{where} is no backup of a workspace: {str(error).splitlines()[0]}") from error
    if str(backup.workspace.get("id", "")).lower() != service.resource_id.lower():
        raise CheckFailed(
            f"{where} is a backup of {backup.workspace.get('id')}, not of {service.resource_id}"
        )
    return backup


def _finding(service: MlWorkspace, title: str, advice: str) -> Finding:
    return Finding(
        check="verify_ml_backup",
        resource=service.resource_id,
        severity=Severity.MEDIUM,
        title=f"{service.name}: {title}",
        recommendation=advice,
    )
