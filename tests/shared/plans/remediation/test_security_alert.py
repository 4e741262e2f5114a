"""Four kinds of incident through seven steps, the same seven each time."""

import json

import pytest

from shared.actions.catalog import catalog
from shared.errors import EstateInvalid
from shared.model.plan import Mode, Plan
from shared.plans.planning import PlanRequest
from shared.plans.remediation.security_alert import Parameters, security_alert
from tests.shared.actions.remediation.scene import APP, answers
from tests.shared.actions.remediation.test_human_task import answer
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import carry_out

SEVEN = ["detect", "contain", "investigate", "eradicate", "recover", "document", "prevent"]
FRANK = "22222222-2222-4222-8222-0000000000f1"


def plan_of(said: str = "", **parameters: object) -> Plan:
    given = {"resources": [APP.resource_id], "dimensions": {"AlertName": said}, **parameters}
    return security_alert(contoso(), PlanRequest(mode=Mode.REAL), Parameters.model_validate(given))


def phases(plan: Plan) -> list[str]:
    return list(dict.fromkeys(step.name.split("_")[0] for step in plan.steps if step.name != "tell_security"))


def actions(plan: Plan) -> dict[str, str]:
    return {step.name: step.action for step in plan.steps}


@pytest.mark.parametrize("kind", ["data_breach", "compromised_credentials", "malware", "ddos"])
def test_each_kind_goes_through_the_seven_steps_in_order(kind: str) -> None:
    plan = plan_of(incident=kind, principals=[FRANK])
    assert phases(plan) == SEVEN
    names = [step.name for step in plan.steps]
    for before, step in zip(names[1:], plan.steps[2:], strict=False):
        assert step.needs == (before,), "one after the other: nothing is eradicated before it is contained"
    assert plan.approval.required == 1
    assert Plan.from_wire(json.loads(json.dumps(plan.to_wire()))) == plan
    for step in plan.steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Malware found in a container image that runs", "Malware"),
        ("Traffic of a distributed denial of service", "Ddos"),
        ("Many failed sign-ins, then one that succeeded", "Compromised credentials"),
        ("Unusual amount of data read by one identity", "Data breach"),
        ("something new", "Data breach"),
    ],
)
def test_the_kind_is_told_from_the_words_of_the_alert(said: str, title: str) -> None:
    assert plan_of(said).title.startswith(title)


def test_what_a_program_can_do_it_does() -> None:
    malware = actions(plan_of(incident="malware"))
    assert (malware["contain"], malware["eradicate"]) == (
        "isolate_affected_systems",
        "deploy_patched_systems",
    )
    assert malware["recover_access"] == "lift_isolation"
    stolen = actions(plan_of(incident="compromised_credentials", principals=[FRANK]))
    assert (stolen["contain_sessions"], stolen["contain_roles"]) == (
        "revoke_sessions",
        "revoke_role_assignments",
    )
    assert stolen["eradicate_cosmos_fas_prod"] == "regenerate_keys"
    assert actions(plan_of(incident="ddos"))["contain_capacity"] == "scale_up_resources"
    with pytest.raises(EstateInvalid, match="no security section"):
        security_alert(
            contoso().model_copy(update={"security": None}),
            PlanRequest(mode=Mode.REAL),
            Parameters(resources=(APP.resource_id,)),
        )


def test_malware_is_cut_off_replaced_and_the_platform_opens_again(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.lab.fault("security_alert", APP.resource_id, message="malware")
    for task in ("investigate", "prevent"):
        answer(stage, task)
    done = carry_out(stage, plan_of(incident="malware"), mode=Mode.REAL)
    assert answers(stage)
    assert done["recover_silence"].summary == "1 alerts are resolved, none is open"
    assert done["prevent"].evidence["files"]
