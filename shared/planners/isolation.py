"""Which security rules cut a network off from the Internet, and still let its apps start."""

from collections.abc import Iterable
from typing import Any, Protocol

PREFIX = "foundry-ops-isolate-"
"""What the names of our rules begin with: exactly these are taken away again."""

_LOWEST = 100


class Placed(Protocol):
    """A rule as far as its place goes."""

    @property
    def name(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def priority(self) -> int: ...
    @property
    def access(self) -> str: ...


def isolation_rules(existing: Iterable[Placed], open_outbound: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Properties of the rules by name: nothing comes in from the Internet, and only what is named goes out.

    They take the smallest priority numbers that are free, and must all come before the first rule of the group's
    own that allows something; ValueError names that rule when there is no room before it. What is there already
    of ours keeps its place, so that the same is wanted again on every attempt.
    """
    found = tuple(existing)
    rules = {
        f"{PREFIX}deny-inbound": _rule("Inbound", "Deny", source="Internet", destination="*"),
        f"{PREFIX}deny-outbound": _rule("Outbound", "Deny", source="*", destination="Internet"),
        **{
            f"{PREFIX}allow-{tag.lower()}": _rule("Outbound", "Allow", source="*", destination=tag)
            for tag in open_outbound
        },
    }
    for direction in ("Inbound", "Outbound"):
        ours = [name for name, rule in rules.items() if rule["direction"] == direction]
        # What stays open must decide before what denies the rest.
        ours.sort(key=lambda name: rules[name]["access"] == "Deny")
        for name, priority in zip(ours, _free(found, direction, len(ours)), strict=True):
            rules[name]["priority"] = priority
    return rules


def _rule(direction: str, access: str, *, source: str, destination: str) -> dict[str, Any]:
    return {
        "description": "Isolated by Foundry Ops after a security breach",
        "direction": direction,
        "access": access,
        "protocol": "*",
        "sourceAddressPrefix": source,
        "sourcePortRange": "*",
        "destinationAddressPrefix": destination,
        "destinationPortRange": "*",
    }


def _free(existing: tuple[Placed, ...], direction: str, count: int) -> list[int]:
    others = [one for one in existing if one.direction == direction and not one.name.startswith(PREFIX)]
    taken = {one.priority for one in others}
    free = [number for number in range(_LOWEST, _LOWEST + count + len(taken)) if number not in taken][:count]
    first = min((one for one in others if one.access == "Allow"), key=lambda one: one.priority, default=None)
    if first is not None and first.priority < free[-1]:
        raise ValueError(
            f"rule {first.name} (priority {first.priority}) lets traffic in or out before ours could stop it: "
            f"give it a priority above {free[-1]}"
        )
    return free
