"""Role assignments over ARM: who may do what with which resource."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.gateways.arm import Arm
from shared.gateways.connection import Connection


@dataclass(frozen=True)
class RoleAssignment:
    """One role that somebody has somewhere. `principal` and `created_by` are object ids."""

    id: str
    principal: str
    principal_type: str
    role: str
    scope: str
    created_on: datetime | None
    created_by: str


@dataclass(frozen=True)
class Authorization:
    """Roles: Reader to look, Role Based Access Control Administrator to take assignments away."""

    connection: Connection

    @property
    def _arm(self) -> Arm:
        return Arm(self.connection, "2022-04-01")

    def assignments(self) -> tuple[RoleAssignment, ...]:
        """Every role assignment at the subscription, above and below it."""
        scope = f"/subscriptions/{self.connection.subscription_id}"
        address = f"{scope}/providers/Microsoft.Authorization/roleAssignments"

        def read() -> tuple[RoleAssignment, ...]:
            return tuple(_assignment(one) for one in self._arm.listed("list role assignments", address))

        return self.connection.look("role assignments", scope, read)

    def delete(self, assignment: RoleAssignment) -> None:
        """Take an assignment away; one that is gone already is fine."""
        scope = f"/subscriptions/{self.connection.subscription_id}"
        self.connection.expect(
            "role assignments", scope, lambda seen: tuple(one for one in seen if one.id != assignment.id)
        )
        self._arm.begin("delete role assignment", "DELETE", assignment.id)


def _assignment(document: dict[str, Any]) -> RoleAssignment:
    properties: dict[str, Any] = document["properties"]
    made = properties.get("createdOn")
    return RoleAssignment(
        id=str(document["id"]),
        principal=str(properties.get("principalId", "")).lower(),
        principal_type=str(properties.get("principalType", "")),
        role=str(properties.get("roleDefinitionId", "")).rsplit("/", 1)[-1],
        scope=str(properties.get("scope", "")),
        created_on=datetime.fromisoformat(made) if made else None,
        created_by=str(properties.get("createdBy") or "").lower(),
    )
