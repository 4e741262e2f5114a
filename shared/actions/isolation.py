"""What an isolation takes away from whom, as it was before, so that all of it can be given back."""

from shared.actions.action import Call
from shared.actions.notes import noted
from shared.gateways.cosmos_roles import RoleAssignment, RoleDefinition
from shared.model.wire import Frozen

NOTE = "isolation"


class AccountRoles(Frozen):
    """All roles of a Cosmos DB account as they were, and the names of the assignments that are taken away."""

    account_id: str
    definitions: tuple[RoleDefinition, ...]
    assignments: tuple[RoleAssignment, ...]
    taken: tuple[str, ...]

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


def isolation_of(call: Call) -> Isolation | None:
    """What the isolation of this run took away, or None when there was none."""
    return noted(call, NOTE, Isolation)


def roles_of(account_id: str, call: Call) -> AccountRoles:
    """The roles as they are now. This app keeps its own: what takes away must be able to give back and to look."""
    definitions = call.azure.cosmos_roles.definitions(account_id)
    assignments = call.azure.cosmos_roles.assignments(account_id)
    found = AccountRoles(account_id=account_id, definitions=definitions, assignments=assignments, taken=())
    own = call.azure.connection.principal
    taken = tuple(one.name for one in assignments if one.principal != own and found.writes(one))
    return found.model_copy(update={"taken": taken})
