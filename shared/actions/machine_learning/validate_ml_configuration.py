"""Proves that a restored machine learning workspace is configured as its backup says."""

from datetime import datetime

from shared.actions.action import Call, action
from shared.actions.machine_learning.activate_ml_workspace import standing
from shared.actions.machine_learning.restore_ml_workspace import differences, settings_of
from shared.actions.machine_learning.verify_ml_backup import newest_backup
from shared.errors import CheckFailed
from shared.model.estate import MlWorkspace, Storage
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.plan import Mode
from shared.model.severity import Severity
from shared.model.wire import Frozen


class Params(Frozen):
    """The workspace, the store that keeps its backups, and until when a backup is good."""

    service: MlWorkspace
    storage: Storage
    before: datetime | None = None


@action(changes=False)
def validate_ml_configuration(params: Params, call: Call) -> Outcome | Pending:
    """Compares every setting of the workspace with the backup, and looks for the store that it is bound to.

    In a drill a difference is told and stops nothing: nothing was set back.
    """
    service = params.service
    standing(service.resource_id, call)
    workspace = call.azure.machine_learning.workspace(service.resource_id)
    assert workspace is not None
    _, backup, _ = newest_backup(service, params.storage, params.before, call)
    changed = differences(workspace, backup.workspace)
    if changed and call.mode is Mode.REAL:
        raise CheckFailed(f"{service.name} differs from its backup in {', '.join(changed)}: restore it again")
    bound = str(workspace["properties"].get("storageAccount") or "")
    account = call.azure.storage.account(bound)
    return Outcome(
        summary=f"{service.name}: {len(settings_of(backup.workspace)) - len(changed)} settings as in its backup",
        findings=tuple(
            Finding(
                check="validate_ml_configuration",
                resource=service.resource_id,
                severity=Severity.LOW,
                title=f"{service.name}: {name} is not as in the backup of {backup.taken_at}",
                recommendation="nothing, if that was changed on purpose since",
            )
            for name in changed
        ),
        evidence={"storage": bound, "storage_primary": account.primary},
    )
