"""The plan for a machine learning workspace that was deleted or misconfigured (seed 004, section 7.2)."""

from datetime import timedelta
from typing import Any

from pydantic import AwareDatetime

from shared.actions.machine_learning.reconnect_compute import reconnect_compute
from shared.actions.machine_learning.restore_ml_workspace import restore_ml_workspace
from shared.actions.machine_learning.run_sample_training_job import run_sample_training_job
from shared.actions.machine_learning.validate_ml_configuration import validate_ml_configuration
from shared.actions.machine_learning.verify_ml_backup import verify_ml_backup
from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import Estate, MlWorkspace, Name
from shared.model.plan import Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan


class Parameters(Strict):
    """Which workspace, and as it was when: the only one, as it was when the damage began, if nothing is said."""

    workspace: Name | None = None
    restore_to: AwareDatetime | None = None


@plan(PlanKind.RECOVERY, Parameters)
def ml_workspace_recovery(estate: Estate, request: PlanRequest, parameters: Parameters) -> Plan:
    """Restores a machine learning workspace from its configuration backup, and proves it with a training job.

    The newest backup from before the damage counts, so that a misconfiguration does not come back with it.
    """
    service = _workspace(estate, parameters.workspace)
    began = request.outage_started_at
    if parameters.restore_to and began and parameters.restore_to > began:
        raise ParametersInvalid(
            "restore_to",
            f"lies after the damage began ({began.isoformat()}), so it would come back with the backup",
        )
    common: dict[str, Any] = {
        "service": service,
        "storage": estate.service(service.backup_storage),
        "before": parameters.restore_to or began,
    }
    verify = verify_ml_backup.step(**common, deadline=timedelta(minutes=15))
    restore = restore_ml_workspace.step(needs=(verify,), **common, deadline=service.rto)
    validate = validate_ml_configuration.step(needs=(restore,), **common, deadline=timedelta(minutes=15))
    reconnect = reconnect_compute.step(needs=(validate,), **common, deadline=service.rto)
    trial = run_sample_training_job.step(
        needs=(reconnect,),
        workspace_id=service.resource_id,
        job=service.sample_job,
        recovers=(service.name,),
        deadline=service.rto,
    )
    tell = notify_stakeholders.step(needs=(trial,), critical=False, to=(*estate.stakeholders, service.owner))
    return Plan(
        name="ml_workspace_recovery",
        kind=PlanKind.RECOVERY,
        title=f"Restore {service.name} from its configuration backup",
        steps=(verify, restore, validate, reconnect, trial, tell),
        approval=estate.approvals[PlanKind.RECOVERY],
        rto=service.rto,
        services=(service.name,),
    )


def _workspace(estate: Estate, name: str | None) -> MlWorkspace:
    found = estate.of_kind(MlWorkspace)
    names = ", ".join(service.name for service in found)
    if not found:
        raise EstateInvalid(f"estate {estate.name}: there is no ml_workspace service")
    if name is None and len(found) > 1:
        raise ParametersInvalid("workspace", f"say which: {names}")
    chosen = [service for service in found if name in {None, service.name}]
    if not chosen:
        raise ParametersInvalid("workspace", f"'{name}' is no ml_workspace of the estate; there is {names}")
    return chosen[0]
