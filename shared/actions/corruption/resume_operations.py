"""Gives back what an isolation took: roles as they were, apps that run, on the data that is good."""

from datetime import timedelta

from shared.actions.action import Call, action
from shared.actions.isolation import AccountRoles, isolation_of, lifted
from shared.actions.restoration import restoration_of
from shared.actions.restored_database import give, temporary
from shared.errors import CheckFailed
from shared.gateways.container_app_control import is_stopped, settings
from shared.gateways.container_apps import App
from shared.gateways.cosmos_restore import endpoint_of
from shared.model.estate import CosmosDb
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen

READY_WITHIN = timedelta(minutes=15)


class Params(Frozen):
    """`use_restored`: lead the apps to what was restored; `keep_out`: principals that get no role back."""

    databases: tuple[CosmosDb, ...]
    use_restored: bool = True
    keep_out: tuple[str, ...] = ()


@action(changes=True)
def resume_operations(params: Params, call: Call) -> Outcome | Pending:
    """Leads the apps to the good data, gives every role back exactly as it was, and starts what ran before.

    Where an account was restored, the roles are given there and the corrupted one stays without writers.
    """
    before = isolation_of(call)
    if before is None:
        return Outcome(summary="nothing was taken away in this run, so nothing is given back")
    if call.operation_running():
        return call.waiting_for(None, "the way back goes on")
    moved = _moved(params, call)
    for account in before.accounts:
        if (
            pending := _roles(account, moved.get(account.account_id, account.account_id), params, call)
        ) is not None:
            return pending
    running: dict[str, int] = {}
    for state in before.apps:
        app = call.azure.container_apps.app(state.resource_id)
        if app is None:
            continue
        name = state.resource_id.rsplit("/", 1)[-1]
        if app.busy:
            return call.waiting_for(None, f"{name} is being changed")
        if changed := _led_elsewhere(app, moved, call.estate.regions):
            operation = call.azure.app_control.set_settings(app, changed)
            return call.waiting_for(operation, f"{name} is led to {', '.join(changed.values())}")
        if state.running and is_stopped(app):
            return call.waiting_for(call.azure.app_control.start(app), f"{name} is being started")
        if state.running:
            running[state.resource_id] = call.azure.container_apps.running_replicas(app)
    if waiting := [resource_id for resource_id, replicas in running.items() if replicas == 0]:
        return _wait(waiting[0].rsplit("/", 1)[-1], call)
    lifted(call, before)
    kept_out = [
        one.principal
        for account in before.accounts
        for one in account.assignments
        if one.principal in params.keep_out
    ]
    given = sum(len(account.taken) for account in before.accounts) - len(kept_out)
    return Outcome(
        summary=f"{len(running)} apps run, and {given} roles are given back",
        changed=call.begun,
        findings=tuple(_kept_out(principal, call) for principal in kept_out),
        evidence={"moved": moved, "replicas": running, "isolation": before.to_wire()},
    )


def _moved(params: Params, call: Call) -> dict[str, str]:
    """Ids of accounts -> ids of those that were restored in their place."""
    if not params.use_restored:
        return {}
    decided = [(database, restoration_of(database, call)) for database in params.databases]
    return {
        database.resource_id: found.account_id
        for database, found in decided
        if found is not None and found.route == "new_account"
    }


def _roles(before: AccountRoles, account_id: str, params: Params, call: Call) -> Pending | None:
    wanted = tuple(one for one in before.assignments if one.principal not in params.keep_out)
    if (pending := give(account_id, before, wanted, call)) is not None:
        return pending
    ours = temporary(account_id, call.azure.connection.principal)
    for assignment in call.azure.cosmos_roles.assignments(account_id):
        if assignment.name == ours.name:
            operation = call.azure.cosmos_roles.take(account_id, assignment)
            return call.waiting_for(operation, "the role that was needed to restore is taken back")
    return None


def _led_elsewhere(app: App, moved: dict[str, str], regions: tuple[str, ...]) -> dict[str, str]:
    """The settings of an app that name an account that was restored elsewhere, with the new address."""
    changed: dict[str, str] = {}
    for name, value in settings(app).items():
        for old, new in moved.items():
            host, target = endpoint_of(old), endpoint_of(new)
            regional = (host.replace(".documents.", f"-{region}.documents.") for region in regions)
            for address in (host, *regional):
                if address in value:
                    changed[name] = value.replace(address, target)
    return changed


def _wait(name: str, call: Call) -> Pending:
    since = float(call.progress.get("ready_since") or call.now.timestamp())
    if call.now.timestamp() - since > READY_WITHIN.total_seconds():
        raise CheckFailed(f"{name} has no running replica after {READY_WITHIN}: look at its logs, then retry")
    return call.waiting_for(None, f"{name}: its replicas start", ready_since=since)


def _kept_out(principal: str, call: Call) -> Finding:
    return Finding(
        check=call.step,
        resource=principal,
        severity=Severity.MEDIUM,
        title=f"{principal} may still not write",
        recommendation="give its role back when it is known to be harmless; what it had stands in this step's evidence",
    )
