"""A drill goes there and back and leaves nothing behind, also when it is aborted at any of its steps."""

import json
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest

from shared.actions.catalog import catalog
from shared.model.estate import DrillDate, Drills, Estate
from shared.model.outcome import Outcome
from shared.model.plan import Mode, Plan, Step
from shared.model.signing import all_steps
from shared.plans.planning import PlanRequest
from shared.plans.recovery.dr_drill import dr_drill
from shared.plans.recovery.region_failback import region_failback
from shared.plans.recovery.region_outage import region_outage
from tests.shared.actions.stage import Stage, StepFailed, contoso, open_stage
from tests.shared.plans.walk import carry_out, undo

DRILL = PlanRequest(mode=Mode.DRILL)


def plan_of(estate: Estate | None = None) -> Plan:
    return dr_drill(estate or contoso(), DRILL)


def step(name: str, plan: Plan | None = None) -> Step:
    return next(found for found in (plan or plan_of()).steps if found.name == name)


def all_before(name: str) -> set[str]:
    needs = step(name).needs
    return {*needs, *(earlier for need in needs for earlier in all_before(need))}


# --- the plan as data


def test_its_moves_are_those_of_an_outage_and_of_a_failback() -> None:
    drill = {found.name: found for found in plan_of().steps}
    for found in region_outage(contoso(), DRILL).steps:
        if found.action not in {"notify_stakeholders", "notify_tenants"}:
            assert drill[found.name] == found.model_copy(update={"needs": drill[found.name].needs})
    for found in region_failback(contoso(), DRILL).steps:
        if found.action not in {"notify_stakeholders", "notify_tenants"}:
            mine = drill[found.name]
            assert (mine.action, mine.params) == (found.action, found.params)


def test_the_way_back_begins_when_the_recovery_region_has_proved_itself() -> None:
    # What the move lost is measured before anything goes back.
    assert set(step("check_primary_region").needs) == {"measure_rpo", "validate_services"}
    assert plan_of().restored_by == "validate_services"


def test_nothing_is_touched_before_the_window_the_notices_and_the_fingerprint() -> None:
    before = {"check_drill_window", "announce_to_stakeholders", "announce_to_tenants", "take_fingerprint"}
    assert all_before("validate_dr_region") == before
    changing = {found.name for found in plan_of().steps if found.changes} - before
    assert all("validate_dr_region" in all_before(name) for name in changing)


def test_the_comparison_comes_after_everything_that_changes_azure() -> None:
    tellers = {"notify_stakeholders", "notify_tenants"}
    changing = {found.name for found in plan_of().steps if found.changes and found.action not in tellers}
    assert changing <= all_before("compare_fingerprint")


def test_every_forward_step_is_undone_and_the_way_back_is_not() -> None:
    forward = {found.name for found in region_outage(contoso(), DRILL).steps if found.undo}
    undone = {found.name: found.undo.action for found in plan_of().steps if found.undo}
    assert forward <= set(undone)
    assert set(undone) - forward == {"check_drill_window", "take_fingerprint", "announce_to_tenants"}
    assert undone["take_fingerprint"] == "compare_fingerprint"
    assert undone["check_drill_window"] == "document_lessons_learned"


def test_every_step_can_be_read_back_by_its_action() -> None:
    plan = plan_of()
    assert Plan.from_wire(json.loads(json.dumps(plan.to_wire()))) == plan
    for found in all_steps(plan).values():
        assert catalog()[found.action].params.from_wire(found.params).to_wire() == found.params
    assert len(json.dumps(plan.to_wire())) < 200_000


# --- the plan carried out


def in_its_window(stage: Stage) -> Plan:
    """The drill of an estate whose window has been open for two hours, and is for most of a day."""
    opened = (stage.now.astimezone(UTC) - timedelta(hours=2)).replace(second=0, microsecond=0)
    dates = (DrillDate(date=opened.date(), change="CHG-00001", approved_by="CAB"),)
    drills = Drills(time_zone="Etc/UTC", start=opened.time(), length=timedelta(days=1), dates=dates)
    return plan_of(contoso().model_copy(update={"drills": drills}))


