"""Evaluates the preconditions of plans, with reads only, and keeps what was found."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from shared.actions.action import Call
from shared.actions.key_vault.recover_key_vault import vault_url
from shared.actions.maintenance.validate_backup_integrity import Params as Backups
from shared.actions.maintenance.validate_backup_integrity import gaps
from shared.actions.on_call_secrets import comes_back, on_call_secrets
from shared.actions.preconditions import Region, holds, lacks, preconditions
from shared.errors import AzureCallFailed
from shared.gateways.azure import Azure
from shared.gateways.journal import carried
from shared.gateways.resource_id import parts
from shared.model.estate import (
    AiSearch,
    ContainerApp,
    CosmosDb,
    Estate,
    KeyVault,
    Service,
    Storage,
    TrafficRoute,
)
from shared.model.readiness import PlanToCheck, Precondition, Readiness
from shared.model.role import Role
from shared.model.severity import Severity
from shared.planners.drill_window import next_window, window_at
from shared.planners.readiness import is_allowed, judged

MOST_TTL = 300
"""Seconds that a resolver may keep an old answer before a failover counts as slow for tenants."""

LATEST = "readiness/latest.json"

NEEDED: dict[str, tuple[str, ...]] = {
    "cosmos_db": (
        "Microsoft.DocumentDB/databaseAccounts/failoverPriorityChange/action",
        "Microsoft.DocumentDB/databaseAccounts/offlineRegion/action",
        "Microsoft.DocumentDB/databaseAccounts/onlineRegion/action",
    ),
    "container_app": (
        "Microsoft.App/containerApps/write",
        "Microsoft.App/containerApps/delete",
        "Microsoft.Resources/deployments/write",
    ),
    "storage": (
        "Microsoft.Storage/storageAccounts/failover/action",
        "Microsoft.Storage/storageAccounts/write",
    ),
    "traffic_route": ("Microsoft.Network/trafficManagerProfiles/externalEndpoints/write",),
}
"""What this app's identity must be allowed to do in the group of a service (in that of its recovery, if it has one)."""


def latest(estate: Estate, azure: Azure) -> Readiness | None:
    """What the newest check has kept; None before the first one."""
    platform = estate.platform
    content = azure.blobs.read(platform.records_account_url, platform.records_container, LATEST)
    return None if content is None else Readiness.model_validate_json(content)


def evaluate(plans: tuple[PlanToCheck, ...], call: Call) -> Readiness:
    """Look at everything that these plans need. Raises AzureCallFailed where Azure asks to come back later."""
    estate = call.estate
    wanted = sorted({name for plan in plans for name in plan.services})
    services = [service for service in estate.services if service.name in wanted]
    with ThreadPoolExecutor(max_workers=4) as pool:
        looked = pool.map(carried(lambda service: tuple(_of(service, call))), services)
        reached = on_call_secrets(estate.escalation, call)
        found = dict(zip((service.name for service in services), looked, strict=True))
    return Readiness(
        checked_at=call.now,
        run_id=call.run_id,
        plans=tuple(
            judged(
                plan,
                (
                    *_people(plan, estate, call),
                    *reached,
                    *(one for name in plan.services for one in found.get(name, ())),
                ),
            )
            for plan in plans
        ),
    )


def keep(readiness: Readiness, call: Call) -> None:
    """Keep it in the records account, as the newest and under its own time."""
    platform, content = call.estate.platform, readiness.model_dump_json(indent=2).encode()
    for name in (f"readiness/{readiness.checked_at:%Y%m%dT%H%M%SZ}.json", LATEST):
        call.azure.blobs.write(
            platform.records_account_url, platform.records_container, name, content, "application/json"
        )


def _of(service: Service, call: Call) -> Iterator[Precondition]:
    """Everything that must hold for one service, before somebody needs it."""
    yield from preconditions(service, Region(service.recovery_region), call)
    yield from _guarded(service, _permissions(service, call))
    yield from _guarded(service, _backup(service, call))
    match service:
        case KeyVault():
            yield from _guarded(service, _secrets(service, call))
        case TrafficRoute():
            yield from _guarded(service, _dns(service, call))
        case ContainerApp():
            yield from _guarded(service, _image(service, call))
        case _:
            pass


def _guarded(service: Service, looked: Iterator[Precondition]) -> Iterator[Precondition]:
    """What cannot be read is a gap of its own; what Azure asks to ask later is raised."""
    try:
        yield from looked
    except AzureCallFailed as error:
        if comes_back(error):
            raise
        title = f"{service.name}: {error}"
        yield lacks(service, "readable", title, "give the app's identity read access", Severity.HIGH)


def _backup(service: Service, call: Call) -> Iterator[Precondition]:
    if not isinstance(service, CosmosDb | Storage | AiSearch):
        return
    found = tuple(gaps(service, Backups(services=(service,)), call))
    for gap in found:
        yield lacks(service, "backup", gap.title, gap.recommendation, gap.severity)
    if not found:
        yield holds(service, "backup", f"{service.name}: what a restore needs is there and fresh")


def _permissions(service: Service, call: Call) -> Iterator[Precondition]:
    needed = NEEDED.get(service.kind, ())
    if not needed:
        return
    resource_id: str = getattr(service, "recovery_resource_id", service.resource_id)
    where = parts(resource_id)
    group = f"/subscriptions/{where.subscription}/resourceGroups/{where.group}"
    path = f"{group}/providers/Microsoft.Authorization/permissions"
    granted = call.azure.arm("2022-04-01").listed("list own permissions", path)
    missing = [action for action in needed if not is_allowed(granted, action)]
    if missing:
        title = f"{service.name}: this app may not {', '.join(missing)} in {where.group}"
        advice = "assign the role of the deployment's role list"
        yield lacks(service, "permissions", title, advice, Severity.CRITICAL, missing=missing)
    else:
        title = f"{service.name}: this app may do what it must in {where.group}"
        yield holds(service, "permissions", title, actions=list(needed))


