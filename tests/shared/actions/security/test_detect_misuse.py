"""Attacks on credentials and reaches across tenants are found in the logs, and ordinary days are quiet."""

from datetime import timedelta

from shared.actions.security.detect_misuse import detect_misuse
from tests.shared.actions.stage import Stage

LOOK = detect_misuse.step(over=timedelta(minutes=10))


def test_ordinary_days_are_quiet(stage: Stage) -> None:
    stage.lab.advance(600)
    outcome = stage.carry_out(LOOK).outcome
    assert outcome.findings == ()
    assert "nothing stands out" in outcome.summary
    assert stage.writes == []


def test_an_attack_on_credentials_is_seen(stage: Stage) -> None:
    stage.lab.fault("security_alert", "ca-agent-service", message="credentials")
    stage.lab.advance(600)
    found = stage.carry_out(LOOK).outcome.findings
    assert any("failed within five minutes" in one.title for one in found)


def test_a_reach_for_another_tenant_is_critical(stage: Stage) -> None:
    stage.lab.fault("boundary_violation", "fabrikam")
    stage.lab.advance(300)
    found = stage.carry_out(LOOK).outcome.findings
    assert [one.severity for one in found if one.resource == "fabrikam"] == ["critical"]
