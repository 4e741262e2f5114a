"""Nobody gets in or out, what the apps need to start still does, and nothing is changed without evidence."""

from typing import Any

import pytest

from shared.actions.action import ATTEMPTS
from tests.shared.actions.changes_once import ChangesOnce, Scenario, refused
from tests.shared.actions.security.breach import (
    APP,
    GROUP,
    broken_into,
    carried_out_before,
    intruder,
    planned,
    rules,
)
from tests.shared.actions.stage import Stage, StepFailed

prepared = carried_out_before("isolate_affected_systems")


def isolate() -> Any:
    return planned("isolate_affected_systems")


def is_isolated(stage: Stage) -> None:
    assert "ingress" not in stage.properties(APP.resource_id)["configuration"]
    can = intruder(stage)["can"]
    assert not [one for one in can if "ca-agent-service" in one], can
    stage.lab.advance(5)
    assert not stage.healthy("contoso")


class TestOnce(ChangesOnce):
    scenario = Scenario(step=isolate, prepare=prepared, reached=is_isolated)


def test_what_stays_open_decides_before_what_is_denied(stage: Stage) -> None:
    prepared(stage)
    stage.carry_out(isolate())
    found = rules(stage)
    outbound = {name: one for name, one in found.items() if one["direction"] == "Outbound"}
    order = sorted(outbound, key=lambda name: outbound[name]["priority"])
    assert [outbound[name]["access"] for name in order] == ["Allow", "Allow", "Allow", "Deny"]
    assert outbound[order[-1]]["destinationAddressPrefix"] == "Internet"
    assert found["foundry-ops-isolate-deny-inbound"]["priority"] < found["allow-https-in"]["priority"]


def test_without_evidence_nothing_is_changed(stage: Stage) -> None:
    broken_into(stage)
    refused(stage, isolate(), "no evidence was preserved, so nothing is changed")


def test_a_rule_that_comes_before_ours_is_named(stage: Stage) -> None:
    prepared(stage)

    def first(group: Any) -> None:
        group["properties"]["securityRules"][0]["properties"]["priority"] = 100

    stage.change(GROUP, first)
    refused(stage, isolate(), "rule allow-https-in .priority 100. lets traffic in or out before ours")


def test_a_group_that_is_not_there_is_told(stage: Stage) -> None:
    prepared(stage)
    step = isolate()
    elsewhere = step.model_copy(update={"params": {**step.params, "groups": [f"{GROUP}-x"]}})
    refused(stage, elsewhere, "there is no such network security group")


@pytest.mark.parametrize("place", ["containerApps/ca-agent-service", "deny-inbound"])
def test_what_azure_fails_at_is_begun_again_until_people_are_asked(stage: Stage, place: str) -> None:
    prepared(stage)
    stage.lab.fault("lro_failed", place, count=ATTEMPTS, code="Conflict", message="the backend was busy")
    with pytest.raises(StepFailed, match="failed 3 times"):
        stage.carry_out(isolate())
    assert stage.carry_out(isolate()).outcome.changed, "the operator said: retry"
    is_isolated(stage)
