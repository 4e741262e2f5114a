"""Diagnosis of training jobs that fail with "Quota exceeded" (seed 004, section 10.2)."""

from datetime import timedelta

from shared.actions.diagnosis.diagnose_training_quota import diagnose_training_quota as look
from shared.model.estate import Estate, MlWorkspace, Name
from shared.model.plan import Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.chosen import chosen
from shared.plans.planning import PlanRequest, plan


class Parameters(Strict):
    """Which workspace; the only one, if not said."""

    service: Name | None = None


@plan(PlanKind.OPERATION, Parameters)
def diagnose_training_quota(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Finds out why training jobs find no nodes: quota, bounds of the clusters, or the jobs themselves."""
    service = chosen(estate, MlWorkspace, parameters.service, "ml_workspace")
    step = look.step(service=service, deadline=timedelta(minutes=10))
    return Plan(
        name="diagnose_training_quota",
        kind=PlanKind.OPERATION,
        title=f"Find out why jobs of {service.name} find no nodes",
        steps=(step,),
    )
