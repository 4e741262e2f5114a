"""Keeps what a breach looks like before anybody changes it."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.masking import masked_body
from shared.model.estate import ContainerApp
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen
from shared.planners.isolation import PREFIX

LOOK_BACK = timedelta(days=7)
"""How far the activity log is kept when nobody knows since when the intruder is in."""


class VaultSecrets(Frozen):
    """A vault and the secrets in it that matter."""

    vault_url: str
    names: tuple[str, ...]


class Params(Frozen):
    """Everything that the plan is going to touch; `container` lies in the records account."""

    container: str
    apps: tuple[ContainerApp, ...]
    groups: tuple[str, ...]
    accounts: tuple[str, ...]
    vaults: tuple[VaultSecrets, ...]
    principals: tuple[str, ...]
    since: datetime | None = None


@action(changes=True)
def preserve_evidence(params: Params, call: Call) -> Outcome | Pending:
    """Writes the state of everything that will be touched into a blob that is written once, before the first change.

    Configuration, revisions, security rules, role assignments, sign-ins, alerts and the activity log are kept as
    they are; of keys only the SHA-256, of secrets only their versions.
    """
    store, account = call.azure.evidence, call.estate.platform.records_account_url
    name = evidence_name(call.run_id)
    kept = store.read(account, params.container, name)
    changed = kept is None
    if kept is None:
        if store.is_immutable(account, params.container) is None:
            store.create_container(account, params.container)
        content = json.dumps(_seen(params, call), indent=1, sort_keys=True).encode()
        store.keep(account, params.container, name, content)
        kept = store.read(account, params.container, name)
    if kept is None:
        raise CheckFailed(
            f"{account}/{params.container}/{name} is not there after it was written", retryable=True
        )
    return Outcome(
        summary=f"evidence of {len(params.apps)} apps, {len(params.accounts)} accounts and"
        f" {len(params.groups)} networks is kept",
        changed=changed,
        findings=() if store.is_immutable(account, params.container) else (_mutable(params, account),),
        evidence={
            "blob": f"{account}/{params.container}/{name}",
            "sha256": hashlib.sha256(kept).hexdigest(),
        },
    )


def evidence_name(run_id: str) -> str:
    """Where a run's evidence lies in the evidence container."""
    return f"{run_id}/before.json"


def kept_evidence(call: Call, container: str) -> dict[str, Any]:
    """What this run has preserved; CheckFailed when there is nothing, for then nothing may be changed."""
    account = call.estate.platform.records_account_url
    name = evidence_name(call.run_id)
    kept = call.azure.evidence.read(account, container, name)
    if kept is None:
        raise CheckFailed(
            f"{account}/{container}/{name} does not exist: no evidence was preserved, so nothing is changed"
        )
    return json.loads(kept)


def ingress_before(evidence: dict[str, Any], app_id: str) -> dict[str, Any] | None:
    """The ingress of an app as it was before it was isolated, be it by an earlier run; None when it had none."""
    seen = (evidence["apps"].get(app_id) or {}).get("ingress")
    return seen or (evidence.get("ingress_before") or {}).get(app_id) or None


def _mutable(params: Params, account: str) -> Finding:
    return Finding(
        check="preserve_evidence",
        resource=f"{account}/{params.container}",
        severity=Severity.MEDIUM,
        title="the evidence container has no retention policy, so its owner could delete what was kept",
        recommendation="put a time-based retention policy on the container",
    )


def _seen(params: Params, call: Call) -> dict[str, Any]:
    azure = call.azure
    since = params.since or call.now - LOOK_BACK
    found: dict[str, Any] = {
        "run_id": call.run_id,
        "taken_at": call.now.isoformat(),
        "apps": {app.resource_id: _app(app, call) for app in params.apps},
        "ingress_before": _left_closed(params, call),
        "security_rules": {
            group: [{"name": rule.name, **rule.properties} for rule in azure.network.rules(group)]
            for group in params.groups
        },
        "key_fingerprints": {
            account: azure.account_keys.fingerprints(account) for account in params.accounts
        },
        "secret_versions": {
            vault.vault_url: {name: _versions(vault.vault_url, name, call) for name in vault.names}
            for vault in params.vaults
        },
        "role_assignments": [
            {**vars(one), "created_on": str(one.created_on)} for one in azure.authorization.assignments()
        ],
        "users": {
            principal: vars(user)
            for principal in params.principals
            if (user := azure.graph.user(principal)) is not None
        },
        "alerts": [{**vars(one), "last_seen": str(one.last_seen)} for one in azure.defender.alerts()],
        "assessments": [vars(one) for one in azure.defender.assessments()],
        "activity": list(azure.activity_log.events(since)),
    }
    return masked_body("", json.dumps(found))


def _left_closed(params: Params, call: Call) -> dict[str, Any]:
    """The ingress of apps that an aborted run has left isolated, as the evidence of that run has it."""
    rules = (rule for group in params.groups for rule in call.azure.network.rules(group))
    if not any(rule.name.startswith(PREFIX) for rule in rules):
        return {}
    account, own = call.estate.platform.records_account_url, evidence_name(call.run_id)
    plan = call.run_id.rsplit("-", 2)[0]  # a run id ends with its time and a mark
    names = call.azure.blobs.names(account, params.container, f"{plan}-")
    last = max((name for name in names if name.endswith("/before.json") and name < own), default=None)
    kept = None if last is None else call.azure.evidence.read(account, params.container, last)
    earlier: dict[str, Any] = {"apps": {}} if kept is None else json.loads(kept)
    return {app.resource_id: ingress_before(earlier, app.resource_id) for app in params.apps}


def _app(service: ContainerApp, call: Call) -> dict[str, Any] | None:
    app = call.azure.container_apps.app(service.resource_id)
    if app is None:
        return None
    revisions = call.azure.app_changes.revisions(app)
    configuration: dict[str, Any] = app.document["properties"].get("configuration") or {}
    return {
        "ingress": configuration.get("ingress"),
        "document": app.document,
        "revisions": [{**vars(one), "created": str(one.created)} for one in revisions],
    }


def _versions(vault_url: str, name: str, call: Call) -> list[dict[str, Any]]:
    found = call.azure.secret_values.versions(vault_url, name)
    return [{**vars(one), "created": str(one.created)} for one in found]
