"""Old keys are void, new ones are where their readers look, and no key is ever told."""

import json
from typing import Any

import pytest

from shared.actions.security.regenerate_keys import SecretTarget, secret_value
from shared.model.plan import Mode
from tests.shared.actions.changes_once import ChangesOnce, Scenario
from tests.shared.actions.security.breach import (
    EAST,
    WEST,
    broken_into,
    carried_out_before,
    intruder,
    planned,
    secrets_of,
)
from tests.shared.actions.stage import Stage, StepFailed

REVOKE = "revoke_compromised_credentials_"
STEPS = {
    "agents_db": "cosmos_key",
    "agent_search": "search_key",
    "agent_files": "storage_key",
    "landing_openai": "openai_key",
}
prepared = carried_out_before(f"{REVOKE}agents_db")


def refuses(credential: str) -> Any:
    def reached(stage: Stage) -> None:
        assert not [one for one in intruder(stage)["can"] if credential in one]

    return reached


class TestCosmosDb(ChangesOnce):
    scenario = Scenario(
        step=lambda: planned(f"{REVOKE}agents_db"),
        prepare=prepared,
        reached=refuses("cosmos_key"),
        same_address=True,
    )


class TestSearch(ChangesOnce):
    scenario = Scenario(
        step=lambda: planned(f"{REVOKE}agent_search"), prepare=prepared, reached=refuses("search_key")
    )


class TestStorage(ChangesOnce):
    scenario = Scenario(
        step=lambda: planned(f"{REVOKE}agent_files"),
        prepare=prepared,
        reached=refuses("storage_key"),
        same_address=True,
    )


class TestOpenAi(ChangesOnce):
    scenario = Scenario(
        step=lambda: planned(f"{REVOKE}landing_openai"),
        prepare=prepared,
        reached=refuses("openai_key"),
        same_address=True,
    )


def without_keys(document: Any) -> None:
    document["properties"]["disableLocalAuth"] = True


def test_an_account_that_takes_no_keys_is_left_alone(stage: Stage) -> None:
    step = planned(f"{REVOKE}landing_openai")
    stage.change(step.params["account_id"], without_keys)
    stage.from_now()
    assert not stage.carry_out(step).outcome.changed
    assert stage.writes == []


def test_a_secret_for_a_key_of_an_account_that_takes_none_is_a_mistake_of_the_estate(stage: Stage) -> None:
    step = planned(f"{REVOKE}landing_openai")
    stage.change(step.params["account_id"], without_keys)
    read = {"secrets": [{"vault_url": EAST, "name": "search-api-key"}]}
    with pytest.raises(
        StepFailed, match=r"take the vault and the secret of landing-openai out of security\.keys"
    ):
        stage.carry_out(step.model_copy(update={"params": {**step.params, **read}}))


@pytest.mark.parametrize(
    ("name", "secret"), [("agents_db", "agents-db-connection"), ("agent_search", "search-api-key")]
)
def test_old_keys_are_refused_and_new_ones_taken_at_the_accounts_own_door(
    stage: Stage, name: str, secret: str
) -> None:
    step = planned(f"{REVOKE}{name}")
    account = step.params["account_id"]
    keys = stage.azure.account_keys
    old = keys.keys(account)
    assert all(keys.takes(account, key) for key in old.values())
    stage.carry_out(step)
    assert not any(keys.takes(account, key) for key in old.values())
    new = keys.keys(account)
    assert all(keys.takes(account, key) for key in new.values())
    assert next(iter(new.values())) in (stage.azure.secret_values.value(EAST, secret) or "")


def test_the_app_goes_on_with_the_new_keys(stage: Stage) -> None:
    stage.lab.advance(30)
    for name in STEPS:
        stage.carry_out(planned(f"{REVOKE}{name}"))
    stage.lab.advance(10)
    assert stage.healthy("contoso")


def test_a_key_that_no_vault_was_given_fails_the_tenants(stage: Stage) -> None:
    """Something really uses them."""
    stage.lab.advance(30)
    step = planned(f"{REVOKE}agent_search")
    stage.carry_out(step.model_copy(update={"params": {**step.params, "secrets": []}}))
    stage.lab.advance(10)
    tenant = stage.lab.tenant("contoso")
    assert not tenant["healthy"]
    assert "401 from srch-fas-japaneast" in tenant["reason"]


def test_each_regions_search_has_a_key_of_its_own(stage: Stage) -> None:
    stage.carry_out(planned(f"{REVOKE}agent_search"))
    stage.carry_out(planned(f"{REVOKE}agent_search_recovery"))
    values = stage.azure.secret_values
    assert values.value(EAST, "search-api-key") != values.value(WEST, "search-api-key")


def test_a_key_that_somebody_else_replaced_meanwhile_is_left_alone(stage: Stage) -> None:
    step = planned(f"{REVOKE}agent_search")
    account = step.params["account_id"]
    before = stage.observe(step, mode=Mode.REAL)
    stage.azure.account_keys.regenerate(account, "primary")
    theirs = stage.azure.account_keys.keys(account)["primary"]
    stage.from_now()
    stage.call_once(step, mode=Mode.REAL, before=before)
    assert stage.azure.account_keys.keys(account)["primary"] == theirs
    assert stage.azure.secret_values.value(EAST, "search-api-key") == theirs
    assert [one["path"].rsplit("/", 1)[-1] for one in stage.writes] == ["secondary", "search-api-key"]


def test_whoever_may_still_act_in_azure_reads_the_new_key(stage: Stage) -> None:
    """Why roles go first."""
    broken_into(stage)
    stage.carry_out(planned(f"{REVOKE}agent_search"))
    stage.lab.advance(5)
    assert "read srch-fas-japaneast with its search_key" in intruder(stage)["can"]


@pytest.mark.parametrize("name", STEPS)
def test_no_key_is_told(stage: Stage, name: str) -> None:
    step = planned(f"{REVOKE}{name}")
    before = secrets_of(stage)
    seen = stage.observe(step, mode=Mode.REAL)
    done = stage.carry_out(step)
    told = json.dumps([seen, done.outcome.to_wire(), done.summaries, stage.writes, stage.truth])
    for secret in before | secrets_of(stage):
        assert secret not in told


def test_of_a_connection_string_only_the_key_is_replaced() -> None:
    target = SecretTarget(vault_url=EAST, name="s", form="cosmos_connection_string")
    account = "/subscriptions/x/resourceGroups/g/providers/Microsoft.DocumentDB/databaseAccounts/c"
    before = "AccountEndpoint=https://own.name:443/;AccountKey=old==;Database=d"
    assert (
        secret_value(target, account, "n", before)
        == "AccountEndpoint=https://own.name:443/;AccountKey=n;Database=d"
    )
    made = secret_value(target, account, "n", None)
    assert made == "AccountEndpoint=https://c.documents.azure.com:443/;AccountKey=n;"
