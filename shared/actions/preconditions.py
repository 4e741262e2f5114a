"""What must hold in a region before a service can come up there: asked before a recovery, and every day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.actions.action import Call
from shared.actions.container_apps.deploy_container_apps import production_app
from shared.actions.key_vault.recover_key_vault import vault_url
from shared.actions.machine_learning.activate_ml_workspace import standing
from shared.actions.openai.failover_openai import lacks as missing_models
from shared.actions.search.load_search_snapshot import search_url, snapshot
from shared.errors import AzureCallFailed, CheckFailed
from shared.model.estate import (
    AiSearch,
    ContainerApp,
    CosmosDb,
    KeyVault,
    MlWorkspace,
    OpenAi,
    Service,
    Storage,
    TrafficRoute,
)
from shared.model.readiness import Precondition
from shared.model.severity import Severity
from shared.planners.container_app_template import certificates_needed


class Region(NamedTuple):
    """Where services are to come up; replicas and snapshots stand still since `outage_started_at`."""

    name: str
    outage_started_at: datetime | None = None
    snapshot_age_limit: timedelta = timedelta(hours=26)


def preconditions(service: Service, region: Region, call: Call) -> Iterator[Precondition]:
    """What must hold for one service. A region that does not even answer is a precondition that does not hold.

    Raises AzureCallFailed where Azure asks to come back later: that says nothing about the region.
    """
    try:
        match service:
            case CosmosDb():
                yield _cosmos(service, region, call)
            case ContainerApp():
                yield from _container_app(service, region, call)
            case AiSearch():
                yield _search(service, region, call)
            case Storage():
                yield _storage(service, region._replace(name=service.recovery_region), call)
            case KeyVault():
                vault = vault_url(service.recovery_resource_id)
                names = [secret.name for secret in call.azure.key_vault.secrets(vault)]
                yield holds(service, "vault", f"{service.name}: {vault} answers", secrets=names)
            case OpenAi():
                yield from _openai(service, call)
            case MlWorkspace():
                standing(service.recovery_resource_id, call)
                yield holds(service, "workspace", f"{service.name}: the standby workspace is at rest")
            case TrafficRoute():
                profile = call.azure.traffic.profile(service.resource_id)
                yield holds(
                    service, "traffic", f"{service.name}: {profile.fqdn} can be read", ttl=profile.ttl
                )
    except AzureCallFailed as error:
        if error.status in {429, 500} or (error.status == 503 and error.retry_after is not None):
            raise
        title = f"{service.name}: {error}"
        yield lacks(
            service,
            "access",
            title,
            "restore access, then retry",
            Severity.CRITICAL,
            retryable=error.retryable,
        )
    except CheckFailed as error:
        yield lacks(service, "usable", str(error), "", Severity.CRITICAL)


def _cosmos(service: CosmosDb, region: Region, call: Call) -> Precondition:
    account = call.azure.cosmos.account(service.resource_id)
    seen = {"regions": list(account.regions), "online": account.online}
    if region.name not in account.regions:
        title = f"{service.name} has no replica in {region.name}"
        advice = f"add {region.name} to the account"
        return lacks(service, "replica", title, advice, Severity.CRITICAL, **seen)
    if not account.online.get(region.name, False):
        title = f"{service.name}: the replica in {region.name} is not online"
        return lacks(service, "replica", title, "bring it online", Severity.CRITICAL, **seen)
    return holds(service, "replica", f"{service.name}: the replica in {region.name} is online", **seen)


def _container_app(service: ContainerApp, region: Region, call: Call) -> Iterator[Precondition]:
    name = service.recovery_environment_id.rsplit("/", 1)[-1]
    state = call.azure.container_apps.environment_state(service.recovery_environment_id)
    if state is None or state.lower() != "succeeded":
        title = f"{service.name}: environment {name} is {state or 'missing'}"
        yield lacks(service, "environment", title, "deploy the environment", Severity.CRITICAL)
        return
    yield holds(service, "environment", f"{service.name}: environment {name} stands")
    app = production_app(service, call)
    there = call.azure.container_apps.certificate_ids(service.recovery_environment_id)
    for certificate in certificates_needed(service, app.document):
        about = f"{service.name}: certificate {certificate.rsplit('/', 1)[-1]} is"
        if certificate.lower() in there:
            yield holds(service, "certificate", f"{about} in the recovery environment")
        else:
            title, advice = f"{about} not in the recovery environment", "upload it there under the same name"
            yield lacks(service, "certificate", title, advice, Severity.CRITICAL)
    yield _quota(service, region, call, app.cores)


def _quota(service: ContainerApp, region: Region, call: Call, cores: float) -> Precondition:
    left = call.azure.container_apps.cores_left(service.recovery_environment_id)
    needed = cores * service.recovery_replicas
    if left is not None and left < needed:
        title = f"{service.name} needs {needed:g} cores in {region.name}, the quota leaves {left:g}"
        return lacks(service, "quota", title, "ask for more quota", Severity.CRITICAL, cores_left=left)
    told = "says nothing of its quota" if left is None else f"leaves {left:g}"
    title = f"{service.name} needs {needed:g} cores, {region.name} {told}"
    return holds(service, "quota", title, cores_left=left, cores_needed=needed)


def _search(service: AiSearch, region: Region, call: Call) -> Precondition:
    call.azure.search.index_names(search_url(service.recovery_resource_id))
    storage = call.estate.service(service.snapshot_storage)
    assert isinstance(storage, Storage)
    manifest, _ = snapshot(service, storage, call)
    age = (region.outage_started_at or call.now) - manifest.taken_at
    title = f"{service.name}: the snapshot is {age.total_seconds() / 3600:.0f} h old"
    seen = {"taken_at": manifest.taken_at.isoformat(), "documents": manifest.documents}
    if age > region.snapshot_age_limit:
        advice = "the delta takes longer; see why no newer snapshot was taken"
        return lacks(service, "snapshot", title, advice, Severity.MEDIUM, **seen)
    return holds(service, "snapshot", title, **seen)


def _openai(service: OpenAi, call: Call) -> Iterator[Precondition]:
    there = {one.name.lower(): one for one in call.azure.openai.deployments(service.recovery_resource_id)}
    gaps = tuple(missing_models(service, there, call))
    for gap in gaps:
        yield lacks(service, "models", f"{service.name}: {gap}", "", Severity.CRITICAL)
    if not gaps:
        yield holds(service, "models", f"{service.name}: {service.recovery_region} can serve its models")


def _storage(service: Storage, region: Region, call: Call) -> Precondition:
    """A store may be copied to another region than the one that the rest recovers in: Azure chooses the pair."""
    account = call.azure.storage.account(service.resource_id)
    seen = {
        "sku": account.sku,
        "primary": account.primary,
        "secondary": account.secondary,
        "last_sync": account.last_sync.isoformat() if account.last_sync else None,
    }
    if region.name not in {account.secondary, account.primary}:
        title = f"{service.name} has no copy in {region.name} ({account.sku})"
        advice = f"make it geo-redundant with {region.name}"
        return lacks(service, "geo_replication", title, advice, Severity.CRITICAL, **seen)
    if account.last_sync is not None:
        behind = (region.outage_started_at or call.now) - account.last_sync
        if behind > service.data_loss_limit:
            title = (
                f"{service.name}: the copy in {region.name} is {behind.total_seconds() / 60:.0f} min behind"
            )
            advice = "a failover loses what was written since; decide before going on"
            return lacks(service, "geo_replication", title, advice, Severity.HIGH, **seen)
    return holds(service, "geo_replication", f"{service.name}: {region.name} has a copy", **seen)


def holds(service: Service, check: str, title: str, **evidence: object) -> Precondition:
    """A precondition that holds, with what was seen."""
    return Precondition(
        check=check,
        resource=service.resource_id,
        met=True,
        severity=Severity.LOW,
        title=title,
        evidence=evidence,
    )


def lacks(
    service: Service, check: str, title: str, advice: str, severity: Severity, **evidence: object
) -> Precondition:
    """A precondition that does not hold, how bad that is, and what to do about it."""
    return Precondition(
        check=check,
        resource=service.resource_id,
        met=False,
        severity=severity,
        title=title,
        evidence=evidence,
        recommendation=advice,
    )
