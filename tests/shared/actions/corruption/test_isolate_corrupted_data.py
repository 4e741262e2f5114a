"""Nobody writes any more, what was taken is written down before, and this app keeps what it needs."""

import json

import pytest

from infra.local.azure import contoso as sample
from infra.local.azure.services.cosmos import roles
from shared.actions.action import ATTEMPTS
from shared.gateways.connection import LOOPBACK_PRINCIPAL
from tests.shared.actions.changes_once import ChangesOnce, Scenario
from tests.shared.actions.corruption.scene import ACCOUNT, APPS, corrupted, isolate
from tests.shared.actions.stage import RUN_ID, Stage, StepFailed, contoso

PLATFORM = contoso().platform


def note(stage: Stage) -> dict:
    where = (PLATFORM.records_account_url, PLATFORM.records_container, f"{RUN_ID}/isolation.json")
    found = stage.azure.blobs.read(*where)
    assert found is not None
    return json.loads(found)


def nobody_writes(stage: Stage) -> None:
    truth = stage.truth["corruption"]
    assert truth["accounts"][ACCOUNT]["writers"] == [LOOPBACK_PRINCIPAL]
    assert not truth["accounts"][ACCOUNT]["serves"]
    stage.lab.advance(2)
    assert stage.truth["corruption"]["writing"] == []
    assert stage.properties(APPS[0].resource_id)["runningStatus"] == "Stopped"


class TestABadRelease(ChangesOnce):
    scenario = Scenario(step=isolate, prepare=corrupted, reached=nobody_writes)


def test_tenants_are_told_that_nobody_works(stage: Stage) -> None:
    corrupted(stage)
    stage.carry_out(isolate())
    stage.lab.advance(2)
    assert "stopped" in stage.lab.tenant()["reason"]


def test_what_is_taken_is_written_down_before_it_is_taken(stage: Stage) -> None:
    corrupted(stage)
    stage.from_now()
    stage.carry_out(isolate())
    first, second, *_ = [entry for entry in stage.writes if entry["applied"]]
    assert first["method"] == "PUT"
    assert "stfasops" in first["host"] + second["host"]
    kept = note(stage)
    (account,) = kept["accounts"]
    taken = {one["principal"] for one in account["assignments"] if one["name"] in account["taken"]}
    assert taken == {sample.AGENT_PRINCIPAL, roles.LOADER}
    assert len(account["assignments"]) == 5
    assert kept["apps"] == [{"resource_id": APPS[0].resource_id, "running": True}]


def test_an_attempt_that_was_killed_half_way_is_not_taken_for_the_state_before(stage: Stage) -> None:
    corrupted(stage)
    stage.carry_out(isolate(), forget=lambda number: number < 4)
    assert note(stage)["apps"][0]["running"]
    assert len(note(stage)["accounts"][0]["taken"]) == 2


def test_who_only_reads_goes_on_reading(stage: Stage) -> None:
    stage.carry_out(isolate())
    left = {one.principal for one in stage.azure.cosmos_roles.assignments(_account())}
    assert left == {roles.ANALYTICS, LOOPBACK_PRINCIPAL}


def test_a_role_that_comes_afterwards_is_no_business_of_ours(stage: Stage) -> None:
    stage.carry_out(isolate())
    before = len(note(stage)["accounts"][0]["taken"])
    stage.from_now()
    stage.carry_out(isolate())
    assert stage.writes == []
    assert len(note(stage)["accounts"][0]["taken"]) == before


def test_keys_that_still_open_the_account_are_told(stage: Stage) -> None:
    stage.change(_account(), lambda row: row["properties"].update(disableLocalAuth=False))
    (finding,) = stage.carry_out(isolate()).outcome.findings
    assert finding.title == "agents-db can still be written to with account keys"


def test_an_operation_that_fails_is_begun_again_until_people_are_asked(stage: Stage) -> None:
    stage.lab.fault("lro_failed", "sqlRoleAssignments", count=ATTEMPTS, code="Conflict", message="busy")
    with pytest.raises(StepFailed, match=r"failed 3 times.*busy"):
        stage.carry_out(isolate())
    stage.carry_out(isolate())
    nobody_writes(stage)


def _account() -> str:
    from tests.shared.actions.corruption.scene import DATABASE

    return DATABASE.resource_id
