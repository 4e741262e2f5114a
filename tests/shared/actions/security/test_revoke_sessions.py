"""Compromised users are out; those that the estate keeps are never touched."""

from typing import Any

from shared.actions.security.revoke_sessions import revoke_sessions
from shared.model.plan import Mode
from tests.shared.actions.changes_once import ChangesOnce, Scenario, refused
from tests.shared.actions.security.breach import broken_into, carried_out_before, facts, intruder, planned
from tests.shared.actions.stage import Stage


def revoke() -> Any:
    return planned("revoke_compromised_credentials_sessions")


def is_out(stage: Stage) -> None:
    assert "act as frank@contoso.com" not in intruder(stage)["can"]
    assert not stage.truth["users"]["frank@contoso.com"]["accountEnabled"]


class TestOnce(ChangesOnce):
    scenario = Scenario(
        step=revoke, prepare=carried_out_before("revoke_compromised_credentials_sessions"), reached=is_out
    )


def test_everybody_else_still_signs_in(stage: Stage) -> None:
    broken_into(stage)
    stage.carry_out(revoke())
    users = stage.truth["users"]
    assert {mail for mail, user in users.items() if not user["accountEnabled"]} == {"frank@contoso.com"}


def test_sessions_that_were_revoked_in_the_meantime_are_not_revoked_again(stage: Stage) -> None:
    broken_into(stage)
    step = revoke()
    before = stage.observe(step, mode=Mode.REAL)
    stage.azure.graph.revoke_sessions(facts.FRANK)
    stage.lab.advance(5)
    stage.from_now()
    stage.call_once(step, mode=Mode.REAL, before=before)
    assert [write["method"] for write in stage.writes] == ["PATCH"]


def test_a_service_principal_has_no_sessions(stage: Stage) -> None:
    step = revoke_sessions.step(principals=(facts.ROGUE_IDENTITY,))
    assert not stage.carry_out(step).outcome.changed


def test_whom_the_estate_keeps_is_refused_before_anybody_is_touched(stage: Stage) -> None:
    step = revoke_sessions.step(principals=(facts.FRANK, facts.BREAK_GLASS))
    refused(stage, step, "the break-glass account, which the estate keeps")
