"""Evidence, then isolation, with security told at once; and only of a tenant that the estate knows."""

import json

import pytest

from shared.actions.catalog import catalog
from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import Estate
from shared.model.plan import Mode, Plan
from shared.plans.alerted import AlertParameters
from shared.plans.planning import PlanRequest
from shared.plans.remediation.tenant_boundary_violation import tenant_boundary_violation
from tests.shared.actions.remediation.gate import isolated
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import carry_out, undo


def plan_of(estate: Estate | None = None, **dimensions: str) -> Plan:
    given = AlertParameters(dimensions=dimensions or {"tenantId": "fabrikam"})
    return tenant_boundary_violation(estate or contoso(), PlanRequest(mode=Mode.REAL), given)


def test_evidence_comes_before_isolation_and_nobody_is_asked() -> None:
    plan = plan_of()
    assert {step.name: step.needs for step in plan.steps} == {
        "tell_security": (),
        "preserve_evidence": (),
        "isolate_tenant": ("preserve_evidence",),
        "notify_security": ("isolate_tenant",),
    }
    assert [step.critical for step in plan.steps] == [False, True, True, False]
    assert plan.approval.required == 0
    assert plan.steps[0].params["to"] == ["security-team@contoso.com"]
    assert plan.steps[2].undo is not None
    assert plan.steps[2].undo.action == "lift_tenant_isolation"


def test_the_alert_must_name_a_tenant_of_the_estate() -> None:
    assert plan_of(tenant_name="Fabrikam").title == "Isolate tenant fabrikam"
    with pytest.raises(ParametersInvalid, match="names no tenant: split its rule by the dimension tenantId"):
        plan_of(region="japaneast")
    with pytest.raises(
        ParametersInvalid, match="'northwind' is no tenant of the estate, which has contoso, fabrikam"
    ):
        plan_of(tenantId="northwind")


def test_an_estate_without_gate_or_evidence_has_no_plan() -> None:
    with pytest.raises(EstateInvalid, match="no section tenant_gate"):
        plan_of(contoso().model_copy(update={"tenant_gate": None}))
    with pytest.raises(EstateInvalid, match="no security section"):
        plan_of(contoso().model_copy(update={"security": None}))


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


def test_the_tenant_is_out_and_an_abort_lets_it_in(stage: Stage) -> None:
    stage.lab.advance(30)
    carry_out(stage, plan_of(), mode=Mode.REAL)
    assert isolated(stage) == {"fabrikam"}
    assert stage.healthy("contoso")
    undo(stage, plan_of(), mode=Mode.REAL)
    assert isolated(stage) == set()
