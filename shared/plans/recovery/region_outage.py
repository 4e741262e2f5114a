"""The plan for a region that is out: every service comes up in its recovery region."""

from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from shared.actions.canary.measure_rpo import measure_rpo
from shared.actions.container_apps.deploy_container_apps import deploy_container_apps
from shared.actions.container_apps.retire_container_app import retire_container_app
from shared.actions.cosmos.failback_cosmos_db import failback_cosmos_db
from shared.actions.cosmos.failover_cosmos_db import failover_cosmos_db
from shared.actions.key_vault.recover_key_vault import recover_key_vault
from shared.actions.machine_learning.activate_ml_workspace import activate_ml_workspace
from shared.actions.machine_learning.deactivate_ml_workspace import deactivate_ml_workspace
from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.actions.mail.notify_tenants import notify_tenants
from shared.actions.openai.failover_openai import failover_openai
from shared.actions.openai.retire_openai import retire_openai
from shared.actions.readiness.validate_dr_region import validate_dr_region
from shared.actions.readiness.validate_services import validate_services
from shared.actions.search.load_search_snapshot import load_search_snapshot
from shared.actions.search.restore_ai_search import restore_ai_search
from shared.actions.search.retire_search_index import retire_search_index
from shared.actions.storage.failover_storage import failover_storage
from shared.actions.traffic.update_dns_records import update_dns_records
from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import (
    AiSearch,
    ContainerApp,
    CosmosDb,
    Estate,
    KeyVault,
    MlWorkspace,
    OpenAi,
    Region,
    Service,
    Storage,
    TrafficRoute,
)
from shared.model.plan import Mode, Plan, PlanKind, Step
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan
from shared.plans.served_again import served_again


class Parameters(Strict):
    """Which region is out; the front door's own region when nothing is said."""

    region: Region | None = None


@plan(PlanKind.RECOVERY, Parameters, for_outages=True)
def region_outage(estate: Estate, request: PlanRequest, parameters: Parameters) -> Plan:
    """Brings every service of a region that is out back in its recovery region.

    Steps run side by side wherever none reads what another makes: the search snapshot loads while Cosmos DB fails
    over, and only the short delta waits for both. Tenants are moved last, when all that they need is there.
    """
    region, services, routes, apps = hosted(estate, parameters.region)
    route = routes[0]

    check = validate_dr_region.step(
        region=route.recovery_region,
        services=services,
        outage_started_at=request.outage_started_at,
        deadline=timedelta(minutes=15),
    )
    steps: dict[str, tuple[Step, ...]] = {}
    for service in sorted(services, key=lambda found: isinstance(found, AiSearch)):
        steps[service.name] = _recover(service, estate, request, check, steps)
    recovered = tuple(step for made in steps.values() for step in made)
    last = tuple(made[-1] for made in steps.values() if made)
    moves = tuple(_move(route, behind(route, apps), routes, needs=last) for route in routes)
    validate = validate_services.step(
        needs=moves,
        services=services,
        tenants=estate.tenants,
        region=route.recovery_region,
        deadline=timedelta(minutes=30),
    )
    # In a drill nobody is out, so no request can tell when service came back.
    out = routes if request.mode is Mode.REAL else ()
    clock = served_again(estate, validate, at=out, opened_by=moves, tenants=estate.tenants)
    measure = _measure(services, steps, request)
    tell = notify_stakeholders.step(
        needs=(validate, *clock, *measure), critical=False, to=estate.stakeholders
    )
    # Neither holds anything up: the first runs beside the check, the last when tenants are served again.
    about: dict[str, Any] = {"critical": False, "tenants": estate.tenants, "address": route.dns_name}
    warn = notify_tenants.step(moment="begin", within=route.rto, **about)
    relieve = notify_tenants.step(name="notify_tenants_restored", needs=(validate,), moment="end", **about)
    return Plan(
        name="region_outage",
        kind=PlanKind.RECOVERY,
        title=f"Recover {region} in {route.recovery_region}",
        steps=(check, warn, *recovered, *measure, *moves, validate, *clock, tell, relieve),
        approval=estate.approvals[PlanKind.RECOVERY],
        rto=route.rto,
        services=tuple(sorted(service.name for service in services)),
    )


def _measure(
    services: tuple[Service, ...], steps: dict[str, tuple[Step, ...]], request: PlanRequest
) -> tuple[Step, ...]:
    """Once the stores are back: what they lost. Nobody waits for it but the mail that tells it."""
    stores = [service for service in services if isinstance(service, CosmosDb | Storage)]
    if not stores:
        return ()
    return (
        measure_rpo.step(
            needs=tuple(step for store in stores for step in steps[store.name][-1:]),
            critical=False,
            services=stores,
            outage_started_at=request.outage_started_at,
            deadline=timedelta(minutes=15),
        ),
    )


