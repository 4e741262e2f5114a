"""What compromised identities may do is taken away, with what they gave away; the estate's own keep theirs."""

from datetime import timedelta
from typing import Any

import pytest

from shared.actions.security.revoke_role_assignments import revoke_role_assignments
from tests.shared.actions.changes_once import ChangesOnce, Scenario, refused
from tests.shared.actions.security.breach import SINCE, carried_out_before, facts, intruder, planned
from tests.shared.actions.stage import Stage

prepared = carried_out_before("revoke_compromised_credentials_roles")


def revoke() -> Any:
    return planned("revoke_compromised_credentials_roles")


def holders(stage: Stage) -> set[str]:
    return {one["principal"] for one in stage.truth["role_assignments"]}


def are_gone(stage: Stage) -> None:
    stage.lab.advance(5)
    assert not [one for one in intruder(stage)["can"] if one.startswith("act as")]
    assert holders(stage) == {who for who, *_ in facts.ASSIGNMENTS} - {facts.FRANK}


class TestOnce(ChangesOnce):
    scenario = Scenario(step=revoke, prepare=prepared, reached=are_gone)


def test_an_assignment_from_before_the_intruder_stays(stage: Stage) -> None:
    prepared(stage)
    step = revoke_role_assignments.step(principals=(facts.FRANK,), since=SINCE + timedelta(hours=1))
    stage.carry_out(step)
    assert facts.ROGUE_IDENTITY in holders(stage)
    assert facts.FRANK not in holders(stage)


def test_while_a_session_is_good_a_role_comes_back(stage: Stage) -> None:
    """Why sessions go first."""
    carried_out_before("revoke_compromised_credentials_sessions")(stage)
    with pytest.raises(AssertionError, match="goes on for ever"):
        stage.carry_out(revoke_role_assignments.step(principals=(facts.ROGUE_IDENTITY,)))
    assert facts.ROGUE_IDENTITY in holders(stage)


def test_the_apps_own_identity_is_never_touched(stage: Stage) -> None:
    step = revoke_role_assignments.step(principals=(facts.APP_IDENTITY,))
    refused(stage, step, "the identity of agent-service, which the estate keeps")


def test_what_a_compromised_user_gave_to_one_of_ours_stays(stage: Stage) -> None:
    prepared(stage)

    def give(world: Any) -> None:
        from infra.local.azure.services.security import authorization

        scope = facts.SUBSCRIPTION_SCOPE
        authorization.assign(
            world, facts.APP_IDENTITY, "ServicePrincipal", "Reader", scope, at=world.now, by=facts.FRANK
        )

    stage.lab.inside(give)
    stage.carry_out(revoke())
    mine = [one["role"] for one in stage.truth["role_assignments"] if one["principal"] == facts.APP_IDENTITY]
    assert sorted(mine) == ["AcrPull", "Key Vault Secrets User", "Reader", "Search Index Data Reader"]
