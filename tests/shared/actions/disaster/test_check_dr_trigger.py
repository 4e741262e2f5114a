"""A trigger condition is believed on evidence only: probes, Resource Health, Service Health, and Azure's own clock."""

from typing import Any

import pytest

from shared.actions.disaster.check_dr_trigger import Trigger, check_dr_trigger
from shared.model.estate import OpenAi
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import contoso, refused
from tests.shared.actions.stage import Stage, services_in

HOUR = 3600


def check(trigger: Trigger | None) -> Step:
    return check_dr_trigger.step(trigger=trigger, region="eastus2", services=services_in("eastus2"))


def out_for(stage: Stage, seconds: float) -> None:
    stage.lab.advance(30)
    stage.outage("eastus2")
    stage.lab.advance(seconds)


def lose(stage: Stage, *, models: bool = True) -> None:
    stage.lab.fault("workspace_deleted", "aml-prod-eus2-ai-01")
    if models:
        account = contoso().of_kind(OpenAi)[0].resource_id
        stage.lab.inside(
            lambda world: [world.resources.delete(key) for key, _ in list(world.resources.rows(account))]
        )


@pytest.mark.parametrize("trigger", Trigger)
def test_a_region_that_works_is_no_disaster(stage: Stage, trigger: Trigger) -> None:
    stage.lab.advance(30)
    refused(
        stage, check(trigger), "eastus2 works: 0 of 4 services in eastus2 do not work, so there is nothing"
    )


def test_more_than_two_hours_are_a_disaster(stage: Stage) -> None:
    out_for(stage, 2 * HOUR + 60)
    done = stage.carry_out(check(Trigger.REGION_UNAVAILABLE))
    assert done.outcome.summary.startswith("region_unavailable holds: eastus2 has been out for 2.0 h; 4 of 4")
    assert done.outcome.evidence["out_for_seconds"] >= 2 * HOUR
    assert "does not answer" in done.outcome.evidence["services"]["training-data"]
    assert not done.outcome.changed
    assert stage.writes == []


def test_two_hours_and_less_are_not(stage: Stage) -> None:
    out_for(stage, HOUR)
    refused(
        stage,
        check(Trigger.REGION_UNAVAILABLE),
        r"out for 1.0 h by Azure's account, .* more than 2.0 h: wait",
    )


def test_a_region_of_which_a_part_works_is_not_out(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.lab.fault("endpoint_down", "aoai-prod-eus2-ai-01.openai.azure.com")
    refused(
        stage,
        check(Trigger.REGION_UNAVAILABLE),
        "is not out: ml-workspace, training-data, inference-api works",
    )


def test_what_azure_declares_needs_no_two_hours(stage: Stage) -> None:
    out_for(stage, 240)
    done = stage.carry_out(check(Trigger.DATA_CENTER_FAILURE))
    assert "Azure has declared" in done.outcome.summary
    assert "East US 2 - availability issues" in done.outcome.evidence["service_health"][0]


def test_azure_is_given_the_minutes_that_it_needs_to_declare(stage: Stage) -> None:
    out_for(stage, 120)
    done = stage.carry_out(check(Trigger.DATA_CENTER_FAILURE))
    assert done.errors
    assert "declares no active issue in eastus2: it needs some minutes" in str(done.errors[0])


def test_an_outage_elsewhere_is_none_here(stage: Stage) -> None:
    stage.outage("westus2")
    stage.lab.advance(240)
    stage.lab.fault("endpoint_down", "aoai-prod-eus2-ai-01.openai.azure.com")
    refused(stage, check(Trigger.DATA_CENTER_FAILURE), "declares no active issue in eastus2")


def test_resources_that_are_lost_are_a_catastrophe_at_once(stage: Stage) -> None:
    lose(stage)
    done = stage.carry_out(check(Trigger.CATASTROPHIC_FAILURE))
    assert "landing-openai, ml-workspace lost" in done.outcome.summary
    assert done.outcome.evidence["services"]["ml-workspace"] == "the workspace does not exist"


def test_a_catastrophe_takes_all_primary_resources(stage: Stage) -> None:
    lose(stage, models=False)
    refused(
        stage,
        check(Trigger.CATASTROPHIC_FAILURE),
        "not lost: landing-openai works; recover what is lost by its",
    )


def test_a_drill_only_tells_what_it_saw(stage: Stage) -> None:
    stage.lab.advance(30)
    done = stage.carry_out(check(None), mode=Mode.DRILL)
    assert (
        done.outcome.summary == "a drill needs no trigger condition; 0 of 4 services in eastus2 do not work"
    )


def test_a_broken_workspace_counts(stage: Stage) -> None:
    def broken(resource: Any) -> None:
        resource["properties"]["provisioningState"] = "Failed"

    workspace = next(service for service in services_in("eastus2") if service.name == "ml-workspace")
    stage.change(workspace.resource_id, broken)
    done = stage.carry_out(check(None), mode=Mode.DRILL)
    assert done.outcome.evidence["services"]["ml-workspace"] == "the workspace is Failed"
