"""What InferenceEndpointDown is answered with (seed 004, section 6.2: availability below 99 %)."""

from datetime import timedelta

from shared.actions.diagnosis.diagnose_endpoint_503 import diagnose_endpoint_503
from shared.actions.proof import Healthy, Proof
from shared.actions.remediation.verify_endpoint_health import verify_endpoint_health
from shared.errors import EstateInvalid
from shared.model.estate import Estate, TrafficRoute
from shared.model.forms import ResourceId
from shared.model.plan import Plan, PlanKind
from shared.plans.alerted import AlertParameters, alerted
from shared.plans.planning import PlanRequest, plan


class Parameters(AlertParameters):
    """Besides what the alert says: the AKS clusters behind the endpoint."""

    clusters: tuple[ResourceId, ...] = ()


def _example(estate: Estate) -> Parameters:
    return Parameters(resources=tuple(one.resource_id for one in estate.of_kind(TrafficRoute))[-1:])


@plan(PlanKind.REMEDIATION, Parameters, _example)
def inference_endpoint_down(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Finds out why an inference endpoint does not answer, and watches whether it comes back.

    Nothing is changed: the cluster behind it is its owners' to restart, who get the findings when it stays down. While
    its region is out the rule offers `landing_zone_activation` instead.
    """
    service, _ = alerted(estate, parameters, TrafficRoute)
    if service.health_url is None:
        raise EstateInvalid(f"{service.name} has no health_url, so nothing proves that it answers again")
    why = diagnose_endpoint_503.step(
        critical=False, service=service, clusters=parameters.clusters, deadline=timedelta(minutes=10)
    )
    proof = Proof(conditions=(Healthy(url=service.health_url),), in_a_row=3, within=timedelta(minutes=10))
    verify = verify_endpoint_health.step(needs=(why,), proof=proof, deadline=timedelta(minutes=30))
    return Plan(
        name="inference_endpoint_down",
        kind=PlanKind.REMEDIATION,
        title=f"Watch whether {service.name} comes back",
        steps=(why, verify),
        approval=estate.approvals[PlanKind.REMEDIATION],
        services=(service.name,),
    )
