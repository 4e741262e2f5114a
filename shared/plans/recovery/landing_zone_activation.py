"""The plan for an AI landing zone whose primary region is lost (seed 004, section 8.1)."""

from datetime import timedelta
from typing import Any

from shared.actions.disaster.check_dr_trigger import Trigger, check_dr_trigger
from shared.actions.disaster.declare_disaster import declare_disaster
from shared.actions.machine_learning.activate_ml_workspace import activate_ml_workspace
from shared.actions.machine_learning.deactivate_ml_workspace import deactivate_ml_workspace
from shared.actions.machine_learning.run_sample_training_job import run_sample_training_job
from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.actions.openai.failover_openai import failover_openai
from shared.actions.openai.retire_openai import retire_openai
from shared.actions.readiness.validate_dr_region import validate_dr_region
from shared.actions.readiness.validate_services import validate_services
from shared.actions.storage.failover_storage import failover_storage
from shared.actions.traffic.update_dns_records import update_dns_records
from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import Estate, MlWorkspace, OpenAi, Region, Service, Storage, TrafficRoute
from shared.model.plan import ApprovalPolicy, Mode, Plan, PlanKind, Step
from shared.model.role import Role
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan
from shared.plans.served_again import served_again

DECLARED_BY = "incident-commander"
"""The duty of whoever declares a disaster."""


class Parameters(Strict):
    """Which trigger condition holds (a real activation must say it), and in which region, where there are several."""

    trigger: Trigger | None = None
    region: Region | None = None


def _example(_estate: Estate) -> Parameters:
    return Parameters(trigger=Trigger.REGION_UNAVAILABLE)


@plan(PlanKind.RECOVERY, Parameters, _example, for_outages=True)
def landing_zone_activation(estate: Estate, request: PlanRequest, parameters: Parameters) -> Plan:
    """Activates the standby of an AI landing zone whose region is lost, once the incident commander has declared it.

    Nothing is touched before the declaration is there and the trigger condition is proved. Then models, workspace and
    data come up side by side, a training job proves the workspace, and the front door is led over last.
    """
    if request.mode is Mode.REAL and parameters.trigger is None:
        raise ParametersInvalid("trigger", f"say which condition holds: {', '.join(Trigger)}")
    route, services = landing_zone(estate, parameters.region)
    declared = declare_disaster.step(duty=DECLARED_BY)
    triggered = check_dr_trigger.step(
        trigger=parameters.trigger, region=route.region, services=services, deadline=timedelta(minutes=15)
    )
    check = validate_dr_region.step(
        needs=(declared, triggered),
        region=route.recovery_region,
        services=services,
        outage_started_at=request.outage_started_at,
        deadline=timedelta(minutes=15),
    )
    recovered = tuple(step for service in services for step in _recover(service, services, request, check))
    # A training job reads its data from the lake, so it waits for that as well as for its own workspace.
    trials = tuple(
        _trial(service, services, recovered) for service in services if isinstance(service, MlWorkspace)
    )
    move = _move(route, needs=(*recovered, *trials))
    validate = validate_services.step(
        needs=(move,),
        services=services,
        tenants=(),
        region=route.recovery_region,
        deadline=timedelta(minutes=30),
    )
    clock = served_again(
        estate, validate, at=(route,) if request.mode is Mode.REAL else (), opened_by=(move,)
    )
    tell = notify_stakeholders.step(needs=(validate, *clock), critical=False, to=estate.stakeholders)
    return Plan(
        name="landing_zone_activation",
        kind=PlanKind.RECOVERY,
        title=f"Activate the landing zone of {route.region} in {route.recovery_region}",
        steps=(declared, triggered, check, *recovered, *trials, move, validate, *clock, tell),
        approval=_approval(estate),
        rto=route.rto,
        services=tuple(sorted(service.name for service in services)),
    )


