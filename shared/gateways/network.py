"""Network security groups over ARM: the rules that let traffic through or keep it out."""

from dataclasses import dataclass
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.arm import Arm
from shared.gateways.connection import Connection


@dataclass(frozen=True)
class Rule:
    """A security rule; the lower its priority's number, the sooner it decides."""

    name: str
    direction: str
    access: str
    priority: int
    state: str
    properties: dict[str, Any]

    @property
    def busy(self) -> bool:
        """Whether Azure is still at work on it."""
        return self.state.lower() in {"updating", "deleting"}


@dataclass(frozen=True)
class Network:
    """Role: Network Contributor on the groups."""

    connection: Connection

    @property
    def _arm(self) -> Arm:
        return Arm(self.connection, "2024-05-01")

    def rules(self, group_id: str) -> tuple[Rule, ...]:
        """The rules of a network security group; AzureCallFailed 404 when there is no such group."""

        def read() -> tuple[Rule, ...]:
            found = self._arm.get("get network security group", group_id)
            if found is None:
                why = "there is no such network security group"
                raise AzureCallFailed("get network security group", group_id, 404, why, retryable=False)
            return tuple(_rule(one) for one in found["properties"].get("securityRules") or ())

        return self.connection.look("security rules", group_id, read)

    def put_rule(self, group_id: str, name: str, properties: dict[str, Any]) -> None:
        """Begin to set a rule; look at `rules` until it is no longer busy."""
        made = _rule({"name": name, "properties": {**properties, "provisioningState": "Succeeded"}})
        self.connection.expect(
            "security rules", group_id, lambda seen: (*(one for one in seen if one.name != name), made)
        )
        address = f"{group_id}/securityRules/{name}"
        self._arm.begin("set security rule", "PUT", address, {"properties": properties})

    def delete_rule(self, group_id: str, name: str) -> None:
        """Begin to take a rule away; one that is gone already is fine."""
        self.connection.expect(
            "security rules", group_id, lambda seen: tuple(one for one in seen if one.name != name)
        )
        self._arm.begin("delete security rule", "DELETE", f"{group_id}/securityRules/{name}")


def _rule(document: dict[str, Any]) -> Rule:
    properties: dict[str, Any] = dict(document["properties"])
    return Rule(
        name=str(document["name"]),
        direction=str(properties["direction"]),
        access=str(properties["access"]),
        priority=int(properties["priority"]),
        state=str(properties.pop("provisioningState", "")),
        properties=properties,
    )
