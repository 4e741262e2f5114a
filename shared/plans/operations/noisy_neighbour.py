"""Finding out which tenant drives what all share."""

from datetime import timedelta

from pydantic import Field

from shared.actions.remediation.find_noisy_neighbour import find_noisy_neighbour
from shared.model.estate import Estate
from shared.model.plan import Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan


class Parameters(Strict):
    """How many minutes are looked at, and what each tenant pays for, against the others (1, if not said)."""

    minutes: int = Field(default=15, ge=5, le=1440)
    weights: dict[str, float] = Field(default_factory=dict[str, float])


@plan(PlanKind.OPERATION, Parameters)
def noisy_neighbour(_estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Finds the tenant that uses more than its share of replicas and database, and advises how to throttle it."""
    find = find_noisy_neighbour.step(
        over=timedelta(minutes=parameters.minutes),
        weights=parameters.weights,
        deadline=timedelta(minutes=10),
    )
    return Plan(
        name="noisy_neighbour",
        kind=PlanKind.OPERATION,
        title="Find the tenant that drives the shared resources",
        steps=(find,),
    )
