"""What HighErrorRate is answered with (seed 000, section 5.1.3): the ladder, until fewer requests fail."""

from pydantic import Field

from shared.actions.proof import RowsBelow
from shared.model.estate import ContainerApp, Estate
from shared.model.plan import Plan, PlanKind
from shared.plans.alerted import AlertParameters, alerted, example
from shared.plans.ladder import healthy, ladder
from shared.plans.planning import PlanRequest, plan


class Parameters(AlertParameters):
    """Besides what the alert says: the share of requests, in percent, below which all is well again."""

    below: float = Field(default=5.0, gt=0, le=100)


@plan(
    PlanKind.REMEDIATION,
    Parameters,
    lambda estate: Parameters(resources=example(estate, ContainerApp).resources),
)
def high_error_rate(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Brings a container app back of which too many requests fail: restarts it, clears its cache, scales it up.

    Each rung is proved by the requests that were logged after it: fewer of every tenant's may fail than the limit.
    4xx answers do not count, for those are the callers' own.
    """
    service, app_id = alerted(estate, parameters, ContainerApp)
    errors = RowsBelow(question="error_rate", column="error_rate", below=parameters.below, named="tenant")
    title = f"Let fewer requests of {service.name} fail"
    return ladder(estate, "high_error_rate", title, service, app_id, conditions=(healthy(service), errors))