def landing_zone(estate: Estate, region: str | None) -> tuple[TrafficRoute, tuple[Service, ...]]:
    """The front door and all services of the region's landing zone.

    ParametersInvalid where there is none, or more than one to choose.
    """
    found = sorted(
        {service.region for service in estate.services if isinstance(service, OpenAi | MlWorkspace)}
    )
    if not found:
        raise EstateInvalid(
            f"estate {estate.name}: no open_ai and no ml_workspace service, so no landing zone"
        )
    if region is None and len(found) > 1:
        raise ParametersInvalid("region", f"there are landing zones in {' and '.join(found)}: say which")
    wanted = region or found[0]
    if wanted not in found:
        raise ParametersInvalid(
            "region", f"'{wanted}' holds no landing zone; there is one in {', '.join(found)}"
        )
    services = tuple(service for service in estate.services if service.region == wanted)
    routes = [service for service in services if isinstance(service, TrafficRoute)]
    if len(routes) != 1:
        told = " and ".join(route.name for route in routes) or "none"
        raise EstateInvalid(
            f"estate {estate.name}: one front door must lead to the landing zone in {wanted}, not {told}"
        )
    kinds = OpenAi | MlWorkspace | Storage | TrafficRoute
    if others := [
        f"{service.name} ({service.kind})" for service in services if not isinstance(service, kinds)
    ]:
        raise EstateInvalid(
            f"estate {estate.name}: {', '.join(others)} in {wanted} is no part of a landing zone: "
            "region_outage recovers that region whole"
        )
    return routes[0], services


def _approval(estate: Estate) -> ApprovalPolicy:
    """The estate's policy for recoveries, with somebody among them whose duty it is to declare a disaster."""
    policy = estate.approvals[PlanKind.RECOVERY]
    able = [
        person
        for person in estate.people
        if DECLARED_BY in person.duties and (Role.OPERATOR in person.roles or person.mail in policy.approvers)
    ]
    if not able:
        raise EstateInvalid(
            f"estate {estate.name}: nobody who may start or approve a recovery has the duty {DECLARED_BY}: "
            "give it to somebody under people"
        )
    return policy.model_copy(update={"declared_by": DECLARED_BY})


def _recover(
    service: Service, services: tuple[Service, ...], request: PlanRequest, check: Step
) -> tuple[Step, ...]:
    """The step that brings one service up in its recovery region; a front door is led over by itself, last."""
    common: dict[str, Any] = {
        "needs": (check,),
        "service": service,
        "recovers": (service.name,),
        "deadline": service.rto,
    }
    twins = [one for one in services if one.kind == service.kind]

    def named(action: str) -> str:
        return action if len(twins) == 1 else f"{action}_{service.name.replace('-', '_')}"

    match service:
        case OpenAi():
            undo = retire_openai.step(service=service)
            return (failover_openai.step(name=named("failover_openai"), undo=undo, **common),)
        case MlWorkspace():
            undo = deactivate_ml_workspace.step(service=service)
            return (activate_ml_workspace.step(name=named("activate_ml_workspace"), undo=undo, **common),)
        case Storage():
            there = {"region": service.recovery_region, "recovery_region": service.region}
            back = failover_storage.step(service=service.model_copy(update=there))
            started = request.outage_started_at
            return (
                failover_storage.step(
                    name=named("failover_storage"), undo=back, outage_started_at=started, **common
                ),
            )
        case _:
            return ()


def _trial(workspace: MlWorkspace, services: tuple[Service, ...], recovered: tuple[Step, ...]) -> Step:
    twins = [one for one in services if isinstance(one, MlWorkspace)]
    name = None if len(twins) == 1 else f"run_sample_training_job_{workspace.name.replace('-', '_')}"
    data = tuple(
        step for step in recovered if workspace.name in step.recovers or step.action == failover_storage.name
    )
    return run_sample_training_job.step(
        name=name,
        needs=data,
        workspace_id=workspace.recovery_resource_id,
        job=workspace.sample_job,
        recovers=(workspace.name,),
        deadline=workspace.rto,
    )


def _move(route: TrafficRoute, *, needs: tuple[Step, ...]) -> Step:
    """Lead the front door to the recovery region, and back."""
    home, away = route.region, route.recovery_region
    return update_dns_records.step(
        needs=needs,
        route=route,
        from_region=home,
        to_region=away,
        recovers=(route.name,),
        undo=update_dns_records.step(route=route, from_region=away, to_region=home),
        deadline=route.rto,
    )
