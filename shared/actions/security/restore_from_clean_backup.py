"""Takes back what an intruder changed: the app's template, and secrets in its vaults."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.actions.action import Call, action
from shared.actions.security.preserve_evidence import VaultSecrets
from shared.errors import CheckFailed
from shared.gateways.container_apps import App
from shared.model.estate import ContainerApp
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen
from shared.planners.clean_template import differences, restored


class Params(Frozen):
    """Since when nothing is trusted; `vaults` names the secrets that are given back, not those that are replaced."""

    apps: tuple[ContainerApp, ...]
    vaults: tuple[VaultSecrets, ...]
    since: datetime | None = None


@action(changes=True)
def restore_from_clean_backup(params: Params, call: Call) -> Outcome | Pending:
    """Gives apps the template of their last revision from before the intruder, and secrets their last such version.

    Images stay as they were patched. Azure keeps revisions and secret versions by itself, so that an intruder who
    changed them has not changed their past. Without a moment nothing counts as the intruder's.
    """
    if params.since is None:
        return Outcome(summary="nobody said since when the intruder was in: nothing is taken back")
    running = call.operation_running()
    # Secrets first: the apps' new revisions read them, and nothing of the intruder's is left when those begin.
    given_back: list[str] = [*call.progress.get("secrets", []), *_restore_secrets(params, params.since, call)]
    changes: list[str] = list(call.progress.get("changes", []))
    kept: dict[str, Any] = {"secrets": given_back, "begun": call.begun or bool(given_back)}
    for service in params.apps:
        app = call.azure.container_apps.app(service.resource_id)
        if app is None:
            continue
        if app.busy or running:
            return call.waiting_for(None, f"{service.name} is being restored", **kept)
        clean = _clean_template(app, service, params.since, call)
        # What runs counts, not what the app was told: an operation that failed leaves no revision.
        template = call.azure.app_changes.revisions(app)[-1].template
        if found := differences(clean, template):
            changes += [f"{service.name}: {one}" for one in found]
            operation = call.azure.app_changes.set_template(app, restored(clean, template))
            if operation is not None:
                return call.waiting_for(
                    operation, f"{service.name} is being restored", changes=changes, secrets=given_back
                )
        elif _starting(app, call):
            return call.waiting_for(None, f"{service.name} starts as it was before", **kept)
    changes += given_back
    return Outcome(
        summary=f"{len(changes)} changes of the intruder are taken back"
        if changes
        else "nothing had been changed",
        changed=bool(changes),
        findings=tuple(_seen_by_intruder(one) for one in given_back),
        evidence={"taken_back": changes},
    )


def _clean_template(app: App, service: ContainerApp, since: datetime, call: Call) -> dict[str, Any]:
    known = call.azure.app_changes.revisions(app)
    clean = [one for one in known if one.created is not None and one.created < since]
    if not clean:
        raise CheckFailed(
            f"{service.name}: Azure knows no revision from before {since:%Y-%m-%d %H:%M} UTC: restore its template"
            " by hand from a configuration backup, then skip"
        )
    return clean[-1].template


def _starting(app: App, call: Call) -> bool:
    latest = call.azure.app_changes.revisions(app)[-1]
    if latest.state.lower() == "failed":
        raise CheckFailed(f"{app.resource_id}: revision {latest.name} does not start: {latest.detail}")
    return call.azure.container_apps.running_replicas(app) < app.min_replicas


def _restore_secrets(params: Params, since: datetime, call: Call) -> Iterator[str]:
    """Make the last version from before the newest one again, where another value came after."""
    values = call.azure.secret_values
    for vault in params.vaults:
        for name in vault.names:
            versions = values.versions(vault.vault_url, name)
            if not versions or versions[-1].created < since:
                continue
            clean = [one for one in versions if one.created < since and one.enabled]
            if not clean:
                raise CheckFailed(
                    f"{vault.vault_url}: secret {name} has no version from before {since:%Y-%m-%d %H:%M} UTC:"
                    " make a new one with its owner, then skip"
                )
            wanted = values.value(vault.vault_url, name, clean[-1].version)
            if wanted is not None and values.value(vault.vault_url, name) != wanted:
                values.set(vault.vault_url, name, wanted)
                yield f"secret {name} of {vault.vault_url}"


def _seen_by_intruder(what: str) -> Finding:
    return Finding(
        check="restore_from_clean_backup",
        resource=what,
        severity=Severity.HIGH,
        title=f"{what} was replaced by the intruder, who may have read the old value as well",
        recommendation="replace it by a new value together with those who use it",
    )
