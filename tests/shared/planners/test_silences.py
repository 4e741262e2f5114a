"""Which alert a silence is about, and for how long."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.signing import Signer
from shared.model.silence import Silence
from shared.planners.silences import ours, silenced

NOW = datetime(2026, 6, 17, 2, 0, tzinfo=UTC)
GROUP = "/subscriptions/s/resourceGroups/rg-fas"
APP = f"{GROUP}/providers/Microsoft.App/containerApps/ca-agent-service"


@dataclass
class Cause:
    rule: str = "HighErrorRate"
    resources: tuple[str, ...] = (APP,)
    dimensions: dict[str, str] = field(default_factory=lambda: {"tenantId": "fabrikam"})


def silence(**fields) -> Silence:
    return Silence(
        **{
            "id": "sil-1",
            "reason": "known",
            "by": "Alice",
            "by_id": "t/o",
            "created_at": NOW - timedelta(hours=1),
            "expires_at": NOW + timedelta(hours=1),
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("fields", "cause", "silent"),
    [
        ({"rule": "higherrorrate"}, Cause(), True),
        ({"rule": "HighErrorRat"}, Cause(), False),
        ({"resource": GROUP.upper() + "/"}, Cause(), True),
        ({"resource": APP}, Cause(), True),
        ({"resource": APP[:-1]}, Cause(), False),
        ({"resource": GROUP}, Cause(resources=(APP, "/subscriptions/s/resourceGroups/rg-other/x")), False),
        ({"resource": GROUP}, Cause(resources=()), False),
        ({"dimensions": {"TenantId": "Fabrikam"}}, Cause(), True),
        ({"dimensions": {"tenantId": "contoso"}}, Cause(), False),
        ({"dimensions": {"tenantId": "fabrikam", "region": "x"}}, Cause(), False),
        ({"rule": "HighErrorRate", "resource": APP, "dimensions": {"tenantId": "fabrikam"}}, Cause(), True),
        ({"rule": "HighErrorRate", "resource": APP, "dimensions": {"tenantId": "contoso"}}, Cause(), False),
        ({}, Cause(), False),
    ],
)
def test_everything_that_a_silence_names_must_fit(fields, cause, silent):
    assert (silenced([silence(**fields)], cause, NOW) is not None) == silent


def test_it_holds_from_its_beginning_until_just_before_its_end_and_ends_early_when_somebody_says_so():
    one = silence(rule="HighErrorRate")
    moments = {-61: False, -60: True, 59: True, 60: False}
    for minutes, silent in moments.items():
        assert bool(silenced([one], Cause(), NOW + timedelta(minutes=minutes))) == silent
    ended = one.model_copy(update={"ended_at": NOW, "ended_by": "Bob"})
    assert silenced([ended], Cause(), NOW - timedelta(seconds=1)) is ended
    assert silenced([ended], Cause(), NOW) is None


def test_of_several_the_one_that_holds_longest_is_told():
    longer = silence(id="sil-2", rule="HighErrorRate", expires_at=NOW + timedelta(days=1))
    assert silenced([silence(rule="HighErrorRate"), longer], Cause(), NOW) is longer


@given(st.text(), st.text(), st.dictionaries(st.text(), st.text(), max_size=3))
def test_an_alert_is_never_silent_for_what_another_one_is_about(rule, resource, dimensions):
    one = silence(rule="OnlyThis")
    cause = Cause(rule=rule, resources=(resource,), dimensions=dimensions)
    assert (silenced([one], cause, NOW) is not None) == (rule.lower() == "onlythis")


def test_only_what_this_app_has_signed_counts():
    signer = Signer(b"k" * 32)
    good = signer.sign(silence(rule="a"))
    forged = {**good.to_wire(), "rule": "b"}
    state = {
        "sil-1": good.to_wire(),
        "sil-2": {**good.to_wire(), "id": "sil-2"},
        "sil-3": good.to_wire(),
        "sil-4": {"id": "sil-4"},
        "sil-5": "garbage",
    }
    assert ours(state, signer) == (good,)
    assert ours({"sil-1": forged}, signer) == ()
    assert ours({"sil-1": good.to_wire()}, Signer(b"x" * 32)) == ()
