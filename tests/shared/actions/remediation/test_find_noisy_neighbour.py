"""The tenant that crowds the others is named, with its share and advice."""

from datetime import timedelta

from shared.actions.remediation.find_noisy_neighbour import find_noisy_neighbour
from tests.shared.actions.stage import Stage

FIND = find_noisy_neighbour.step(over=timedelta(minutes=5))


def test_ordinary_days_have_no_noise(stage: Stage) -> None:
    stage.lab.advance(300)
    outcome = stage.carry_out(FIND).outcome
    assert outcome.summary == "none of 2 tenants uses more than its share"
    assert {row["tenant"] for row in outcome.evidence["usage"]} == {"contoso", "fabrikam"}


def test_the_noisy_one_is_named(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.lab.fault("noisy_neighbour", "fabrikam")
    stage.lab.advance(300)
    (finding,) = stage.carry_out(FIND).outcome.findings
    assert finding.title.startswith("tenant fabrikam uses 9")
    assert "limit fabrikam to" in finding.recommendation or "let fabrikam have" in finding.recommendation
    assert stage.writes == []
