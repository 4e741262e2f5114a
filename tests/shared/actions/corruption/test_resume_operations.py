"""Roles come back exactly as they were, where the good data is, and tenants are served."""

from infra.local.azure import contoso as sample
from infra.local.azure.services.cosmos import roles as simulated
from infra.local.drill.corruption import roles
from shared.actions.corruption.resume_operations import resume_operations
from shared.model.plan import Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario
from tests.shared.actions.corruption.scene import ACCOUNT, APPS, DATABASE, corrupted, isolate, night, restore
from tests.shared.actions.corruption.test_restore_from_backup import BESIDE, GOOD_AT
from tests.shared.actions.stage import Stage

EVERYBODY = {
    (sample.AGENT_PRINCIPAL, simulated.CONTRIBUTOR, ""),
    (simulated.LOADER, simulated.LOADER_ROLE, "/dbs/agents"),
    (simulated.ANALYTICS, simulated.READER, "/dbs/agents"),
    (simulated.OPERATIONS, simulated.READER, ""),
    (simulated.OPERATIONS, simulated.CONTRIBUTOR, "/dbs/agents/colls/canary"),
}


def resume(**changes: object) -> Step:
    return resume_operations.step(databases=(DATABASE,), **changes)


def isolated(stage: Stage) -> None:
    night(stage)
    stage.carry_out(isolate())


def as_before(stage: Stage) -> None:
    assert roles(stage.truth, ACCOUNT) == EVERYBODY
    stage.lab.advance(30)
    assert stage.healthy("contoso")
    assert stage.healthy("fabrikam")


class TestInItsPlace(ChangesOnce):
    scenario = Scenario(step=resume, prepare=isolated, reached=as_before)


def restored(stage: Stage) -> None:
    corrupted(stage, writer="script")
    stage.carry_out(isolate())
    stage.carry_out(restore(DATABASE, GOOD_AT))


def on_what_was_restored(stage: Stage) -> None:
    assert roles(stage.truth, BESIDE) == EVERYBODY
    stage.lab.advance(60)
    told = stage.truth["corruption"]["accounts"]
    assert told[BESIDE]["serves"]
    assert not told[ACCOUNT]["serves"]
    assert told[ACCOUNT]["writers"] == [simulated.OPERATIONS]
    assert stage.healthy("contoso")


class TestOnARestoredAccount(ChangesOnce):
    scenario = Scenario(step=resume, prepare=restored, reached=on_what_was_restored)


def test_all_other_settings_of_the_app_stay(stage: Stage) -> None:
    def env() -> dict[str, str]:
        containers = stage.properties(APPS[0].resource_id)["template"]["containers"]
        return {one["name"]: one["value"] for one in containers[0]["env"]}

    restored(stage)
    before = env()
    stage.carry_out(resume())
    assert env() == {**before, "COSMOS_ENDPOINT": f"https://{BESIDE}.documents.azure.com:443/"}


def test_undoing_uses_nothing_that_was_restored(stage: Stage) -> None:
    restored(stage)
    stage.carry_out(resume(use_restored=False))
    assert roles(stage.truth, ACCOUNT) == EVERYBODY
    assert stage.truth["corruption"]["accounts"][ACCOUNT]["serves"]


def test_who_is_kept_out_gets_no_role_back_and_is_told(stage: Stage) -> None:
    isolated(stage)
    (finding,) = stage.carry_out(resume(keep_out=(simulated.LOADER,))).outcome.findings
    assert finding.resource == simulated.LOADER
    assert {one[0] for one in EVERYBODY - roles(stage.truth, ACCOUNT)} == {simulated.LOADER}


def test_an_app_that_did_not_run_before_is_not_started(stage: Stage) -> None:
    app = stage.azure.container_apps.app(APPS[0].resource_id)
    assert app is not None
    stage.azure.app_control.stop(app)
    stage.lab.advance(30)
    stage.carry_out(isolate())
    stage.carry_out(resume())
    assert stage.properties(APPS[0].resource_id)["runningStatus"] == "Stopped"


def test_nothing_that_was_not_taken_is_given(stage: Stage) -> None:
    stage.from_now()
    done = stage.carry_out(resume())
    assert done.outcome.summary == "nothing was taken away in this run, so nothing is given back"
    assert stage.writes == []


SECOND = "recovery-region_outage-20260101T010000-0a1b2c3e"
THIRD = "recovery-region_outage-20260101T020000-0a1b2c3f"


def test_what_an_aborted_run_has_left_isolated_the_next_one_gives_back(stage: Stage) -> None:
    isolated(stage)
    for run_id in (SECOND, THIRD):
        *_, finding = stage.carry_out(isolate(), run_id=run_id).outcome.findings
    assert SECOND in finding.title
    stage.carry_out(resume(), run_id=THIRD)
    as_before(stage)


def test_what_was_given_back_no_later_run_gives_back_again(stage: Stage) -> None:
    isolated(stage)
    stage.carry_out(resume(keep_out=(simulated.LOADER,)))
    stage.lab.advance(60)
    titles = [one.title for one in stage.carry_out(isolate(), run_id=SECOND).outcome.findings]
    assert not [title for title in titles if "left its isolation" in title]
    stage.carry_out(resume(), run_id=SECOND)
    assert {one[0] for one in EVERYBODY - roles(stage.truth, ACCOUNT)} == {simulated.LOADER}
