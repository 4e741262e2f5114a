"""The plan for a security breach: shut the intruder out, make everything clean, prove it, open again."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.actions.readiness.validate_services import validate_services
from shared.actions.security.deploy_patched_systems import deploy_patched_systems
from shared.actions.security.isolate_affected_systems import isolate_affected_systems
from shared.actions.security.lift_isolation import lift_isolation
from shared.actions.security.preserve_evidence import preserve_evidence
from shared.actions.security.regenerate_keys import Params as RotatedAccount
from shared.actions.security.regenerate_keys import regenerate_keys
from shared.actions.security.resolve_security_alerts import resolve_security_alerts
from shared.actions.security.restore_from_clean_backup import restore_from_clean_backup
from shared.actions.security.revoke_role_assignments import revoke_role_assignments
from shared.actions.security.revoke_sessions import revoke_sessions
from shared.actions.security.revoke_user_delegation_keys import revoke_user_delegation_keys
from shared.actions.security.security_validation import PatchedApp, security_validation
from shared.errors import EstateInvalid
from shared.model.estate import (
    AiSearch,
    ContainerApp,
    CosmosDb,
    Estate,
    ImageDigest,
    ObjectId,
    OpenAi,
    Service,
    Storage,
    TrafficRoute,
)
from shared.model.plan import Plan, PlanKind, Step
from shared.model.wire import Strict
from shared.plans.breach_scope import affected_services, rotated_accounts, vault_secrets
from shared.plans.planning import PlanRequest, plan
from shared.plans.served_again import served_again

SOON = timedelta(minutes=15)
"""How long what takes Azure seconds may take before people are asked."""


class Parameters(Strict):
    """What is known of the breach. All services are affected, and the estate's images approved, if nothing is said.

    `compromised_principals` are object ids of users and service principals. `compromised_since` is when the intruder
    came; the beginning of the outage when nothing is said, and without either nothing counts as changed.
    """

    affected_services: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    compromised_principals: tuple[ObjectId, ...] = ()
    compromised_since: AwareDatetime | None = None
    patched_digest: ImageDigest | None = None


@plan(PlanKind.RECOVERY, Parameters)
def security_breach(estate: Estate, request: PlanRequest, parameters: Parameters) -> Plan:
    """Shuts an intruder out, restores what was changed, and opens the platform again once that is proved.

    Evidence is kept before anything is touched. Sessions go before roles, and roles before keys: who can still act
    in Azure reads a new key as easily as the old one. Tenants are cut off from the isolation to its end.
    """
    if (security := estate.security) is None:
        raise EstateInvalid(f"estate {estate.name} has no security section: add it (see contoso.yaml)")
    affected = affected_services(
        estate, security, parameters.affected_services, parameters.compromised_principals
    )
    apps = tuple(one for one in affected if isinstance(one, ContainerApp))
    accounts = tuple(rotated_accounts(estate, security, affected))
    since = parameters.compromised_since or request.outage_started_at
    groups = tuple(dict.fromkeys(security.network_security_groups[app.region] for app in apps))
    principals = tuple(dict.fromkeys(one.lower() for one in parameters.compromised_principals))
    scopes = tuple(dict.fromkeys(_group(one.resource_id) for one in affected))
    container = security.evidence_container

    evidence = preserve_evidence.step(
        container=container,
        apps=apps,
        groups=groups,
        accounts=tuple(one.account_id for one in accounts),
        vaults=tuple(vault_secrets(estate, apps)),
        principals=principals,
        since=since,
        deadline=SOON,
    )
    isolated: dict[str, Any] = {"container": container, "apps": apps, "groups": groups}
    isolate = isolate_affected_systems.step(
        needs=(evidence,),
        undo=lift_isolation.step(**isolated),
        open_outbound=security.open_outbound,
        **isolated,
        deadline=SOON,
    )
    sessions = revoke_sessions.step(
        name="revoke_compromised_credentials_sessions", needs=(isolate,), principals=principals, deadline=SOON
    )
    roles = revoke_role_assignments.step(
        name="revoke_compromised_credentials_roles",
        needs=(sessions,),
        principals=principals,
        since=since,
        deadline=SOON,
    )
    keys = tuple(_revoke(affected, accounts, roles))
    images = {one.service: one for one in security.images}
    deployed = tuple(
        deploy_patched_systems.step(
            name=None if len(apps) == 1 else f"deploy_patched_systems_{_named(app)}",
            needs=(roles,),
            service=app,
            digest=parameters.patched_digest or images[app.name].digest,
            imported_from=images[app.name].imported_from,
            registry_id=images[app.name].registry_id,
            deadline=app.rto,
        )
        for app in apps
    )
    replaced = {target.name for account in accounts for target in account.secrets}
    restore = restore_from_clean_backup.step(
        needs=(*keys, *deployed),
        apps=apps,
        vaults=tuple(vault_secrets(estate, apps, without=replaced)),
        since=since,
        deadline=timedelta(minutes=30),
    )
    quiet = resolve_security_alerts.step(
        needs=(restore,), scopes=scopes, apps=apps, deadline=timedelta(minutes=30)
    )
    prove = security_validation.step(
        needs=(quiet,),
        container=container,
        apps=tuple(
            PatchedApp(service=app, digest=parameters.patched_digest or images[app.name].digest)
            for app in apps
        ),
        groups=groups,
        open_outbound=security.open_outbound,
        accounts=accounts,
        principals=principals,
        scopes=scopes,
        since=since,
        deadline=timedelta(minutes=30),
    )
    lift = lift_isolation.step(
        needs=(prove,),
        recovers=tuple(app.name for app in apps),
        **isolated,
        deadline=max(app.rto for app in apps),
    )
    answers = _answers(estate, apps, lift)
    proof = (answers or (lift,))[-1]
    regions = {app.region for app in apps}
    routes = tuple(route for route in estate.of_kind(TrafficRoute) if route.region in regions)
    clock = served_again(estate, proof, at=routes, opened_by=(lift,), tenants=estate.tenants)
    tell = notify_stakeholders.step(needs=(proof, *clock), critical=False, to=estate.stakeholders)
    return Plan(
        name="security_breach",
        kind=PlanKind.RECOVERY,
        title=f"Shut an intruder out of {', '.join(one.name for one in affected)}",
        steps=(
            evidence,
            isolate,
            sessions,
            roles,
            *keys,
            *deployed,
            restore,
            quiet,
            prove,
            lift,
            *answers,
            *clock,
            tell,
        ),
        approval=estate.approvals[PlanKind.RECOVERY],
        rto=max(app.rto for app in apps),
        services=tuple(sorted(one.name for one in affected)),
    )


def _revoke(
    affected: tuple[Service, ...], accounts: tuple[RotatedAccount, ...], roles: Step
) -> Iterator[Step]:
    """New keys for every account, side by side."""
    services = {one.name: one for one in affected}
    for account in accounts:
        twins = [one for one in accounts if one.service == account.service]
        name = f"revoke_compromised_credentials_{_named(services[account.service])}"
        if account in twins[1:]:
            name += "_recovery"
        service = services[account.service]
        # One key at a time: Cosmos DB lets an account do only one thing.
        yield regenerate_keys.step(
            name=name,
            needs=(roles,),
            recovers=(service.name,) if isinstance(service, CosmosDb | AiSearch | Storage | OpenAi) else (),
            deadline=service.rto,
            **account.model_dump(),
        )
        if isinstance(service, Storage):
            yield revoke_user_delegation_keys.step(
                name=f"{name}_delegations",
                needs=(roles,),
                service=service.name,
                account_id=service.resource_id,
                deadline=service.rto,
            )


def _answers(estate: Estate, apps: tuple[ContainerApp, ...], lift: Step) -> tuple[Step, ...]:
    """Ask as tenants do, in each region where an app was isolated."""
    made: list[Step] = []
    for region in dict.fromkeys(app.region for app in apps):
        services = tuple(
            one
            for one in estate.services
            if one.region == region and (one in apps or isinstance(one, TrafficRoute)) and one.health_url
        )
        if services:
            made.append(
                validate_services.step(
                    name="validate_services" if not made else f"validate_services_{region}",
                    needs=(lift, *made),
                    services=services,
                    tenants=estate.tenants,
                    region=region,
                    deadline=timedelta(minutes=30),
                )
            )
    return tuple(made)


def _group(resource_id: str) -> str:
    return "/".join(resource_id.split("/")[:5])


def _named(service: Service) -> str:
    return service.name.replace("-", "_")
