"""Proves that an intruder is out before anything is opened again."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.actions.action import Call, action
from shared.actions.security.deploy_patched_systems import runs
from shared.actions.security.isolate_affected_systems import has_ingress, in_force
from shared.actions.security.preserve_evidence import kept_evidence
from shared.actions.security.regenerate_keys import Params as RotatedAccount
from shared.actions.security.regenerate_keys import key_in
from shared.actions.security.resolve_security_alerts import open_alerts, within
from shared.actions.security.revoke_role_assignments import compromised
from shared.errors import CheckFailed
from shared.gateways.account_keys import fingerprint
from shared.model.estate import ContainerApp
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen
from shared.planners.clean_template import repository_of
from shared.planners.isolation import isolation_rules


class PatchedApp(Frozen):
    """An app and the digest that alone may run in it."""

    service: ContainerApp
    digest: str


class Params(Frozen):
    """Everything that was done, to be proved."""

    container: str
    apps: tuple[PatchedApp, ...]
    groups: tuple[str, ...]
    open_outbound: tuple[str, ...]
    accounts: tuple[RotatedAccount, ...]
    principals: tuple[str, ...]
    scopes: tuple[str, ...]
    since: datetime | None = None


@action(changes=False)
def security_validation(params: Params, call: Call) -> Outcome | Pending:
    """Checks that no old key is taken, every way in is closed, only patched images run, and Defender is content.

    What fails is told, all of it at once. The ways in are looked for in Azure as it is now, and compared with what
    the evidence says that there was; that nobody was locked out who is kept is checked as well.
    """
    before = kept_evidence(call, params.container)
    failed = [
        *_keys(params, before, call),
        *_network(params, call),
        *_identities(params, before, call),
        *_apps(params, call),
        *_defender(params, call),
    ]
    if failed:
        raise CheckFailed(f"{len(failed)} checks fail: " + "; ".join(failed), retryable=True)
    return Outcome(
        summary="the intruder is out: old keys are refused, every way in is closed, no alert is open",
        evidence={
            "accounts": [one.account_id for one in params.accounts],
            "images": {one.service.name: one.digest for one in params.apps},
        },
    )


def _keys(params: Params, before: dict[str, Any], call: Call) -> Iterator[str]:
    keys, values = call.azure.account_keys, call.azure.secret_values
    for account in params.accounts:
        old = set(before["key_fingerprints"].get(account.account_id, {}).values())
        current = keys.keys(account.account_id)
        for name, value in current.items():
            if fingerprint(value) in old:
                yield f"key {name} of {account.service} is still the old one"
        for target in account.secrets:
            given = values.value(target.vault_url, target.name)
            if given is None or key_in(given) not in current.values():
                yield f"secret {target.name} of {target.vault_url} does not hold a key of {account.service}"
            elif keys.takes(account.account_id, key_in(given)) is False:
                yield f"{account.service} refuses the new key in secret {target.name} of {target.vault_url}"
            for version in values.versions(target.vault_url, target.name)[:-1]:
                past = (
                    values.value(target.vault_url, target.name, version.version) if version.enabled else None
                )
                if past and fingerprint(key_in(past)) in old and keys.takes(account.account_id, key_in(past)):
                    yield f"{account.service} still takes the old key of secret {target.name}"


def _network(params: Params, call: Call) -> Iterator[str]:
    for group in params.groups:
        existing = call.azure.network.rules(group)
        there = {rule.name: rule for rule in existing}
        for name, properties in isolation_rules(existing, params.open_outbound).items():
            if not in_force(there.get(name), properties):
                yield f"rule {name} of {group} is not in force"


def _identities(params: Params, before: dict[str, Any], call: Call) -> Iterator[str]:
    for one in compromised(params.principals, params.since, call):
        yield f"{one.principal} still has a role at {one.scope}"
    for principal in params.principals:
        user = call.azure.graph.user(principal)
        if user is not None and user.enabled:
            yield f"{user.mail} can still sign in"
        was = before["users"].get(principal)
        if user is not None and was and was["sessions_valid_from"] == user.sessions_valid_from:
            yield f"sessions of {user.mail} from before still work"
    security = call.estate.security
    there = {one.id.lower() for one in call.azure.authorization.assignments()}
    for one in before["role_assignments"]:
        if security and (why := security.keeps(one["principal"])) and one["id"].lower() not in there:
            yield f"{why} has lost a role at {one['scope']}: give it back"


def _apps(params: Params, call: Call) -> Iterator[str]:
    for patched in params.apps:
        name = patched.service.name
        app = call.azure.container_apps.app(patched.service.resource_id)
        if app is None:
            yield f"{name} does not exist"
            continue
        if has_ingress(app.document):
            yield f"the ingress of {name} is open"
        image = f"{repository_of(app.image)}@{patched.digest}"
        for revision in call.azure.app_changes.revisions(app):
            if revision.active and not runs(revision, image):
                yield f"revision {revision.name} of {name} runs {', '.join(revision.images)}"
        replicas = call.azure.container_apps.running_replicas(app)
        if replicas < app.min_replicas:
            yield f"{replicas} of {app.min_replicas} replicas of {name} run"


def _defender(params: Params, call: Call) -> Iterator[str]:
    for alert in open_alerts(call.azure.defender.alerts(), params.scopes):
        yield f"alert {alert.title} ({alert.entity}) is open"
    for one in call.azure.defender.assessments():
        if not one.healthy and within(one.resource, params.scopes):
            yield f"{one.resource.rsplit('/', 1)[-1]} is assessed unhealthy: {one.title}: {one.cause}"