def _secrets(service: KeyVault, call: Call) -> Iterator[Precondition]:
    vault = vault_url(service.recovery_resource_id)
    there = {secret.name: secret for secret in call.azure.key_vault.secrets(vault)}
    for name in service.secrets:
        if name in there and there[name].enabled:
            yield holds(service, "secrets", f"{service.name}: {name} is in {vault}")
        elif name in there:
            title = f"{service.name}: {name} in {vault} is disabled"
            yield lacks(service, "secrets", title, "enable it", Severity.CRITICAL)
        elif call.azure.key_vault.is_soft_deleted(vault, name):
            title = f"{service.name}: {name} in {vault} is deleted, and could be recovered"
            yield lacks(service, "secrets", title, "recover it now", Severity.MEDIUM)
        else:
            yield lacks(
                service,
                "secrets",
                f"{service.name}: {name} is not in {vault}",
                "put it there",
                Severity.CRITICAL,
            )


def _dns(service: TrafficRoute, call: Call) -> Iterator[Precondition]:
    profile = call.azure.traffic.profile(service.resource_id)
    led, ttl = call.azure.traffic.cname(service.zone_id, service.dns_name)
    seen = {"leads_to": led, "record_ttl": ttl, "profile_ttl": profile.ttl}
    if led.lower() != profile.fqdn.lower():
        title = f"{service.dns_name} leads to {led}, not to {profile.fqdn}"
        yield lacks(service, "dns", title, "lead the name to the profile", Severity.CRITICAL, **seen)
        return
    slowest = max(ttl, profile.ttl)
    if slowest > MOST_TTL:
        title = f"{service.dns_name}: resolvers keep an answer for {slowest} s"
        advice = f"lower the time to live to {MOST_TTL} s or less"
        yield lacks(service, "dns", title, advice, Severity.MEDIUM, **seen)
    else:
        yield holds(service, "dns", f"{service.dns_name}: resolvers let go after {slowest} s", **seen)


def _image(service: ContainerApp, call: Call) -> Iterator[Precondition]:
    """Whether the registry would still answer with its home region out; its data plane is the deployment's to ask."""
    app = call.azure.container_apps.app(service.resource_id)
    if app is None or not app.image:
        return
    server = app.image.split("/", 1)[0]
    subscription = parts(service.resource_id).subscription
    kind = "Microsoft.ContainerRegistry/registries"
    look = call.azure.arm("2023-07-01")
    registries = look.listed("list registries", f"/subscriptions/{subscription}/providers/{kind}")
    found = next((one for one in registries if one["properties"].get("loginServer") == server), None)
    if found is None:
        title = f"{service.name}: {server} is no registry of this subscription, so it cannot be looked at"
        yield lacks(service, "image", title, "make sure that it answers when the region is out", Severity.LOW)
        return
    rows = look.listed("list replications", f"{found['id']}/replications")
    regions = sorted({str(row.get("location", "")).replace(" ", "").lower() for row in [found, *rows]})
    if service.recovery_region in regions:
        title = f"{service.name}: {server} serves {service.recovery_region}"
        yield holds(service, "image", title, regions=regions, image=app.image)
    else:
        title = f"{service.name}: {server} is not replicated to {service.recovery_region}"
        yield lacks(service, "image", title, "add a replication there", Severity.HIGH, regions=regions)


def _people(plan: PlanToCheck, estate: Estate, call: Call) -> Iterator[Precondition]:
    """What of a plan is no resource: that it can be made, approved, told of, and begun."""

    def about(check: str, met: bool, severity: Severity, title: str, advice: str = "") -> Precondition:  # noqa: FBT001
        return Precondition(
            check=check,
            resource=plan.name,
            met=met,
            severity=severity,
            title=title,
            recommendation="" if met else advice,
        )

    if plan.problem:
        yield about(
            "plan", False, Severity.CRITICAL, f"it cannot be made: {plan.problem}", "correct the estate"
        )
    else:
        yield about("plan", True, Severity.LOW, "it can be made for this estate")
    people = [estate.person_by_mail(mail) for mail in plan.approvers]
    able = sorted({one.mail for one in people if one is not None and Role.APPROVER in one.roles})
    told = f"{plan.approvals_required} approvals are needed, {len(able)} people can give them"
    spare = len(able) - plan.approvals_required
    severity = Severity.CRITICAL if spare < 0 else Severity.MEDIUM
    enough = plan.approvals_required == 0 or spare > 0
    yield about("approvers", enough, severity, told, "name more approvers: whoever asks cannot approve")
    for what, contacts in (("stakeholders", estate.stakeholders), ("on_call", estate.on_call)):
        severity = Severity.HIGH if what == "on_call" else Severity.LOW
        yield about("contacts", bool(contacts), severity, f"{len(contacts)} {what} are told", f"add {what}")
    silent = [tenant.name for tenant in estate.tenants if not tenant.contacts]
    title = f"tenants without contacts: {', '.join(silent)}" if silent else "every tenant has contacts"
    yield about("contacts", not silent, Severity.LOW, title, "add contacts to them")
    window = window_at(estate.drills, call.now) or next_window(estate.drills, call.now)
    title = f"the next window: {window.told}" if window else "no approved drill window lies ahead"
    advice = "let the CAB approve a date, and write it into the estate"
    yield about("window", window is not None, Severity.MEDIUM, title, advice)
