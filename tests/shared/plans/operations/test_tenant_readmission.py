"""Nobody is let in again without somebody else's approval."""

import json

import pytest

from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.plan import ApprovalPolicy, Mode, Plan, PlanKind
from shared.plans.operations.tenant_readmission import Parameters, tenant_readmission
from shared.plans.planning import PlanRequest
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.remediation.test_tenant_boundary_violation import isolated
from tests.shared.plans.remediation.test_tenant_boundary_violation import plan_of as violated
from tests.shared.plans.walk import carry_out

REQUEST = PlanRequest(mode=Mode.REAL)


def plan_of(tenant: str = "fabrikam") -> Plan:
    return tenant_readmission(contoso(), REQUEST, Parameters(tenant=tenant))


def test_it_asks_for_approval_and_claims_the_app() -> None:
    plan = plan_of()
    assert plan.approval.required == 1
    assert plan.services == ("agent-service",)
    assert [step.name for step in plan.steps] == ["lift_tenant_isolation", "notify_stakeholders"]
    assert Plan.from_wire(json.loads(json.dumps(plan.to_wire()))) == plan


def test_an_estate_that_asks_nobody_has_no_such_plan() -> None:
    approvals = {**contoso().approvals, PlanKind.OPERATION: ApprovalPolicy(required=0)}
    with pytest.raises(EstateInvalid, match="operation require one at least"):
        tenant_readmission(
            contoso().model_copy(update={"approvals": approvals}), REQUEST, Parameters(tenant="fabrikam")
        )
    with pytest.raises(ParametersInvalid, match="'northwind' is no tenant of the estate"):
        plan_of("northwind")


def test_who_was_isolated_is_served_again(stage: Stage) -> None:
    stage.lab.advance(30)
    carry_out(stage, violated(), mode=Mode.REAL)
    carry_out(
        stage, plan_of(), mode=Mode.REAL, run_id="operation-tenant_readmission-20260101T000000-0a1b2c3d"
    )
    assert isolated(stage) == set()
    stage.lab.advance(10)
    assert stage.healthy("fabrikam")
