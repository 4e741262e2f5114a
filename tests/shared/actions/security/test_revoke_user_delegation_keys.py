"""Addresses signed before are void; an answer that is lost leads to another try, which does no harm."""

from typing import Any

import pytest

from tests.shared.actions.security.breach import broken_into, intruder, planned
from tests.shared.actions.stage import Stage

OPENS = "read stfasprod with a signed address"


def revoke() -> Any:
    return planned("revoke_compromised_credentials_agent_files_delegations")


def test_what_was_signed_before_no_longer_opens(stage: Stage) -> None:
    broken_into(stage)
    assert OPENS in intruder(stage)["can"]
    stage.from_now()
    assert stage.carry_out(revoke()).outcome.changed
    assert OPENS not in intruder(stage)["can"]
    assert [write["path"].rsplit("/", 1)[-1] for write in stage.writes] == ["revokeUserDelegationKeys"]


@pytest.mark.parametrize(
    ("fault", "details"), [("ack_lost", {}), ("throttle", {"retry_after": 7}), ("error", {"status": 500})]
)
def test_a_write_that_goes_wrong_is_tried_again(stage: Stage, fault: str, details: dict) -> None:
    broken_into(stage)
    stage.lab.fault(fault, "revokeUserDelegationKeys", count=1, **details)
    done = stage.carry_out(revoke())
    assert len(done.errors) == 1
    assert OPENS not in intruder(stage)["can"]
