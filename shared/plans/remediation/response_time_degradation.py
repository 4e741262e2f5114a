"""What ResponseTimeDegradation is answered with (seed 000, section 5.2.1): more replicas first, then a restart."""

from datetime import timedelta

from pydantic import Field

from shared.actions.proof import Proof, RowsBelow
from shared.actions.remediation.restart_service import restart_service
from shared.actions.remediation.scale_up_resources import scale_up_resources
from shared.model.estate import ContainerApp, Estate
from shared.model.plan import Plan, PlanKind
from shared.plans.alerted import AlertParameters, alerted, example
from shared.plans.ladder import FEW, RUNG, healthy
from shared.plans.planning import PlanRequest, plan


class Parameters(AlertParameters):
    """Besides what the alert says: the 95th percentile, in milliseconds, below which all is well again."""

    p95_below: float = Field(default=3000.0, gt=0)


@plan(
    PlanKind.REMEDIATION,
    Parameters,
    lambda estate: Parameters(resources=example(estate, ContainerApp).resources),
)
def response_time_degradation(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Makes a container app fast again that answers, but slowly: scales it up, then restarts it.

    Slow is mostly too little, so replicas come first; emptying the cache would only make it slower. Each rung is
    proved by the response times of the requests that were logged after it. Started by an alert, the restart is spared
    while more replicas answer than the estate's `blast_radius`, for it replaces all of them at once.
    """
    service, app_id = alerted(estate, parameters, ContainerApp)
    fast = RowsBelow(question="response_time", column="p95_ms", below=parameters.p95_below, named="tenant")
    proof = Proof(conditions=(healthy(service), fast), within=timedelta(minutes=8))
    scale = scale_up_resources.step(
        app_id=app_id, limits=service.replicas, proof=proof, deadline=RUNG, retry=FEW
    )
    restart = restart_service.step(needs=(scale,), app_id=app_id, proof=proof, deadline=RUNG, retry=FEW)
    return Plan(
        name="response_time_degradation",
        kind=PlanKind.REMEDIATION,
        title=f"Make {service.name} fast again",
        mode="first_success",
        steps=(scale, restart),
        approval=estate.approvals[PlanKind.REMEDIATION],
        services=(service.name,),
    )
