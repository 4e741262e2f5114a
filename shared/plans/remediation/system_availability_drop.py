"""What SystemAvailabilityDrop is answered with (seed 000, section 5.1.1): the ladder, until the app answers again."""

from shared.model.estate import ContainerApp, Estate
from shared.model.plan import Plan, PlanKind
from shared.plans.alerted import AlertParameters, alerted, example
from shared.plans.ladder import healthy, ladder
from shared.plans.planning import PlanRequest, plan


@plan(PlanKind.REMEDIATION, AlertParameters, lambda estate: example(estate, ContainerApp))
def system_availability_drop(estate: Estate, _request: PlanRequest, parameters: AlertParameters) -> Plan:
    """Brings a container app back that its tenants do not reach: restarts it, clears its cache, scales it up.

    Each rung is proved by probes of the app's health before the next one is tried; where its whole region is out
    this helps nobody, and the estate's rule offers `region_outage` instead (`in_outage`).
    """
    service, app_id = alerted(estate, parameters, ContainerApp)
    return ladder(
        estate,
        "system_availability_drop",
        f"Bring {service.name} back",
        service,
        app_id,
        conditions=(healthy(service),),
    )
