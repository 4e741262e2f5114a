"""Proves that the recovery region can take over, before anything is touched."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from shared.actions.action import Call, action
from shared.actions.container_apps.deploy_container_apps import deployment_name, production_app
from shared.actions.key_vault.recover_key_vault import vault_url
from shared.actions.machine_learning.activate_ml_workspace import standing
from shared.actions.openai.failover_openai import lacks
from shared.actions.search.load_search_snapshot import search_url, snapshot
from shared.errors import AzureCallFailed, CheckFailed
from shared.gateways.journal import carried
from shared.gateways.operations import Operation
from shared.gateways.resource_id import parts
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
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen
from shared.planners.container_app_template import certificates_needed, container_app_template


class Params(Frozen):
    """The region, what is to come up there, and when the outage began (replicas stand still since then)."""

    region: str
    services: tuple[Service, ...]
    outage_started_at: datetime | None = None
    snapshot_age_limit: timedelta = timedelta(hours=26)


@action(changes=False)
def validate_dr_region(params: Params, call: Call) -> Outcome | Pending:
    """Checks capacity, replica freshness and quota in the recovery region, and what a deployment would change.

    Every gap is found at once; a gap that would stop the recovery fails the step before anything is touched.
    """
    match call.operation_state():
        case "running":
            return call.waiting_for(
                None, f"{params.region}: asking what the deployment would change", begun=False
            )
        case "succeeded":
            return _passed(params, call.progress.get("findings", []))
        case "none" | "failed":
            pass
    # What-if takes Azure half a minute, so it is asked first, and the rest is looked at meanwhile.
    with ThreadPoolExecutor(max_workers=2) as pool:
        asked = pool.submit(carried(_ask_what_if), params, call)
        findings = tuple(finding for service in params.services for finding in _gaps(service, params, call))
    if fatal := [found for found in findings if found.severity is Severity.CRITICAL]:
        raise CheckFailed(
            f"{params.region} cannot take over: " + "; ".join(_told(found) for found in fatal),
            retryable=any(found.evidence.get("retryable") for found in fatal),
        )
    kept = [finding.to_wire() for finding in findings]
    operation = asked.result()
    if operation is None:
        return _passed(params, kept)
    what = f"{params.region}: asking what the deployment would change"
    return call.waiting_for(operation, what, findings=kept, begun=False)


def _told(found: Finding) -> str:
    return f"{found.title} ({found.recommendation})" if found.recommendation else found.title


def _ask_what_if(params: Params, call: Call) -> Operation | None:
    """Begin to ask what deploying the first container app would change; None when there is none to deploy."""
    service = next((found for found in params.services if isinstance(found, ContainerApp)), None)
    if service is None:
        return None
    production = production_app(service, call)
    template = container_app_template(service, production.document, image=production.image)
    group = parts(service.recovery_resource_id).group
    return call.azure.deployments.what_if(group, deployment_name(call), template)


def _passed(params: Params, findings: list[dict[str, Any]]) -> Outcome:
    found = tuple(Finding.from_wire(finding) for finding in findings)
    gaps = f"{len(found)} findings" if found else "no gaps"
    return Outcome(
        summary=f"{params.region} can take over {len(params.services)} services: {gaps}", findings=found
    )


def _gaps(service: Service, params: Params, call: Call) -> Iterator[Finding]:
    """What is missing for one service. A region that does not even answer is a gap too."""
    try:
        match service:
            case CosmosDb():
                yield from _cosmos(service, params, call)
            case ContainerApp():
                yield from _container_app(service, params, call)
            case AiSearch():
                yield from _search(service, params, call)
            case Storage():
                yield from _storage(service, params, call)
            case KeyVault():
                call.azure.key_vault.secrets(vault_url(service.recovery_resource_id))
            case OpenAi():
                there = call.azure.openai.deployments(service.recovery_resource_id)
                for gap in lacks(service, {one.name.lower(): one for one in there}, call):
                    yield _gap(service, Severity.CRITICAL, f"{service.name}: {gap}", "")
            case MlWorkspace():
                standing(service.recovery_resource_id, call)
            case TrafficRoute():
                call.azure.traffic.profile(service.resource_id)
    except AzureCallFailed as error:
        if error.status in {429, 500} or (error.status == 503 and error.retry_after is not None):
            raise
        gap = _gap(service, Severity.CRITICAL, f"{service.name}: {error}", "restore access, then retry")
        yield gap.model_copy(update={"evidence": {"retryable": error.retryable}})
    except CheckFailed as error:
        yield _gap(service, Severity.CRITICAL, str(error), "")


def _cosmos(service: CosmosDb, params: Params, call: Call) -> Iterator[Finding]:
    account = call.azure.cosmos.account(service.resource_id)
    if params.region not in account.regions:
        yield _gap(
            service,
            Severity.CRITICAL,
            f"{service.name} has no replica in {params.region}",
            f"add {params.region} to the account",
        )
    elif not account.online.get(params.region, False):
        yield _gap(
            service,
            Severity.CRITICAL,
            f"{service.name}: the replica in {params.region} is not online",
            "bring it online",
        )


def _container_app(service: ContainerApp, params: Params, call: Call) -> Iterator[Finding]:
    state = call.azure.container_apps.environment_state(service.recovery_environment_id)
    if state is None or state.lower() != "succeeded":
        yield _gap(
            service,
            Severity.CRITICAL,
            f"{service.name}: environment {service.recovery_environment_id.rsplit('/', 1)[-1]} is {state or 'missing'}",
            "deploy the environment",
        )
        return
    app = production_app(service, call)
    there = call.azure.container_apps.certificate_ids(service.recovery_environment_id)
    for certificate in certificates_needed(service, app.document):
        if certificate.lower() not in there:
            yield _gap(
                service,
                Severity.CRITICAL,
                f"{service.name}: certificate {certificate.rsplit('/', 1)[-1]} is not in the recovery environment",
                "upload it there under the same name",
            )
    containers: list[dict[str, Any]] = app.document["properties"]["template"]["containers"]
    cores = sum(float((container.get("resources") or {}).get("cpu") or 0.5) for container in containers)
    left = call.azure.container_apps.cores_left(service.recovery_environment_id)
    needed = cores * service.recovery_replicas
    if left is not None and left < needed:
        yield _gap(
            service,
            Severity.CRITICAL,
            f"{service.name} needs {needed:g} cores in {params.region}, the quota leaves {left:g}",
            "ask for more quota",
        )


def _search(service: AiSearch, params: Params, call: Call) -> Iterator[Finding]:
    call.azure.search.index_names(search_url(service.recovery_resource_id))
    storage = call.estate.service(service.snapshot_storage)
    assert isinstance(storage, Storage)
    manifest, _ = snapshot(service, storage, call)
    age = (params.outage_started_at or call.now) - manifest.taken_at
    if age > params.snapshot_age_limit:
        yield _gap(
            service,
            Severity.MEDIUM,
            f"{service.name}: the snapshot is {age.total_seconds() / 3600:.0f} h old",
            "the delta takes longer; see why no newer snapshot was taken",
        )


def _storage(service: Storage, params: Params, call: Call) -> Iterator[Finding]:
    account = call.azure.storage.account(service.resource_id)
    # A store may be copied to another region than the one that the rest recovers in: Azure chooses the pair.
    region = service.recovery_region
    if region not in {account.secondary, account.primary}:
        yield _gap(
            service,
            Severity.CRITICAL,
            f"{service.name} has no copy in {region} ({account.sku})",
            f"make it geo-redundant with {region}",
        )
    elif account.last_sync is not None:
        behind = (params.outage_started_at or call.now) - account.last_sync
        if behind > service.data_loss_limit:
            yield _gap(
                service,
                Severity.HIGH,
                f"{service.name}: the copy in {region} is {behind.total_seconds() / 60:.0f} min behind",
                "a failover loses what was written since; decide before going on",
            )


def _gap(service: Service, severity: Severity, title: str, advice: str) -> Finding:
    return Finding(
        check="validate_dr_region",
        resource=service.resource_id,
        severity=severity,
        title=title,
        recommendation=advice,
    )
