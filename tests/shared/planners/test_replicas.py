"""Replicas double within limits, and a template keeps everything else."""

import pytest
from pydantic import ValidationError

from shared.model.replicas import ReplicaRange
from shared.planners.replicas import replica_range, scaled_up, utilization_rules, with_rules

LIMITS = ReplicaRange(least=2, most=10)


@pytest.mark.parametrize(
    ("least", "most", "wanted"),
    [
        (0, 10, (2, 10)),
        (1, 10, (2, 10)),
        (3, 10, (6, 10)),
        (6, 10, (10, 10)),
        (10, 10, (10, 10)),
        (12, 20, (12, 20)),
        (3, 5, (6, 10)),
    ],
)
def test_twice_as_many_within_the_limits(least: int, most: int, wanted: tuple[int, int]) -> None:
    found = scaled_up(ReplicaRange(least=least, most=most), LIMITS)
    assert (found.least, found.most) == wanted


def test_what_a_template_says_nothing_of_is_azures_own() -> None:
    assert replica_range({}) == ReplicaRange(least=0, most=10)


def test_a_range_is_in_order() -> None:
    with pytest.raises(ValidationError, match="at least 5 replicas are more than at most 3"):
        ReplicaRange(least=5, most=3)


def test_a_template_is_not_changed_but_copied_without_its_suffix() -> None:
    template = {"revisionSuffix": "v1", "containers": [{"name": "a"}], "scale": {"cooldownPeriod": 300}}
    made = with_rules(template, LIMITS, utilization_rules(70, 80))
    assert template == {
        "revisionSuffix": "v1",
        "containers": [{"name": "a"}],
        "scale": {"cooldownPeriod": 300},
    }
    assert "revisionSuffix" not in made
    assert made["containers"] == [{"name": "a"}]
    assert made["scale"]["cooldownPeriod"] == 300
    assert [rule["name"] for rule in made["scale"]["rules"]] == ["cpu", "memory"]