def resources(stage: Stage) -> set[str]:
    return set(stage.truth["resources"])


def nothing_is_left(stage: Stage, before: set[str]) -> None:
    truth = stage.truth
    assert set(truth["resources"]) == before
    assert truth["search"]["srch-fas-japanwest"] == {"indexes": {}, "aliases": {}, "indexers": {}}
    assert {tenant["served_by"] for tenant in truth["traffic"]["FAS"]["tenants"].values()} == {"japaneast"}
    cosmos = truth["cosmos"]["cosmos-fas-prod"]
    assert (cosmos["write_region"], cosmos["losses"], cosmos["offline"]) == ("japaneast", [], [])


def run_one(stage: Stage, number: int = 0) -> dict[str, Outcome]:
    run_id = f"drill-dr_drill-20260101T000000-{number:08x}"
    return carry_out(stage, in_its_window(stage), mode=Mode.DRILL, run_id=run_id)


def test_it_goes_there_and_back_and_the_fingerprint_is_the_same(stage: Stage) -> None:
    stage.lab.advance(30)
    before = resources(stage)
    done = run_one(stage)
    stage.lab.advance(90)
    nothing_is_left(stage, before)
    taken, compared = done["take_fingerprint"].evidence, done["compare_fingerprint"].evidence
    assert taken["fingerprint"] == compared["fingerprint"]
    assert list(done).index("validate_services") < list(done).index("failback_cosmos_db")
    kinds = [mail["subject"].split(":")[0] for mail in stage.truth["mails"]]
    assert kinds.count("Planned exercise") == kinds.count("The planned exercise is over") == 2
    names = stage.azure.blobs.names("https://stfasops.blob.core.windows.net", "foundry-ops-records", "drill-")
    assert {name.rsplit("/", 1)[-1] for name in names} == {
        "fingerprint-before.json",
        "fingerprint-after-compare-fingerprint.json",
        "lessons-learned.md",
    }


def steps_to_abort_at() -> Iterator[Any]:
    """Every fourth in the normal run, with `make soak` every one."""
    for number, step in enumerate(plan_of().steps):
        yield pytest.param(step.name, marks=[pytest.mark.soak] if number % 4 else [])


@pytest.mark.parametrize("at", list(steps_to_abort_at()))
def test_aborted_at_any_step_it_goes_back_to_where_it_began(stage: Stage, at: str) -> None:
    stage.lab.advance(30)
    before, plan, run_id = resources(stage), in_its_window(stage), "drill-dr_drill-20260101T000000-0000abcd"
    begun = carry_out(stage, plan, mode=Mode.DRILL, run_id=run_id, until=at)
    undone = undo(stage, plan, mode=Mode.DRILL, run_id=run_id, begun=begun)
    stage.lab.advance(90)
    nothing_is_left(stage, before)
    if "take_fingerprint" in begun:
        assert (
            undone["take_fingerprint"].evidence["fingerprint"]
            == begun["take_fingerprint"].evidence["fingerprint"]
        )
    assert list(undone)[-1] == "check_drill_window", "what was learned is written down last"


def test_outside_its_window_it_touches_nothing(stage: Stage) -> None:
    stage.from_now()
    with pytest.raises(
        StepFailed, match=r"no drill window is open: the next window opens at 2026-12-15 02:00"
    ):
        carry_out(stage, plan_of(), mode=Mode.DRILL)
    assert stage.writes == []


def drills_in_a_row(stage: Stage, count: int) -> None:
    stage.lab.advance(30)
    before = resources(stage)
    prints: set[str] = set()
    for number in range(count):
        done = run_one(stage, number)
        prints.add(done["compare_fingerprint"].evidence["fingerprint"])
        stage.lab.advance(90)
        nothing_is_left(stage, before)
    assert len(prints) == 1, "the configuration has drifted"


def test_a_few_drills_in_a_row_leave_nothing_behind(stage: Stage) -> None:
    drills_in_a_row(stage, 2)


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_a_hundred_drills_in_a_row_leave_nothing_behind() -> None:
    with open_stage() as stage:
        drills_in_a_row(stage, 100)