class Hosted(NamedTuple):
    """What lives in a region: all services, and among them the front doors and the apps behind them."""

    region: Region
    services: tuple[Service, ...]
    routes: list[TrafficRoute]
    apps: list[ContainerApp]


def hosted(estate: Estate, region: Region | None) -> Hosted:
    """What a region holds (the front door's own when none is named); EstateInvalid when no door leads there."""
    served = {app.region for app in estate.of_kind(ContainerApp)}
    doors = (route.region for route in estate.of_kind(TrafficRoute) if route.region in served)
    region = region or next(doors, "")
    services = tuple(service for service in estate.services if service.region == region)
    routes = [service for service in services if isinstance(service, TrafficRoute)]
    apps = [service for service in services if isinstance(service, ContainerApp)]
    landed = [service.name for service in services if isinstance(service, OpenAi | MlWorkspace)]
    if landed and not apps:
        raise ParametersInvalid(
            "region",
            f"{region} holds an AI landing zone ({', '.join(landed)}): start landing_zone_activation for it",
        )
    if not routes or not apps:
        raise EstateInvalid(f"estate {estate.name}: no front door leads to region {region}".rstrip())
    return Hosted(region, services, routes, apps)


def behind(route: TrafficRoute, apps: list[ContainerApp]) -> ContainerApp:
    """The app that a front door leads to: the one whose health is asked under that name, or the only one."""
    named = [app for app in apps if app.health_url and urlsplit(app.health_url).hostname == route.dns_name]
    found = named or apps
    if len(found) != 1:
        raise EstateInvalid(
            f"{route.name}: {' or '.join(app.name for app in found)} may be behind it: "
            f"give the right one alone a health_url at {route.dns_name}"
        )
    return found[0]


def _move(
    route: TrafficRoute, app: ContainerApp, routes: list[TrafficRoute], *, needs: tuple[Step, ...]
) -> Step:
    """Lead a front door's tenants to the recovery region, and back."""
    home, away = route.region, route.recovery_region
    return update_dns_records.step(
        name=None if len(routes) == 1 else f"update_dns_records_{route.name.replace('-', '_')}",
        needs=needs,
        route=route,
        app=app,
        from_region=home,
        to_region=away,
        recovers=(route.name,),
        undo=update_dns_records.step(route=route, app=app, from_region=away, to_region=home),
        deadline=route.rto,
    )


def turned(service: Storage) -> Storage:
    """The account as it is seen from the recovery region: what fails it over leads it home."""
    return service.model_copy(update={"region": service.recovery_region, "recovery_region": service.region})


def name_of(step: str, service: Service, estate: Estate) -> str:
    """A step's name, with the service's where its region has several of the kind."""
    twins = [
        found for found in estate.services if found.kind == service.kind and found.region == service.region
    ]
    return step if len(twins) == 1 else f"{step}_{service.name.replace('-', '_')}"


def _recover(
    service: Service, estate: Estate, request: PlanRequest, check: Step, before: dict[str, tuple[Step, ...]]
) -> tuple[Step, ...]:
    """The steps that bring one service up, the one that others wait for last."""
    common: dict[str, Any] = {"service": service, "recovers": (service.name,), "deadline": service.rto}

    def named(action: str) -> str:
        return name_of(action, service, estate)

    match service:
        case CosmosDb():
            undo = failback_cosmos_db.step(service=service)
            return (
                failover_cosmos_db.step(
                    name=named("failover_cosmos_db"), needs=(check,), undo=undo, **common
                ),
            )
        case Storage():
            return (
                failover_storage.step(
                    name=named("failover_storage"),
                    needs=(check,),
                    undo=failover_storage.step(service=turned(service), planned=True),
                    outage_started_at=request.outage_started_at,
                    **common,
                ),
            )
        case KeyVault():
            return (recover_key_vault.step(name=named("recover_key_vault"), needs=(check,), **common),)
        case ContainerApp():
            undo = retire_container_app.step(service=service)
            return (
                deploy_container_apps.step(
                    name=named("deploy_container_apps"), needs=(check,), undo=undo, **common
                ),
            )
        case AiSearch():
            storage = estate.service(service.snapshot_storage)
            load = load_search_snapshot.step(
                name=named("load_search_snapshot"),
                needs=(check,),
                storage=storage,
                undo=retire_search_index.step(service=service),
                **common,
            )
            restore = restore_ai_search.step(
                name=named("restore_ai_search"),
                needs=(load, *before.get(service.source, ())),
                source=estate.service(service.source),
                storage=storage,
                **common,
            )
            return (load, restore)
        case OpenAi():
            undo = retire_openai.step(service=service)
            return (failover_openai.step(name=named("failover_openai"), needs=(check,), undo=undo, **common),)
        case MlWorkspace():
            undo = deactivate_ml_workspace.step(service=service)
            return (
                activate_ml_workspace.step(
                    name=named("activate_ml_workspace"), needs=(check,), undo=undo, **common
                ),
            )
        case TrafficRoute():
            return ()
