"""What HighLatency is answered with (seed 004, section 6.2: 95th percentile above 200 ms)."""

from datetime import timedelta

from pydantic import Field

from shared.actions.diagnosis.diagnose_endpoint_503 import diagnose_endpoint_503
from shared.actions.proof import Healthy, Proof, RowsBelow
from shared.actions.remediation.verify_logs import verify_logs
from shared.errors import EstateInvalid
from shared.model.estate import Estate, TrafficRoute
from shared.model.forms import ResourceId
from shared.model.plan import Plan, PlanKind
from shared.plans.alerted import AlertParameters, alerted
from shared.plans.planning import PlanRequest, plan


class Parameters(AlertParameters):
    """Besides what the alert says: the AKS clusters behind the endpoint, and the 95th percentile (ms) that is well."""

    clusters: tuple[ResourceId, ...] = ()
    p95_below: float = Field(default=200.0, gt=0)


def _example(estate: Estate) -> Parameters:
    return Parameters(resources=tuple(one.resource_id for one in estate.of_kind(TrafficRoute))[-1:])


@plan(PlanKind.REMEDIATION, Parameters, _example)
def high_latency(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Finds out why inference is slow, and watches whether it becomes fast again by its own autoscaling.

    Nothing is changed: the endpoint scales by itself between its bounds. Its owners get the findings when it stays
    slow.
    """
    service, _ = alerted(estate, parameters, TrafficRoute)
    if service.health_url is None:
        raise EstateInvalid(f"{service.name} has no health_url, so nothing proves that it answers again")
    why = diagnose_endpoint_503.step(
        critical=False, service=service, clusters=parameters.clusters, deadline=timedelta(minutes=10)
    )
    slow = RowsBelow(
        question="inference_latency", column="p95_ms", below=parameters.p95_below, named="endpoint"
    )
    proof = Proof(
        conditions=(
            Healthy(url=service.health_url),
            slow,
        ),
        in_a_row=3,
        within=timedelta(minutes=10),
    )
    verify = verify_logs.step(
        needs=(why,), what=f"{service.name} is fast again", proof=proof, deadline=timedelta(minutes=30)
    )
    return Plan(
        name="high_latency",
        kind=PlanKind.REMEDIATION,
        title=f"Watch whether {service.name} becomes fast again",
        steps=(why, verify),
        approval=estate.approvals[PlanKind.REMEDIATION],
        services=(service.name,),
    )
