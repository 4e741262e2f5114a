"""The recovery vault ends up with every secret, and never with one made up."""

import json

import pytest

from shared.actions.key_vault.recover_key_vault import recover_key_vault
from shared.model.estate import KeyVault
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso, refused
from tests.shared.actions.stage import Stage, StepFailed

RECOVERY = "kv-fas-japanwest"


def vault() -> KeyVault:
    return contoso().of_kind(KeyVault)[0]


def recover() -> Step:
    return recover_key_vault.step(service=vault())


def secrets(stage: Stage) -> dict[str, str]:
    return stage.truth["key_vaults"][RECOVERY]["secrets"]


def all_there(stage: Stage) -> None:
    assert {secrets(stage)[name] for name in vault().secrets} == {"active"}


def east_is_out(stage: Stage) -> None:
    stage.outage()


class TestInAnOutage(ChangesOnce):
    scenario = Scenario(step=recover, prepare=east_is_out, reached=all_there)


def set_secret(stage: Stage, name: str, **row: object) -> None:
    def work(world) -> None:
        table = world.table("secret")
        table.put(f"{RECOVERY}/{name}", {**table.get(f"{RECOVERY}/{name}"), **row})

    stage.lab.inside(work)


def test_only_what_was_deleted_is_recovered_and_no_value_is_told(stage: Stage) -> None:
    done = stage.carry_out(recover(), mode=Mode.DRILL)
    assert done.outcome.evidence["recovered"] == ["tenant-signing-key"]
    (write,) = stage.writes
    assert write["path"] == "/deletedsecrets/tenant-signing-key/recover"
    values = stage.lab.inside(
        lambda world: [
            version["value"] for _, row in world.table("secret").rows() for version in row["versions"]
        ]
    )
    told = json.dumps(done.outcome.to_wire()) + "".join(done.summaries)
    assert not [value for value in values if value in told]


def test_several_are_recovered_together(stage: Stage) -> None:
    for name in vault().secrets:
        set_secret(stage, name, deleted=stage.lab.clock.now() - 3600)
    stage.carry_out(recover())
    all_there(stage)
    assert len(stage.writes) == 3


def test_a_secret_that_never_was_there_is_named(stage: Stage) -> None:
    service = vault().model_copy(update={"secrets": ("agents-db-connection", "never-was")})
    refused(stage, recover_key_vault.step(service=service), "lacks never-was, and no soft-deleted version")


def test_a_disabled_secret_is_named(stage: Stage) -> None:
    stage.carry_out(recover())
    versions = stage.lab.inside(lambda world: world.table("secret").get(f"{RECOVERY}/search-api-key"))[
        "versions"
    ]
    set_secret(stage, "search-api-key", versions=[{**versions[-1], "enabled": False}])
    refused(stage, recover(), "search-api-key is disabled: enable it, then retry")


def test_a_vault_that_is_away_is_no_empty_vault(stage: Stage) -> None:
    stage.outage("japanwest")
    with pytest.raises(StepFailed, match=r"list secrets on https://kv-fas-japanwest.*no answer"):
        stage.carry_out(recover())
