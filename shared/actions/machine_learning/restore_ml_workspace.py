"""Restores a machine learning workspace from its configuration backup."""

from datetime import datetime
from typing import Any

from shared.actions.action import Call, action
from shared.actions.machine_learning.verify_ml_backup import newest_backup
from shared.errors import CheckFailed
from shared.gateways.machine_learning import is_busy
from shared.model.estate import MlWorkspace, Storage
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode
from shared.model.wire import Frozen


class Params(Frozen):
    """The workspace, the store that keeps its backups, and until when a backup is good."""

    service: MlWorkspace
    storage: Storage
    before: datetime | None = None


BOUND = ("storageAccount", "keyVault")
"""What a workspace is bound to from its first day: Azure refuses to change it."""

OWN = frozenset(
    {
        "provisioningState",
        "workspaceId",
        "discoveryUrl",
        "mlFlowTrackingUri",
        "notebookInfo",
        "privateEndpointConnections",
        "serviceProvisionedResourceGroup",
        "storageHnsEnabled",
        "tenantId",
        "privateLinkCount",
    }
)
"""Properties that Azure alone sets."""


@action(changes=True)
def restore_ml_workspace(params: Params, call: Call) -> Outcome | Pending:
    """Creates the workspace again as the backup has it, or sets back the settings of one that is still there.

    A drill sets nothing back: what differs from last night's backup is somebody's work of today.
    """
    service, learning = params.service, call.azure.machine_learning
    running = call.operation_running()
    _, backup, _ = newest_backup(service, params.storage, params.before, call)
    current = learning.workspace(service.resource_id)
    state = "" if current is None else str(current["properties"].get("provisioningState") or "")
    if running or (current is not None and is_busy(state)):
        return call.waiting_for(None, f"{service.name}: Azure is restoring it")
    changed = [] if current is None else differences(current, backup.workspace)
    if current is not None and (call.mode is Mode.DRILL or (not changed and state.lower() == "succeeded")):
        told = f"differs from its backup in {', '.join(changed)}" if changed else "is as in its backup"
        return Outcome(
            summary=f"{service.name} {told} of {backup.taken_at}",
            changed=call.begun,
            evidence={"taken_at": backup.taken_at.isoformat(), "differs": changed},
        )
    if fixed := [name for name in BOUND if name in changed]:
        raise CheckFailed(
            f"{service.name} exists, but is bound to another {' and '.join(fixed)} than in its backup, which Azure "
            "does not change: somebody has made another workspace in its place; delete that, then retry"
        )
    operation = learning.put_workspace(service.resource_id, document_of(backup.workspace))
    what = f"setting back {', '.join(changed)}" if changed else "creating it again"
    return call.waiting_for(operation, f"{service.name}: {what}")


def document_of(kept: dict[str, Any]) -> dict[str, Any]:
    """What of a kept workspace is sent to make it again: all but what Azure alone sets."""
    identity = {"type": kept["identity"]["type"]} if (kept.get("identity") or {}).get("type") else None
    return {
        **{name: kept[name] for name in ("location", "sku", "kind", "tags") if kept.get(name)},
        **({"identity": identity} if identity else {}),
        "properties": settings_of(kept),
    }


def settings_of(document: dict[str, Any]) -> dict[str, Any]:
    """The properties that people set."""
    properties: dict[str, Any] = document.get("properties") or {}
    return {name: value for name, value in properties.items() if name not in OWN and value is not None}


def differences(current: dict[str, Any], kept: dict[str, Any]) -> list[str]:
    """The settings of the backup that the workspace has not; resource ids ignore case."""
    there = settings_of(current)
    return [name for name, value in settings_of(kept).items() if _plain(there.get(name)) != _plain(value)]


def _plain(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
