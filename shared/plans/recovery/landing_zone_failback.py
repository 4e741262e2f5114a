"""The plan for an AI landing zone whose region is back: everything returns to it from the standby."""

from datetime import timedelta
from typing import Any

from shared.actions.machine_learning.run_sample_training_job import run_sample_training_job
from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.actions.openai.failover_openai import failover_openai
from shared.actions.readiness.check_primary_region import check_primary_region
from shared.actions.readiness.validate_services import validate_services
from shared.actions.traffic.update_dns_records import update_dns_records
from shared.model.estate import Estate, MlWorkspace, OpenAi, Region
from shared.model.plan import Plan, PlanKind, Step
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan
from shared.plans.recovery.landing_zone_activation import landing_zone
from shared.plans.recovery.region_failback import bring_back, cleared
from shared.plans.recovery.region_outage import name_of


class Parameters(Strict):
    """To which region, where the estate has several landing zones."""

    region: Region | None = None


@plan(PlanKind.RECOVERY, Parameters)
def landing_zone_failback(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Brings an AI landing zone back to its region, which has recovered from what the standby was activated for.

    The data goes home as a planned move, then a training job proves the workspace there and each model is asked a
    question. The front door follows, and the standby is only put to rest when home has proved that it serves.
    """
    route, services = landing_zone(estate, parameters.region)
    home, away = route.region, route.recovery_region
    check = check_primary_region.step(region=home, services=services, deadline=timedelta(minutes=15))
    stores = tuple(tuple(bring_back(service, estate, check, {})) for service in services)
    # A training job reads its data from the lake, so it waits until that is home.
    data = tuple(made[-1] for made in stores if made)
    proofs = tuple(
        _proof(service, estate, check, data)
        for service in services
        if isinstance(service, OpenAi | MlWorkspace)
    )
    move = update_dns_records.step(
        name="lead_tenants_back",
        needs=(*data, *proofs),
        route=route,
        from_region=away,
        to_region=home,
        recovers=(route.name,),
        undo=update_dns_records.step(route=route, from_region=home, to_region=away),
    )
    validate = validate_services.step(
        name="validate_primary",
        needs=(move,),
        services=services,
        tenants=(),
        region=home,
        deadline=timedelta(minutes=30),
    )
    tell = notify_stakeholders.step(needs=(validate,), critical=False, to=estate.stakeholders)
    ready = tuple(step for made in stores for step in made)
    return Plan(
        name="landing_zone_failback",
        kind=PlanKind.RECOVERY,
        title=f"Go back to the landing zone in {home}",
        steps=(check, *ready, *proofs, move, validate, *cleared(services, estate, validate), tell),
        approval=estate.approvals[PlanKind.RECOVERY],
        services=tuple(sorted(service.name for service in services)),
    )


def _proof(service: OpenAi | MlWorkspace, estate: Estate, check: Step, data: tuple[Step, ...]) -> Step:
    """The step that proves at home what was never taken away there, or brings it back where the outage has cost it."""
    common: dict[str, Any] = {"recovers": (service.name,)}
    match service:
        case OpenAi():
            return failover_openai.step(
                name=name_of("failback_openai", service, estate),
                needs=(check,),
                service=_turned(service),
                **common,
            )
        case MlWorkspace():
            return run_sample_training_job.step(
                name=name_of("run_sample_training_job", service, estate),
                needs=(check, *data),
                workspace_id=service.resource_id,
                job=service.sample_job,
                **common,
            )


def _turned(service: OpenAi) -> OpenAi:
    """The accounts as they are seen from the recovery region: what fails over from there leads home."""
    return service.model_copy(
        update={
            "resource_id": service.recovery_resource_id,
            "recovery_resource_id": service.resource_id,
            "region": service.recovery_region,
            "recovery_region": service.region,
        }
    )
