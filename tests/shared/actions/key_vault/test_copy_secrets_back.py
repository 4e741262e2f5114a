"""What was changed in the recovery vault comes home; what was changed in both is a person's to decide."""

from dataclasses import replace

from shared.actions.key_vault.copy_secrets_back import copy_secrets_back
from shared.actions.key_vault.recover_key_vault import recover_key_vault
from shared.model.plan import Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario
from tests.shared.actions.key_vault.test_recover_key_vault import vault
from tests.shared.actions.stage import Stage

EAST, WEST = (f"https://kv-fas-{region}.vault.azure.net" for region in ("japaneast", "japanwest"))
NAME, VALUE = "agents-db-connection", "rotated-during-the-outage"


def copy() -> Step:
    return copy_secrets_back.step(service=vault())


def rotate(stage: Stage, where: str, value: str = VALUE) -> None:
    kept = stage.azure.secret_values.whole(where, NAME)
    assert kept is not None
    stage.azure.secret_values.copy(where, replace(kept, value=value, content_type="text/plain"))


def recovered(stage: Stage) -> None:
    stage.carry_out(recover_key_vault.step(service=vault()))


def rotated_in_the_west(stage: Stage) -> None:
    recovered(stage)
    stage.lab.advance(60)
    rotate(stage, WEST)


def home_has_it(stage: Stage) -> None:
    found = stage.azure.secret_values.whole(EAST, NAME)
    assert found is not None
    assert (found.value, found.content_type) == (VALUE, "text/plain")


class TestAfterARotation(ChangesOnce):
    scenario = Scenario(step=copy, prepare=rotated_in_the_west, reached=home_has_it)


def test_nothing_is_written_when_nothing_changed(stage: Stage) -> None:
    recovered(stage)
    stage.from_now()
    done = stage.carry_out(copy())
    assert done.outcome.findings == ()
    assert "2 secrets compared, nothing had changed" in done.outcome.summary
    assert stage.writes == []


def test_a_newer_one_at_home_stays_and_is_reported(stage: Stage) -> None:
    rotated_in_the_west(stage)
    stage.lab.advance(60)
    rotate(stage, EAST, "rotated at home afterwards")
    stage.from_now()
    (found,) = stage.carry_out(copy()).outcome.findings
    assert found.title == "agent-secrets: agents-db-connection was changed in both vaults"
    assert stage.writes == []


def test_one_that_the_recovery_vault_lacks_is_reported(stage: Stage) -> None:
    (found,) = stage.carry_out(copy()).outcome.findings
    assert found.title == f"agent-secrets: tenant-signing-key is not in {WEST}"


def test_no_value_is_ever_told(stage: Stage) -> None:
    rotated_in_the_west(stage)
    done = stage.carry_out(copy())
    told = f"{done.outcome} {done.summaries} {stage.azure.secret_values.whole(WEST, NAME)}"
    assert VALUE not in told


def test_a_key_of_the_sibling_s_own_search_service_stays_there(stage: Stage) -> None:
    recovered(stage)
    kept = stage.azure.secret_values.whole(WEST, "search-api-key")
    assert kept is not None
    stage.lab.advance(60)
    stage.azure.secret_values.copy(WEST, replace(kept, value="another key of the west's own"))
    stage.from_now()
    assert stage.carry_out(copy()).outcome.findings == ()
    assert stage.writes == []
