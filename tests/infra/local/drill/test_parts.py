"""The parts of a drill that decide something: who plays whom, what a look at the world says, what counts as changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.drill import scenario, truth, verdict
from infra.local.drill.cast import cast_for
from infra.local.drill.failures import DrillFailed
from infra.local.machine import SAMPLE_ESTATE
from shared.estate.load import load, parse
from shared.planners.drill_window import drill_schedules, refusal
from shared.planners.schedule import due
from shared.plans.catalog import catalog
from tests.e2e.drilling import DRILLS

APPROVERS = ["bob@contoso.com", "carol@contoso.com", "erin@contoso.com"]


def look(*services: tuple[str, str, dict[str, bool]], **world: Any) -> truth.Truth:
    """One look; each service with its address and whether each of its tenants is served."""
    kept = {"outages": [], "failing_since": None, "minutes": {}, "served_by": "japaneast", "reason": "down"}
    traffic = {
        title: {
            "address": address,
            "requests_per_second": 5,
            "tenants": {name: {**kept, "healthy": well} for name, well in tenants.items()},
        }
        for title, address, tenants in services
    }
    said = {"timestamp": 0.0, "speed": 1.0, "operations": [], "faults": [], "mails": [], "resources": {}}
    return truth.read({**said, "traffic": traffic, **world}, datetime.now(UTC))


def test_whoever_has_the_duty_starts_and_the_others_approve() -> None:
    cast = cast_for(load(SAMPLE_ESTATE), APPROVERS, 2, "incident-commander")
    assert (cast.starter, cast.approvers) == ("erin@contoso.com", ("bob@contoso.com", "carol@contoso.com"))
    assert cast_for(load(SAMPLE_ESTATE), APPROVERS, 2).starter == "alice@contoso.com"
    with pytest.raises(DrillFailed, match="no Operator with the duty harbour-master"):
        cast_for(load(SAMPLE_ESTATE), APPROVERS, 2, "harbour-master")


def test_tenants_of_one_name_are_told_apart_and_looked_at_by_address() -> None:
    seen = look(("FAS", "api.x", {"contoso": True}), ("ML", "ml.x", {"contoso": False, "fabrikam": True}))
    assert [tenant.name for tenant in seen.tenants] == ["contoso", "contoso (ML)", "fabrikam"]
    assert seen.at("api.x").all_well
    assert not seen.at("ml.x").all_well
    assert not seen.all_failing


def test_unserved_names_who_fails_and_who_is_served_from_elsewhere() -> None:
    found = verdict.unserved(look(("FAS", "api.x", {"contoso": True, "fabrikam": False})), "japanwest")
    assert found == [
        "tenant contoso is served from japaneast, not from japanwest",
        "tenant fabrikam still fails: down",
    ]


def test_what_is_changed_is_named_and_a_deployment_in_the_history_is_not() -> None:
    before = look(resources={"/a": {"sku": 1}, "/b": {"sku": 1}})
    history = {"/providers/Microsoft.Resources/deployments/x": {}, "/w/workspaces/w/jobs/sample-1": {}}
    same = {"/a": {"sku": 1, "tags": {}}, "/b": {"sku": 1}}
    assert verdict.changed(before, look(resources={**same, **history})) == []
    tagged = {"/a": {"sku": 1, "tags": {"made-by": "x"}}, "/b": {"sku": 1}}
    assert verdict.changed(before, look(resources=tagged)) == ["/a is not what it was before"]
    assert verdict.changed(before, look(resources={"/a": {"sku": 2}, "/c": {}})) == [
        "/a is not what it was before",
        "/b is not what it was before",
        "/c is not what it was before",
    ]


@pytest.mark.parametrize("plan", scenario.known())
def test_a_scenario_is_named_for_its_plan_and_can_be_drilled(plan: str) -> None:
    found = scenario.scenario_of(plan)
    assert found.plan == plan
    assert found.plan in catalog()
    assert found.modes
    duties = {duty for person in load(SAMPLE_ESTATE).people for duty in person.duties}
    assert not found.started_by or found.started_by in duties
    rules = {rule.alert_rule: {rule.plan, rule.in_outage} for rule in load(SAMPLE_ESTATE).remediation}
    assert not found.rule or plan in rules[found.rule], "the estate answers that alert with another plan"


def test_a_drill_of_the_quarterly_drill_has_its_window_open_and_too_old_for_the_clock() -> None:
    sample = SAMPLE_ESTATE.read_text(encoding="utf-8")
    for text in (sample, DRILLS.sub("", sample)):
        estate = parse(scenario.scenario_of("dr_drill").estate(text), name="estate")
        now = datetime.now(UTC)
        assert not refusal(estate.drills, now)
        schedules = drill_schedules(estate.drills)
        assert schedules
        five = timedelta(minutes=5)
        assert due(schedules, since=now - five, now=now + five, time_zone=estate.time_zone) == ()
        assert estate.model_copy(update={"drills": load(SAMPLE_ESTATE).drills}) == load(SAMPLE_ESTATE)
