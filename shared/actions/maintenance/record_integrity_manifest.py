"""Writes down what the data is while it is good, so that a recovery can tell what was lost or changed."""

import hashlib

from shared.actions.action import Call, action
from shared.actions.integrity import manifest_of, manifests, problems
from shared.model.estate import CosmosDb, KeyVault, Service, Storage
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen
from shared.planners.integrity import stamp


class Params(Frozen):
    """Whose data; services that hold none are left out."""

    services: tuple[Service, ...]


# Only this app's own records are written, as for every run: the kill switch need not hold it.
@action(changes=False)
def record_integrity_manifest(params: Params, call: Call) -> Outcome | Pending:
    """Counts and samples every tenant's data, and keeps that as the last known good, unless it is corrupt already."""
    findings: list[Finding] = []
    recorded: dict[str, str] = {}
    mark = hashlib.sha256(call.key.encode()).hexdigest()[:12]
    for service in params.services:
        if not isinstance(service, CosmosDb | Storage | KeyVault):
            continue
        if any(name.endswith(f"-{mark}.json") for name in manifests(service, call)):
            recorded[service.name] = mark
            continue
        found = problems(service, None, call)
        if found:
            said = [problem for group in found.values() for problem in group]
            findings.append(
                Finding(
                    check="record_integrity_manifest",
                    resource=service.resource_id,
                    severity=Severity.CRITICAL,
                    title=f"{service.name} is corrupt: {said[0]}",
                    evidence={"problems": said[:20]},
                    recommendation="find out since when, and start data_corruption with good_at before that",
                )
            )
            continue
        manifest = manifest_of(service, call)
        name = f"integrity/{service.name}/{stamp(manifest.taken_at)}-{mark}.json"
        platform = call.estate.platform
        content = manifest.model_dump_json(indent=2).encode()
        call.azure.blobs.write(
            platform.records_account_url, platform.records_container, name, content, "application/json"
        )
        recorded[service.name] = name
    return Outcome(
        summary=f"{len(recorded)} manifests recorded"
        + (f", {len(findings)} services are corrupt" if findings else ""),
        findings=tuple(findings),
        evidence={"manifests": recorded},
    )
