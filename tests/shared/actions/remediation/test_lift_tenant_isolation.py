"""A tenant is served again, and who else is away stays away."""

from shared.actions.remediation.isolate_tenant import isolate_tenant
from shared.actions.remediation.lift_tenant_isolation import lift_tenant_isolation
from shared.model.plan import Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario
from tests.shared.actions.remediation.gate import EVIDENCE, evidence_kept, isolated, params
from tests.shared.actions.stage import Stage


def lift() -> Step:
    return lift_tenant_isolation.step(**params())


def both_are_away(stage: Stage) -> None:
    evidence_kept(stage)
    for tenant in ("contoso", "fabrikam"):
        stage.carry_out(isolate_tenant.step(**params(tenant, evidence_container=EVIDENCE)))


def only_fabrikam_is_back(stage: Stage) -> None:
    assert isolated(stage) == {"contoso"}
    stage.lab.advance(10)
    assert stage.healthy("fabrikam")


class TestLifting(ChangesOnce):
    scenario = Scenario(step=lift, prepare=both_are_away, reached=only_fabrikam_is_back)


def test_who_was_never_away_is_only_looked_at(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.from_now()
    assert not stage.carry_out(lift()).outcome.changed
    assert stage.writes == []
