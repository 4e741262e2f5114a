"""Proves that the recovery region can take over, before anything is touched."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from shared.actions.action import Call, action
from shared.actions.container_apps.deploy_container_apps import deployment_name, production_app
from shared.actions.preconditions import Region, preconditions
from shared.errors import CheckFailed
from shared.gateways.journal import carried
from shared.gateways.operations import Operation
from shared.gateways.resource_id import parts
from shared.model.estate import ContainerApp, Service
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen
from shared.planners.container_app_template import container_app_template


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
        region = Region(params.region, params.outage_started_at, params.snapshot_age_limit)
        checked = [one for service in params.services for one in preconditions(service, region, call)]
        findings = tuple(one.finding("validate_dr_region") for one in checked if not one.met)
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
