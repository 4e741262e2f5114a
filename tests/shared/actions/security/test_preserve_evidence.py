"""Evidence is whole, holds no key, and is never overwritten."""

import json

from shared.model.outcome import Outcome
from shared.model.severity import Severity
from tests.shared.actions.changes_once import ChangesOnce, Scenario
from tests.shared.actions.security.breach import (
    APP,
    CONTAINER,
    EAST,
    GROUP,
    broken_into,
    evidence,
    facts,
    planned,
    secrets_of,
)
from tests.shared.actions.stage import Stage


def is_kept(stage: Stage) -> None:
    assert evidence(stage)["run_id"]


def preserve() -> object:
    return planned("preserve_evidence")


class TestOnce(ChangesOnce):
    scenario = Scenario(step=preserve, prepare=broken_into, reached=is_kept)


def kept(stage: Stage) -> tuple[Outcome, dict]:
    broken_into(stage)
    done = stage.carry_out(preserve())
    return done.outcome, evidence(stage)


def test_everything_is_there_that_will_be_touched(stage: Stage) -> None:
    _, found = kept(stage)
    app = found["apps"][APP.resource_id]
    assert app["ingress"]["customDomains"][0]["name"] == "api.fas.contoso.com"
    assert [one["active"] for one in app["revisions"]] == [False, True]
    assert {one["name"] for one in found["security_rules"][GROUP]} == {"allow-https-in", "allow-balancer-in"}
    assert [len(keys) for keys in found["key_fingerprints"].values()] == [4, 2, 2, 2, 2, 2]
    assert len(found["secret_versions"][EAST]["tenant-signing-key"]) == 2
    assert facts.ROGUE_IDENTITY in {one["principal"] for one in found["role_assignments"]}
    assert found["users"][facts.FRANK]["enabled"]
    assert len(found["alerts"]) == 9
    assert [one["healthy"] for one in found["assessments"]] == [False]
    assert {one["caller"] for one in found["activity"]} == {"frank@contoso.com", facts.ROGUE_IDENTITY}


def test_it_holds_no_key_and_no_secret(stage: Stage) -> None:
    outcome, found = kept(stage)
    told = json.dumps(found) + json.dumps(outcome.to_wire())
    for secret in secrets_of(stage):
        assert secret not in told


def test_what_was_kept_first_stays(stage: Stage) -> None:
    _, first = kept(stage)
    stage.lab.fault("leaked_credential", "*")
    stage.lab.advance(30)
    again = stage.carry_out(preserve())
    assert evidence(stage) == first
    assert not again.outcome.changed


def test_a_container_that_its_owner_may_empty_is_told(stage: Stage) -> None:
    outcome, _ = kept(stage)
    (finding,) = outcome.findings
    assert finding.severity is Severity.MEDIUM
    assert finding.resource.endswith(CONTAINER)
    assert "retention policy" in finding.recommendation
