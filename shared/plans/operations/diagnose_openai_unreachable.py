"""Diagnosis of an Azure OpenAI account that cannot be reached (seed 004, section 10.2)."""

from datetime import timedelta

from shared.actions.diagnosis.diagnose_openai_unreachable import diagnose_openai_unreachable as look
from shared.model.estate import Estate, Name, OpenAi
from shared.model.forms import ResourceId
from shared.model.plan import Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.chosen import chosen
from shared.plans.planning import PlanRequest, plan


class Parameters(Strict):
    """Which account, and the security groups on the way to it: those of its region in the estate, if not said."""

    service: Name | None = None
    groups: tuple[ResourceId, ...] = ()


@plan(PlanKind.OPERATION, Parameters)
def diagnose_openai_unreachable(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Finds out where the way to Azure OpenAI is cut: account, private endpoint, security rules or DNS."""
    service = chosen(estate, OpenAi, parameters.service, "open_ai")
    known = estate.security.network_security_groups if estate.security else {}
    groups = parameters.groups or tuple(group for region, group in known.items() if region == service.region)
    step = look.step(service=service, groups=groups, deadline=timedelta(minutes=10))
    return Plan(
        name="diagnose_openai_unreachable",
        kind=PlanKind.OPERATION,
        title=f"Find out where the way to {service.name} is cut",
        steps=(step,),
    )
