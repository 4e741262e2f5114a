"""Where the isolation's rules go: before whatever lets traffic through, and at the same place on every attempt."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.planners.isolation import PREFIX, isolation_rules

TAGS = ("AzureContainerRegistry", "AzureMonitor")


@dataclass(frozen=True)
class Rule:
    name: str
    direction: str
    priority: int
    access: str


def test_nothing_comes_in_and_only_what_is_named_goes_out() -> None:
    rules = isolation_rules((), TAGS)
    assert {
        name.removeprefix(PREFIX): (one["direction"], one["access"], one["priority"])
        for name, one in rules.items()
    } == {
        "deny-inbound": ("Inbound", "Deny", 100),
        "allow-azurecontainerregistry": ("Outbound", "Allow", 100),
        "allow-azuremonitor": ("Outbound", "Allow", 101),
        "deny-outbound": ("Outbound", "Deny", 102),
    }


def test_places_that_are_taken_are_passed_over() -> None:
    there = (Rule("deny-bad", "Inbound", 100, "Deny"), Rule("allow-https", "Inbound", 200, "Allow"))
    assert isolation_rules(there, TAGS)[f"{PREFIX}deny-inbound"]["priority"] == 101


def test_a_rule_that_allows_before_ours_is_named_with_what_to_do() -> None:
    there = (Rule("allow-all", "Outbound", 101, "Allow"),)
    with pytest.raises(
        ValueError, match=r"rule allow-all \(priority 101\) lets traffic in or out .* above 103"
    ):
        isolation_rules(there, TAGS)


places = st.lists(
    st.builds(
        Rule,
        name=st.sampled_from([f"r{number}" for number in range(40)]),
        direction=st.sampled_from(["Inbound", "Outbound"]),
        priority=st.integers(100, 130),
        access=st.just("Deny"),
    ),
    unique_by=(lambda rule: rule.name, lambda rule: (rule.direction, rule.priority)),
    max_size=20,
)


@given(places)
def test_priorities_are_free_and_the_same_when_ours_are_there(there: list[Rule]) -> None:
    rules = isolation_rules(there, TAGS)
    taken = {(one.direction, one.priority) for one in there}
    mine = [(one["direction"], one["priority"]) for one in rules.values()]
    assert len(set(mine)) == len(mine)
    assert not taken & set(mine)
    ours = [Rule(name, one["direction"], one["priority"], one["access"]) for name, one in rules.items()]
    assert isolation_rules([*there, *ours], TAGS) == rules
