"""Diagnosis of a GPU cluster that is slow to scale (seed 004, section 10.1: KI-001)."""

from datetime import timedelta

from shared.actions.diagnosis.diagnose_slow_gpu_scale import diagnose_slow_gpu_scale as look
from shared.errors import ParametersInvalid
from shared.model.estate import Estate, MlWorkspace, Name
from shared.model.plan import Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.chosen import chosen
from shared.plans.planning import PlanRequest, plan


class Parameters(Strict):
    """Which workspace and cluster; the only workspace, and its last cluster, if not said."""

    service: Name | None = None
    cluster: str | None = None


@plan(PlanKind.OPERATION, Parameters)
def diagnose_slow_gpu_scale(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Finds out why a GPU cluster is slow to scale: no warm nodes, low priority, no quota or no capacity."""
    service = chosen(estate, MlWorkspace, parameters.service, "ml_workspace")
    names = [one.name for one in service.computes]
    cluster = parameters.cluster or next((one for one in names if "gpu" in one.lower()), names[-1])
    if cluster not in names:
        raise ParametersInvalid(
            "cluster", f"'{cluster}' is no cluster of {service.name}; there is {', '.join(names)}"
        )
    step = look.step(service=service, cluster=cluster, deadline=timedelta(minutes=10))
    return Plan(
        name="diagnose_slow_gpu_scale",
        kind=PlanKind.OPERATION,
        title=f"Find out why {cluster} is slow to scale",
        steps=(step,),
    )
