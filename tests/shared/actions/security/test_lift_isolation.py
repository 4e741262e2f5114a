"""What the isolation added is taken away, and nothing else; tenants come back."""

from typing import Any

import pytest

from shared.actions.action import ATTEMPTS
from tests.shared.actions.changes_once import ChangesOnce, Scenario, refused
from tests.shared.actions.security.breach import APP, GROUP, broken_into, carried_out_before, planned, rules
from tests.shared.actions.stage import Stage, StepFailed

SECOND = "recovery-region_outage-20260101T010000-0a1b2c3e"
THIRD = "recovery-region_outage-20260101T020000-0a1b2c3f"
isolated = carried_out_before("revoke_compromised_credentials_sessions")


def lift() -> Any:
    return planned("lift_isolation")


def is_open(stage: Stage) -> None:
    assert set(rules(stage)) == {"allow-https-in", "allow-balancer-in"}
    ingress = stage.properties(APP.resource_id)["configuration"]["ingress"]
    assert ingress["customDomains"][0]["name"] == "api.fas.contoso.com"
    stage.lab.advance(60)
    assert stage.healthy("contoso")


class TestOnce(ChangesOnce):
    scenario = Scenario(step=lift, prepare=isolated, reached=is_open)


def test_network_and_ingress_are_as_they_were(stage: Stage) -> None:
    stage.lab.advance(30)
    before = stage.properties(GROUP), stage.properties(APP.resource_id)["configuration"]
    isolated(stage)
    stage.carry_out(lift())
    after = stage.properties(GROUP), stage.properties(APP.resource_id)["configuration"]
    assert after == before


def test_rules_of_others_stay(stage: Stage) -> None:
    isolated(stage)
    mine = {**rules(stage)["allow-https-in"], "priority": 3000}
    stage.azure.network.put_rule(
        GROUP, "allow-office", {k: v for k, v in mine.items() if k != "provisioningState"}
    )
    stage.lab.advance(10)
    stage.carry_out(lift())
    assert set(rules(stage)) == {"allow-https-in", "allow-balancer-in", "allow-office"}


def test_traffic_that_was_pinned_to_the_intruders_revision_goes_to_the_latest(stage: Stage) -> None:
    stage.lab.advance(20)
    name = stage.properties(APP.resource_id)["latestRevisionName"]

    def pin(app: Any) -> None:
        app["properties"]["configuration"]["ingress"]["traffic"] = [{"revisionName": name, "weight": 100}]

    stage.change(APP.resource_id, pin)
    stage.lab.advance(10)
    isolated(stage)  # the intruder's revision has replaced that one by now
    stage.carry_out(lift())
    traffic = stage.properties(APP.resource_id)["configuration"]["ingress"]["traffic"]
    assert traffic == [{"latestRevision": True, "weight": 100}]


def test_what_an_aborted_run_has_left_closed_the_next_one_opens(stage: Stage) -> None:
    isolated(stage)
    for run_id in (SECOND, THIRD):
        stage.carry_out(planned("preserve_evidence"), run_id=run_id)
        stage.carry_out(planned("isolate_affected_systems"), run_id=run_id)
    stage.carry_out(lift(), run_id=THIRD)
    is_open(stage)


def test_an_ingress_that_its_owner_closed_since_stays_closed(stage: Stage) -> None:
    isolated(stage)
    stage.carry_out(lift())
    stage.change(APP.resource_id, lambda app: app["properties"]["configuration"].update(ingress=None))
    for name in ("preserve_evidence", "isolate_affected_systems", "lift_isolation"):
        stage.carry_out(planned(name), run_id=SECOND)
    assert not stage.properties(APP.resource_id)["configuration"]["ingress"]


def test_without_evidence_nobody_knows_what_it_was_like(stage: Stage) -> None:
    broken_into(stage)
    refused(stage, lift(), "no evidence was preserved")


@pytest.mark.parametrize("place", ["containerApps/ca-agent-service", "deny-inbound"])
def test_what_azure_fails_at_is_begun_again_until_people_are_asked(stage: Stage, place: str) -> None:
    isolated(stage)
    stage.lab.fault("lro_failed", place, count=ATTEMPTS, code="Conflict", message="the backend was busy")
    with pytest.raises(StepFailed, match="failed 3 times"):
        stage.carry_out(lift())
    stage.carry_out(lift())
    is_open(stage)
