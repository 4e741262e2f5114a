"""What CostAnomaly is answered with (seed 004, section 6.2: daily spend above 150 % of the average)."""

from datetime import timedelta

from shared.actions.remediation.human_task import human_task
from shared.actions.remediation.reset_cluster_scale import reset_cluster_scale
from shared.errors import EstateInvalid
from shared.model.estate import Estate, MlWorkspace
from shared.model.plan import Plan, PlanKind
from shared.plans.alerted import AlertParameters, alerted, example
from shared.plans.planning import PlanRequest, plan


@plan(PlanKind.REMEDIATION, AlertParameters, lambda estate: example(estate, MlWorkspace))
def cost_anomaly(estate: Estate, _request: PlanRequest, parameters: AlertParameters) -> Plan:
    """Brings compute clusters back to the estate's scale, and lets their owner say what the money went to.

    What was spent shows a day later, so no program can prove within the run that it helped: the owner does, with
    evidence.
    """
    if estate.security is None:
        raise EstateInvalid(
            f"estate {estate.name} has no security section, so no evidence can be kept: add it"
        )
    service, _ = alerted(estate, parameters, MlWorkspace)
    reset = reset_cluster_scale.step(service=service, deadline=timedelta(hours=1))
    explain = human_task.step(
        name="explain_spend",
        needs=(reset,),
        task="find out in Cost Management what drives the spend, and end or accept it",
        evidence="the cost analysis, with the decision",
        to=tuple(dict.fromkeys((service.owner, *estate.stakeholders))),
        container=estate.security.evidence_container,
        deadline=timedelta(days=3),
    )
    return Plan(
        name="cost_anomaly",
        kind=PlanKind.REMEDIATION,
        title="Stop what costs more than planned",
        steps=(reset, explain),
        approval=estate.approvals[PlanKind.REMEDIATION],
        services=(service.name,),
    )
