"""Looking for misuse: what the security dashboard of seed 000, section 4.2 asks, asked at once."""

from datetime import timedelta

from pydantic import Field

from shared.actions.security.detect_misuse import detect_misuse
from shared.model.estate import Estate
from shared.model.plan import Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan


class Parameters(Strict):
    """How many minutes are looked at, and from where on something stands out."""

    minutes: int = Field(default=60, ge=5, le=1440)
    most_failures: int = Field(default=5, ge=1)
    most_requests: int = Field(default=100, ge=1)
    most_addresses: int = Field(default=10, ge=1)


@plan(PlanKind.OPERATION, Parameters)
def security_detections(_estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Finds failed sign-ins, unusual access and reaches across tenants, and audits who read which class of data."""
    look = detect_misuse.step(
        over=timedelta(minutes=parameters.minutes),
        most_failures=parameters.most_failures,
        most_requests=parameters.most_requests,
        most_addresses=parameters.most_addresses,
        deadline=timedelta(minutes=10),
    )
    return Plan(
        name="security_detections",
        kind=PlanKind.OPERATION,
        title="Look for misuse in what was logged",
        steps=(look,),
    )
