"""What is not as it must be is told, all of it; only then may anything be opened again."""

from collections.abc import Callable
from typing import Any

import pytest

from infra.local.azure import World
from infra.local.azure.services.security import authorization, facts
from tests.shared.actions.changes_once import refused
from tests.shared.actions.security.breach import (
    APP,
    EAST,
    GROUP,
    broken_into,
    carried_out_before,
    planned,
)
from tests.shared.actions.stage import Stage, StepFailed

prepared = carried_out_before("security_validation")


def validate() -> Any:
    return planned("security_validation")


def test_a_cured_world_passes_and_is_not_touched(stage: Stage) -> None:
    prepared(stage)
    stage.from_now()
    outcome = stage.carry_out(validate()).outcome
    assert stage.writes == []
    assert "the intruder is out" in outcome.summary


def test_everything_that_is_wrong_is_told_at_once(stage: Stage) -> None:
    carried_out_before("isolate_affected_systems")(stage)
    with pytest.raises(StepFailed) as caught:
        stage.carry_out(validate(), attempts=1)
    said = str(caught.value)
    for wrong in (
        "key primary of agents-db is still the old one",
        "key secondary of agent-search is still the old one",
        "key key1 of agent-files is still the old one",
        "rule foundry-ops-isolate-deny-inbound of",
        "22222222-2222-4222-8222-00000000000f still has a role at",
        "66666666-6666-4666-8666-666666666666 still has a role at",
        "frank@contoso.com can still sign in",
        "sessions of frank@contoso.com from before still work",
        "the ingress of agent-service is open",
        f"runs {facts.REPOSITORY}@{facts.VULNERABLE}",
        "alert Unusual volume of data extracted from Cosmos DB (cosmos-fas-prod) is open",
        "ca-agent-service is assessed unhealthy",
    ):
        assert wrong in said


def _sign_in_again(stage: Stage) -> None:
    stage.azure.graph.enable(facts.FRANK)


def _role_again(stage: Stage) -> None:
    def give(world: World) -> None:
        scope = facts.SUBSCRIPTION_SCOPE
        authorization.assign(world, facts.FRANK, "User", "Reader", scope, at=world.now)

    stage.lab.inside(give)


def _locked_out(stage: Stage) -> None:
    def take(world: World) -> None:
        (first, *_) = authorization.held(world, facts.APP_IDENTITY)
        world.table(authorization.TABLE).delete(first["id"])

    stage.lab.inside(take)


def _opened(stage: Stage) -> None:
    stage.azure.network.delete_rule(GROUP, "foundry-ops-isolate-deny-outbound")
    stage.lab.advance(10)


def _wrong_secret(stage: Stage) -> None:
    stage.azure.secret_values.set(EAST, "search-api-key", "nothing")


def _image_again(stage: Stage) -> None:
    app = stage.azure.container_apps.app(APP.resource_id)
    template = app.document["properties"]["template"]
    template["containers"][0]["image"] = f"{facts.REPOSITORY}@{facts.VULNERABLE}"
    stage.azure.app_changes.set_template(app, template)
    stage.lab.advance(60)


def _new_intruder(stage: Stage) -> None:
    stage.lab.fault("leaked_credential", "srch-fas-japaneast", credential="search_key")
    stage.lab.advance(5)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_sign_in_again, "1 checks fail: frank@contoso.com can still sign in"),
        (_role_again, "1 checks fail: 22222222-2222-4222-8222-00000000000f still has a role"),
        (_locked_out, "1 checks fail: the identity of agent-service has lost a role at .*: give it back"),
        (_opened, "1 checks fail: rule foundry-ops-isolate-deny-outbound of .* is not in force"),
        (_wrong_secret, "1 checks fail: secret search-api-key of .* does not hold a key of agent-search"),
        (_image_again, "2 checks fail: revision .* runs .*assessed unhealthy"),
        (_new_intruder, "1 checks fail: alert Unusual volume of data read from a search service"),
    ],
)
def test_each_thing_that_is_not_cured_fails_it(
    stage: Stage, spoil: Callable[[Stage], None], said: str
) -> None:
    prepared(stage)
    spoil(stage)
    refused(stage, validate(), said)


def test_without_evidence_nothing_can_be_compared(stage: Stage) -> None:
    broken_into(stage)
    refused(stage, validate(), "no evidence was preserved")
