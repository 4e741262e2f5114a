"""Diagnosis of an inference endpoint that answers 503 (seed 004, section 10.2)."""

from datetime import timedelta

from shared.actions.diagnosis.diagnose_endpoint_503 import diagnose_endpoint_503 as look
from shared.model.estate import Estate, Name, TrafficRoute
from shared.model.forms import ResourceId
from shared.model.plan import Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.chosen import chosen
from shared.plans.planning import PlanRequest, plan


class Parameters(Strict):
    """Which endpoint (`inference-api`, where the estate has it), and the AKS clusters behind it."""

    service: Name | None = None
    clusters: tuple[ResourceId, ...] = ()


@plan(PlanKind.OPERATION, Parameters)
def diagnose_endpoint_503(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Finds out why an inference endpoint answers 503: route, region, clusters, or the models behind it."""
    name = parameters.service or (
        "inference-api" if any(one.name == "inference-api" for one in estate.services) else None
    )
    service = chosen(estate, TrafficRoute, name, "traffic_route")
    step = look.step(service=service, clusters=parameters.clusters, deadline=timedelta(minutes=10))
    return Plan(
        name="diagnose_endpoint_503",
        kind=PlanKind.OPERATION,
        title=f"Find out why {service.name} does not answer",
        steps=(step,),
    )
