"""Clusters go back to their scale, and the owner says what the money went to."""

import json

import pytest

from shared.actions.catalog import catalog
from shared.errors import EstateInvalid
from shared.model.estate import Estate, MlWorkspace
from shared.model.plan import Mode, Plan
from shared.plans.alerted import AlertParameters
from shared.plans.planning import PlanRequest
from shared.plans.remediation.cost_anomaly import cost_anomaly
from tests.shared.actions.remediation.test_human_task import answer
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import carry_out

WORKSPACE = contoso().of_kind(MlWorkspace)[0]


def plan_of(estate: Estate | None = None) -> Plan:
    budget = f"/subscriptions/{contoso().subscription_id}/providers/Microsoft.Consumption/budgets/monthly"
    given = AlertParameters(resources=(budget,), service="ml-workspace")
    return cost_anomaly(estate or contoso(), PlanRequest(mode=Mode.REAL), given)


def test_a_budget_leads_to_the_workspace_that_the_rule_names() -> None:
    reset, explain = plan_of().steps
    assert reset.params["service"]["name"] == "ml-workspace"
    assert explain.needs == ("reset_cluster_scale",)
    assert WORKSPACE.owner in explain.params["to"]
    with pytest.raises(EstateInvalid, match="no security section"):
        plan_of(contoso().model_copy(update={"security": None}))


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


def test_the_owner_explains_what_was_spent(stage: Stage) -> None:
    stage.lab.advance(60)
    answer(stage, "explain_spend")
    assert carry_out(stage, plan_of(), mode=Mode.REAL)["explain_spend"].evidence["files"]
