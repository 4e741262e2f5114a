"""Stops everything that writes to the data, and remembers what it took away."""

from shared.actions.action import Call, action
from shared.actions.isolation import NOTE, AppState, Isolation, isolation_of, left_isolated, roles_of
from shared.actions.notes import note
from shared.gateways.container_app_control import is_stopped
from shared.model.estate import ContainerApp, CosmosDb
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen


class Params(Frozen):
    """The databases whose write roles are taken, and the apps that write."""

    databases: tuple[CosmosDb, ...]
    apps: tuple[ContainerApp, ...]


@action(changes=True)
def isolate_corrupted_data(params: Params, call: Call) -> Outcome | Pending:
    """Stops the apps and takes every role that lets somebody change documents, after writing down all of it.

    This app's own roles are never taken: what isolates must be able to look, to restore and to give back. What was
    there before lies beside the run's record before the first thing is taken, and is never written twice, so that
    an attempt that was killed half way is not taken for the state before. Nor is what an aborted run has left
    isolated: this run gives that back as well.
    """
    before = isolation_of(call)
    if before is None:
        before = _state(params, call)
        note(call, NOTE, before)
        return call.waiting_for(
            None, "what is there now is written down", retry_after=0, isolation=before.to_wire()
        )
    if call.operation_running():
        return call.waiting_for(None, "the isolation goes on")
    for state in before.apps:
        app = call.azure.container_apps.app(state.resource_id)
        if app is None or is_stopped(app):
            continue
        if app.busy:
            return call.waiting_for(None, f"{state.resource_id.rsplit('/', 1)[-1]} is being changed")
        operation = call.azure.app_control.stop(app)
        return call.waiting_for(operation, f"{state.resource_id.rsplit('/', 1)[-1]} is being stopped")
    for account in before.accounts:
        for assignment in call.azure.cosmos_roles.assignments(account.account_id):
            if assignment.name in account.taken:
                operation = call.azure.cosmos_roles.take(account.account_id, assignment)
                return call.waiting_for(operation, f"a write role of {assignment.principal} is taken away")
    taken = sum(len(account.taken) for account in before.accounts)
    stopped = sum(state.running for state in before.apps)
    return Outcome(
        summary=f"{stopped} apps are stopped, and {taken} roles that let somebody write are taken away",
        changed=call.begun,
        findings=(
            *(_still_open(database, call) for database in params.databases if _has_keys(database, call)),
            *((_left(before, call),) if before.left_by else ()),
        ),
        evidence=before.to_wire(),
    )


def _state(params: Params, call: Call) -> Isolation:
    apps: list[AppState] = []
    for service in params.apps:
        for resource_id in (service.resource_id, service.recovery_resource_id):
            app = call.azure.container_apps.app(resource_id)
            if app is not None:
                apps.append(AppState(resource_id=resource_id, running=not is_stopped(app)))
    accounts = tuple(roles_of(database.resource_id, call) for database in params.databases)
    now = Isolation(accounts=accounts, apps=tuple(apps))
    left = left_isolated(call)
    return now if left is None else now.with_left(*left)


def _left(before: Isolation, call: Call) -> Finding:
    return Finding(
        check=call.step,
        resource=before.left_by,
        severity=Severity.MEDIUM,
        title=f"{before.left_by} has left its isolation in force: what it took is given back by this run",
        recommendation="if one of its principals shall stay out, start again with that one in keep_out",
    )


def _has_keys(database: CosmosDb, call: Call) -> bool:
    return call.azure.cosmos_restore.key_access(database.resource_id)


def _still_open(database: CosmosDb, call: Call) -> Finding:
    return Finding(
        check=call.step,
        resource=database.resource_id,
        severity=Severity.HIGH,
        title=f"{database.name} can still be written to with account keys",
        recommendation="set disableLocalAuth on the account, or regenerate its keys",
    )
