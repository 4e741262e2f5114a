"""What an isolation takes away from whom, as it was before, so that all of it can be given back."""

from shared.actions.action import Call
from shared.actions.notes import earlier, note, noted
from shared.gateways.cosmos_roles import RoleAssignment, RoleDefinition
from shared.model.wire import Frozen

NOTE, LIFTED = "isolation", "isolation-lifted"


class AccountRoles(Frozen):
    """All roles of a Cosmos DB account as they were, and the names of the assignments that are taken away."""

    account_id: str
    definitions: tuple[RoleDefinition, ...]
    assignments: tuple[RoleAssignment, ...]
    taken: tuple[str, ...]

    def with_left(self, left: "AccountRoles") -> "AccountRoles":
        """With the assignments besides that were taken earlier and are still away."""
        there, known = {one.name for one in self.assignments}, {one.name for one in self.definitions}
        away = tuple(one for one in left.assignments if one.name in left.taken and one.name not in there)
        return AccountRoles(
            account_id=self.account_id,
            definitions=(*self.definitions, *(one for one in left.definitions if one.name not in known)),
            assignments=(*self.assignments, *away),
            taken=(*self.taken, *(one.name for one in away)),
        )

    def writes(self, assignment: RoleAssignment) -> bool:
        """Whether an assignment lets its principal change documents; an unknown role is taken for one that does."""
        role = next((one for one in self.definitions if one.name == assignment.role), None)
        return role is None or role.writes


class AppState(Frozen):
    """Whether an app ran."""

    resource_id: str
    running: bool


class Isolation(Frozen):
    """The state before an isolation."""

    accounts: tuple[AccountRoles, ...]
    apps: tuple[AppState, ...]
    left_by: str = ""

    def with_left(self, left: "Isolation", run_id: str) -> "Isolation":
        """The state before both this isolation and an earlier one of that run, which was never lifted."""
        accounts = {one.account_id: one for one in left.accounts}
        ran = {one.resource_id for one in left.apps if one.running}
        return Isolation(
            accounts=tuple(
                one.with_left(accounts[one.account_id]) if one.account_id in accounts else one
                for one in self.accounts
            ),
            apps=tuple(
                app.model_copy(update={"running": app.running or app.resource_id in ran}) for app in self.apps
            ),
            left_by=run_id,
        )


class Lifted(Frozen):
    """That all of it was given back: the apps that it was about."""

    apps: tuple[str, ...]


def isolation_of(call: Call) -> Isolation | None:
    """What the isolation of this run took away, or None when there was none."""
    return noted(call, NOTE, Isolation)


def left_isolated(call: Call) -> tuple[Isolation, str] | None:
    """What the last run of this plan took away and never gave back, because it was aborted, and that run's id."""
    last = earlier(call, NOTE)
    if last is None or noted(last, LIFTED, Lifted) is not None:
        return None
    found = isolation_of(last)
    return None if found is None else (found, last.run_id)


def lifted(call: Call, before: Isolation) -> None:
    """Remember that all of it is given back, so that no later run gives it back again."""
    if noted(call, LIFTED, Lifted) is None:
        note(call, LIFTED, Lifted(apps=tuple(one.resource_id for one in before.apps)))


def roles_of(account_id: str, call: Call) -> AccountRoles:
    """The roles as they are now. This app keeps its own: what takes away must be able to give back and to look."""
    definitions = call.azure.cosmos_roles.definitions(account_id)
    assignments = call.azure.cosmos_roles.assignments(account_id)
    found = AccountRoles(account_id=account_id, definitions=definitions, assignments=assignments, taken=())
    own = call.azure.connection.principal
    taken = tuple(one.name for one in assignments if one.principal != own and found.writes(one))
    return found.model_copy(update={"taken": taken})
