"""Every rule that can fire leads to a plan that can be made of what the alert says."""

import pytest

from infra.local.azure.services.alerts.rules import RULES
from shared.model.plan import Mode, PlanKind
from shared.plans.catalog import catalog
from shared.plans.planning import PlanRequest
from tests.shared.actions.stage import contoso

DIMENSIONS = {
    "tenant": "fabrikam",
    "cluster": "gpu-cluster-01",
    "CollectionName": "runs",
    "DatabaseName": "agents",
}
ANSWERED = {rule.alert_rule: rule for rule in contoso().remediation}


@pytest.mark.parametrize(
    "rule", [one for one in RULES if one.name != "HeartbeatMissing"], ids=lambda rule: rule.name
)
def test_what_fires_can_be_answered(rule: object) -> None:
    answer = ANSWERED[rule.name]  # pyright: ignore[reportAttributeAccessIssue]
    maker = catalog()[answer.plan]
    for target in rule.targets:  # pyright: ignore[reportAttributeAccessIssue]
        said = {name: DIMENSIONS.get(name, "x") for name in getattr(rule, "dimensions", ())}
        given = {"resources": [target], "dimensions": said, **answer.parameters}
        plan = maker(contoso(), PlanRequest(mode=Mode.REAL), maker.parameters.model_validate(given))
        assert plan.kind is PlanKind.REMEDIATION
