"""Azure scales the app by CPU and memory; rules for other things stay."""

from shared.actions.remediation.set_scale_rules import set_scale_rules
from shared.model.plan import Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario
from tests.shared.actions.remediation.scene import APP
from tests.shared.actions.stage import Stage

HTTP = {"name": "many-requests", "http": {"metadata": {"concurrentRequests": "50"}}}


def set_rules() -> Step:
    return set_scale_rules.step(app_id=APP.resource_id)


def scale(stage: Stage) -> dict:
    return stage.properties(APP.resource_id)["template"]["scale"]


def as_the_document_has_it(stage: Stage) -> None:
    found = {rule["name"]: rule["custom"] for rule in scale(stage)["rules"]}
    assert found == {
        "cpu": {"type": "cpu", "metadata": {"type": "Utilization", "value": "70"}},
        "memory": {"type": "memory", "metadata": {"type": "Utilization", "value": "80"}},
    }
    assert (scale(stage)["minReplicas"], scale(stage)["maxReplicas"]) == (2, 10)


class TestTheRules(BeginsOperations):
    scenario = Scenario(step=set_rules, reached=as_the_document_has_it, operation=APP.resource_id)


def test_a_rule_for_requests_stays_and_an_own_cpu_rule_is_replaced(stage: Stage) -> None:
    own = {"name": "busy", "custom": {"type": "cpu", "metadata": {"type": "Utilization", "value": "95"}}}
    stage.change(
        APP.resource_id, lambda app: app["properties"]["template"]["scale"].update(rules=[HTTP, own])
    )
    stage.carry_out(set_rules())
    assert [rule["name"] for rule in scale(stage)["rules"]] == ["many-requests", "cpu", "memory"]
    stage.from_now()
    assert not stage.carry_out(set_rules()).outcome.changed
    assert stage.writes == []
