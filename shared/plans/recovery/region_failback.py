"""The plan for a region that is back after an outage: everything returns to it, and nothing is lost on the way."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from shared.actions.container_apps.restore_container_app import restore_container_app
from shared.actions.container_apps.retire_container_app import retire_container_app
from shared.actions.cosmos.failback_cosmos_db import failback_cosmos_db
from shared.actions.key_vault.copy_secrets_back import copy_secrets_back
from shared.actions.machine_learning.deactivate_ml_workspace import deactivate_ml_workspace
from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.actions.openai.retire_openai import retire_openai
from shared.actions.readiness.check_primary_region import check_primary_region
from shared.actions.readiness.validate_services import validate_services
from shared.actions.search.rebuild_search_index import rebuild_search_index
from shared.actions.search.retire_search_index import retire_search_index
from shared.actions.storage.failover_storage import failover_storage
from shared.actions.storage.restore_geo_replication import restore_geo_replication
from shared.actions.traffic.update_dns_records import update_dns_records
from shared.model.estate import (
    AiSearch,
    ContainerApp,
    CosmosDb,
    Estate,
    KeyVault,
    MlWorkspace,
    OpenAi,
    Service,
    Storage,
)
from shared.model.plan import Plan, PlanKind, Step
from shared.plans.planning import PlanRequest, plan
from shared.plans.recovery.region_outage import Parameters, behind, hosted, name_of, turned


@plan(PlanKind.RECOVERY, Parameters)
def region_failback(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Brings every service back to a primary region that has recovered from an outage.

    Nothing is urgent: tenants are served from the recovery region until all that they need stands ready at home.
    Every move is graceful, and the recovery region is cleared only after the primary has proved that it serves.
    """
    region, services, routes, apps = hosted(estate, parameters.region)
    check = check_primary_region.step(region=region, services=services, deadline=timedelta(minutes=15))
    steps: dict[str, tuple[Step, ...]] = {}
    for service in sorted(services, key=lambda found: _ORDER.get(type(found), 0)):
        steps[service.name] = tuple(bring_back(service, estate, check, steps))
    ready = tuple(step for made in steps.values() for step in made)
    last = tuple(made[-1] for made in steps.values() if made)
    moves = tuple(
        update_dns_records.step(
            name=name_of("lead_tenants_back", route, estate),
            needs=last,
            route=route,
            app=behind(route, apps),
            from_region=route.recovery_region,
            to_region=route.region,
            recovers=(route.name,),
            undo=update_dns_records.step(
                route=route,
                app=behind(route, apps),
                from_region=route.region,
                to_region=route.recovery_region,
            ),
        )
        for route in routes
    )
    validate = validate_services.step(
        name="validate_primary",
        needs=moves,
        services=services,
        tenants=estate.tenants,
        region=region,
        deadline=timedelta(minutes=30),
    )
    retired = tuple(cleared(services, estate, validate))
    tell = notify_stakeholders.step(needs=retired or (validate,), critical=False, to=estate.stakeholders)
    return Plan(
        name="region_failback",
        kind=PlanKind.RECOVERY,
        title=f"Go back to {region}",
        steps=(check, *ready, *moves, validate, *retired, tell),
        approval=estate.approvals[PlanKind.RECOVERY],
        services=tuple(sorted(service.name for service in services)),
    )


_ORDER: dict[type[Service], int] = {AiSearch: 1, ContainerApp: 1}
"""An index is read from its database, an app starts with its secrets: those steps are made after the others."""


def bring_back(
    service: Service, estate: Estate, check: Step, before: dict[str, tuple[Step, ...]]
) -> Iterator[Step]:
    """The steps that make one service ready at home, the one that others wait for last.

    `before`: those of the services that are made ready earlier, by service.
    """
    common: dict[str, Any] = {"service": service, "recovers": (service.name,)}

    def named(step: str) -> str:
        return name_of(step, service, estate)

    match service:
        case CosmosDb():
            yield failback_cosmos_db.step(name=named("failback_cosmos_db"), needs=(check,), **common)
        case Storage():
            copied = restore_geo_replication.step(
                name=named("restore_geo_replication"), needs=(check,), **common
            )
            back = failover_storage.step(
                name=named("failback_storage"),
                needs=(copied,),
                recovers=(service.name,),
                service=turned(service),
                planned=True,
            )
            yield from (copied, back)
            # Azure keeps a planned failover geo-redundant; that the copy goes the other way now is looked at.
            yield restore_geo_replication.step(name=named("confirm_geo_replication"), needs=(back,), **common)
        case KeyVault():
            yield copy_secrets_back.step(name=named("copy_secrets_back"), needs=(check,), **common)
        case ContainerApp():
            secrets = tuple(made[-1] for name, made in before.items() if _is_vault(estate.service(name)))
            yield restore_container_app.step(
                name=named("restore_container_app"), needs=(check, *secrets), **common
            )
        case AiSearch():
            yield rebuild_search_index.step(
                name=named("rebuild_search_index"),
                needs=(check, *before.get(service.source, ())),
                storage=estate.service(service.snapshot_storage),
                **common,
            )
        case _:
            return  # front doors are moved last, and models and clusters at home were never taken away


def _is_vault(service: Service) -> bool:
    return isinstance(service, KeyVault)


def cleared(services: tuple[Service, ...], estate: Estate, validate: Step) -> Iterator[Step]:
    """The steps that clear the recovery region of what only a recovery needs, once home has proved itself."""
    for service in services:
        match service:
            case ContainerApp():
                yield retire_container_app.step(
                    name=name_of("retire_container_app", service, estate), needs=(validate,), service=service
                )
            case AiSearch():
                yield retire_search_index.step(
                    name=name_of("retire_search_index", service, estate), needs=(validate,), service=service
                )
            case OpenAi():
                yield retire_openai.step(
                    name=name_of("retire_openai", service, estate), needs=(validate,), service=service
                )
            case MlWorkspace():
                yield deactivate_ml_workspace.step(
                    name=name_of("deactivate_ml_workspace", service, estate),
                    needs=(validate,),
                    service=service,
                )
            case _:
                pass
