"""The plan for data that was overwritten, deleted or mixed up: isolate, restore, validate, resume."""

from datetime import timedelta

from pydantic import AwareDatetime

from shared.actions.corruption.isolate_corrupted_data import isolate_corrupted_data
from shared.actions.corruption.restore_from_backup import restore_from_backup
from shared.actions.corruption.resume_operations import resume_operations
from shared.actions.corruption.validate_data_integrity import validate_data_integrity
from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.actions.readiness.validate_services import validate_services
from shared.errors import EstateInvalid
from shared.model.estate import ContainerApp, CosmosDb, Estate, KeyVault, Storage, TrafficRoute
from shared.model.plan import Plan, PlanKind, Step
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan
from shared.plans.served_again import served_again

type DataService = CosmosDb | Storage | KeyVault


class Parameters(Strict):
    """What is corrupt and since when, as far as people know; the rest is found out by comparing with manifests.

    `good_at`: the last moment when the data was good (the newest manifest from before the outage when nothing is
    said); `services`: all that hold data where the first front door leads when empty; `containers`: those that are
    certainly corrupt; `keep_out`: object ids of principals that get no role back.
    """

    good_at: AwareDatetime | None = None
    services: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    keep_out: tuple[str, ...] = ()


@plan(PlanKind.RECOVERY, Parameters)
def data_corruption(estate: Estate, request: PlanRequest, parameters: Parameters) -> Plan:
    """Brings corrupted data back to a moment when it was good, with nobody writing to it meanwhile.

    Each service is restored and validated on its own, side by side; work is resumed when all of them are sound.
    """
    services = _chosen(estate, parameters)
    databases = tuple(service for service in services if isinstance(service, CosmosDb))
    regions = {service.region for service in services}
    apps = tuple(app for app in estate.of_kind(ContainerApp) if app.region in regions)
    routes = tuple(route for route in estate.of_kind(TrafficRoute) if route.region in regions)
    isolate = isolate_corrupted_data.step(
        databases=databases,
        apps=apps,
        deadline=timedelta(minutes=30),
        undo=resume_operations.step(databases=databases, use_restored=False),
    )
    restores: list[Step] = []
    checks: list[Step] = []
    for service in services:
        restore = restore_from_backup.step(
            name=_named("restore_from_backup", service, services),
            needs=(isolate,),
            service=service,
            good_at=parameters.good_at,
            known_since=request.outage_started_at,
            containers=parameters.containers,
            deadline=service.rto,
        )
        check = validate_data_integrity.step(
            name=_named("validate_data_integrity", service, services),
            needs=(restore,),
            service=service,
            recovers=(service.name,),
            deadline=timedelta(hours=1),
        )
        restores.append(restore)
        checks.append(check)
    resume = resume_operations.step(
        needs=tuple(checks),
        databases=databases,
        keep_out=tuple(one.lower() for one in parameters.keep_out),
        deadline=timedelta(hours=1),
        recovers=tuple(app.name for app in apps),
    )
    last = resume
    proofs: tuple[Step, ...] = ()
    answering = tuple(service for service in estate.services if service.region in regions)
    if any(service.health_url for service in answering):
        last = validate_services.step(
            needs=(resume,),
            services=answering,
            tenants=estate.tenants,
            region=routes[0].region if routes else services[0].region,
            deadline=timedelta(minutes=30),
            recovers=tuple(route.name for route in routes),
        )
        proofs = (last, *served_again(estate, last, at=routes, opened_by=(resume,), tenants=estate.tenants))
    tell = notify_stakeholders.step(needs=(last, *proofs[1:]), critical=False, to=estate.stakeholders)
    touched = (*services, *apps, *routes)
    return Plan(
        name="data_corruption",
        kind=PlanKind.RECOVERY,
        title=f"Recover {', '.join(service.name for service in services)} from corruption",
        steps=(isolate, *restores, *checks, resume, *proofs, tell),
        approval=estate.approvals[PlanKind.RECOVERY],
        rto=max(service.rto for service in services),
        services=tuple(sorted(service.name for service in touched)),
    )


def _chosen(estate: Estate, parameters: Parameters) -> tuple[DataService, ...]:
    """The services that were named, else all that hold data where the first front door leads."""
    holding = tuple(
        service
        for service in estate.services
        if isinstance(service, CosmosDb | Storage | KeyVault)
        and not (isinstance(service, Storage) and service.hierarchical)
    )
    names = {service.name for service in holding}
    if unknown := sorted(set(parameters.services) - names):
        raise EstateInvalid(
            f"estate {estate.name}: {', '.join(unknown)} hold no data that can go back to a moment (a data lake comes"
            f" back path by path); choose from {', '.join(sorted(names))}"
        )
    home = next((service.region for service in (*estate.of_kind(TrafficRoute), *holding)), "")
    chosen = tuple(
        service
        for service in holding
        if (service.name in parameters.services if parameters.services else service.region == home)
    )
    if not chosen:
        raise EstateInvalid(f"estate {estate.name}: no service holds data, so there is nothing to restore")
    known = {
        name for service in chosen if isinstance(service, CosmosDb | Storage) for name in service.containers
    }
    if unknown := sorted(set(parameters.containers) - known):
        raise EstateInvalid(f"estate {estate.name}: there is no container {', '.join(unknown)}")
    return chosen


def _named(action: str, service: DataService, services: tuple[DataService, ...]) -> str:
    return action if len(services) == 1 else f"{action}_{service.name.replace('-', '_')}"
