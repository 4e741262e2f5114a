"""Volatile things say nothing, order says nothing, and everything else is told in words."""

from hypothesis import given
from hypothesis import strategies as st

from shared.planners.fingerprint import differences, fingerprint, hashes, normalised

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def test_volatile_and_empty_fields_are_left_out_at_every_depth() -> None:
    document = {
        "etag": "1",
        "sku": {"name": "A", "provisioningState": "Succeeded"},
        "tags": {},
        "properties": {"lastGeoFailoverTime": "now", "list": [{"name": "a", "etag": "2", "x": 1}]},
    }
    assert normalised(document) == {
        "sku": {"name": "A"},
        "properties": {"list": {"a": {"name": "a", "x": 1}}},
    }


def test_the_order_of_named_things_says_nothing_but_their_priority_does() -> None:
    east, west = (
        {"locationName": name, "failoverPriority": place} for place, name in enumerate(("East", "West"))
    )
    before = {"db": normalised({"failoverPolicies": [east, west]})}
    assert differences(before, {"db": normalised({"failoverPolicies": [west, east]})}) == ()
    turned = [{**east, "failoverPriority": 1}, {**west, "failoverPriority": 0}]
    assert differences(before, {"db": normalised({"failoverPolicies": turned})}) == (
        "db: failoverPolicies.East.failoverPriority was 0, is now 1",
        "db: failoverPolicies.West.failoverPriority was 1, is now 0",
    )


def test_what_is_gone_and_what_is_new_is_told() -> None:
    before = {"a": {"x": 1}, "b": {"y": 1, "z": 2}}
    after = {"b": {"y": 1, "w": 3}, "c": {}}
    assert differences(before, after) == (
        "a is gone",
        "b: w is new: 3",
        "b: z was 2, and is gone",
        "c is new",
    )


@given(
    st.dictionaries(st.text(max_size=5), st.dictionaries(st.text(max_size=5), JSON, max_size=3), max_size=3)
)
def test_a_configuration_equals_itself_and_its_hash_says_so(found: dict) -> None:
    once = {name: normalised(one) for name, one in found.items()}
    again = {name: normalised(one) for name, one in reversed(found.items())}
    assert differences(once, again) == ()
    assert fingerprint(once) == fingerprint(again)


@given(
    st.dictionaries(
        st.text(max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=3), max_size=3
    ),
    st.dictionaries(
        st.text(max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=3), max_size=3
    ),
)
def test_differences_are_told_exactly_when_the_fingerprints_differ(one: dict, other: dict) -> None:
    assert bool(differences(one, other)) == (fingerprint(one) != fingerprint(other))
    assert set(hashes(one)) == set(one)
