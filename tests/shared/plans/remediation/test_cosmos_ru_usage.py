"""Which containers the plan looks at, and that it helps."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from shared.actions.catalog import catalog
from shared.errors import ParametersInvalid
from shared.model.estate import CosmosDb
from shared.model.plan import Mode, Plan, Step
from shared.planners.guardrails import Ask, Guarded, admit
from shared.plans.maintenance.scale_cosmos import scale_cosmos
from shared.plans.planning import PlanRequest
from shared.plans.remediation.cosmos_ru_usage import Parameters, cosmos_ru_usage
from tests.shared.actions.remediation.scene import trouble
from tests.shared.actions.stage import Stage, StepFailed, contoso
from tests.shared.plans.walk import climb

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SERVICE = contoso().of_kind(CosmosDb)[0]


def plan_of(**parameters: object) -> Plan:
    given = Parameters.model_validate({"resources": [SERVICE.resource_id], **parameters})
    return cosmos_ru_usage(contoso(), PlanRequest(mode=Mode.REAL), given)


def containers(plan: Plan) -> list[str]:
    return [one["container_id"].rsplit("/", 1)[-1] for one in plan.steps[0].params["containers"]]


def test_the_alert_says_which_container_else_all_are_looked_at() -> None:
    assert containers(plan_of()) == ["threads", "messages", "runs", "files"]
    assert containers(plan_of(dimensions={"collectionName": "Runs", "DatabaseName": "agents"})) == ["runs"]
    assert containers(plan_of(dimensions={"tenantId": "contoso"})) == ["threads", "messages", "runs", "files"]
    with pytest.raises(
        ParametersInvalid, match="'orders' is no container of agents-db, which has threads, messages"
    ):
        plan_of(dimensions={"CollectionName": "orders"})


def test_limits_come_from_the_rule() -> None:
    plan = plan_of(target=3000, cap=8000, usage_below=70)
    params = plan.steps[0].params
    assert (params["target"], params["cap"], params["floor"]) == (3000, 8000, 400)
    assert params["containers"][0]["proof"]["conditions"][0]["below"] == 70
    assert (plan.mode, plan.services, plan.approval.required) == ("first_success", ("agents-db",), 0)


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


def test_a_container_that_uses_up_its_throughput_gets_twice_as_much(stage: Stage) -> None:
    stage.lab.advance(60)
    hot = f"{SERVICE.resource_id}/sqlDatabases/agents/containers/messages"
    trouble(stage, "high_load", hot, demand=5000)
    stage.lab.advance(120)
    (outcome,) = climb(stage, plan_of(), mode=Mode.REAL).values()
    assert outcome.summary == "messages has 8000 RU/s, it had 4000 (autoscale); it helped"


def test_it_shares_its_cool_down_with_the_autoscaler() -> None:
    """One load is answered once, whichever of the two sees it first."""
    estate = contoso()
    clocked = scale_cosmos(estate, PlanRequest(mode=Mode.REAL)).steps
    (alerted, _) = plan_of(dimensions={"CollectionName": "files"}).steps
    (own,) = alerted.touches
    (same,) = [step for step in clocked if own in step.touches]
    others = [step for step in clocked if step != same]

    def ask(step: Step, minutes: float) -> Ask:
        return Ask(
            run_id=step.action,
            step=step.name,
            action=step.action,
            kind="remediation",
            touches=step.touches,
            at=NOON + timedelta(minutes=minutes),
            cool_down_seconds=estate.limits.cool_downs.get(
                step.action, estate.limits.cool_down
            ).total_seconds(),
            changes_per_hour=20,
        )

    for first, second in ((same, alerted), (alerted, same)):
        admitted, guarded = admit(Guarded(), ask(first, 0))
        assert admitted == ""
        assert admit(guarded, ask(second, 3))[0].startswith(
            f"cool-down: {first.action} changed container:agents-db/files 3 min ago"
        )
        assert admit(guarded, ask(second, 16))[0] == ""
    _, guarded = admit(Guarded(), ask(alerted, 0))
    assert [admit(guarded, ask(step, 1))[0] for step in others] == [""] * 3


def test_where_somebody_else_has_scaled_it_is_only_waited_whether_that_is_enough(stage: Stage) -> None:
    stage.lab.advance(60)
    hot = f"{SERVICE.resource_id}/sqlDatabases/agents/containers/messages"
    trouble(stage, "high_load", hot, demand=5000)
    stage.lab.advance(120)
    scale, verify = plan_of(dimensions={"CollectionName": "messages"}).steps
    with pytest.raises(
        StepFailed, match=r"did not help within 0:05:00: NormalizedRUConsumption of messages is"
    ):
        stage.carry_out(verify)
    stage.carry_out(scale)
    stage.from_now()
    outcome = stage.carry_out(verify).outcome
    assert (outcome.changed, stage.writes) == (False, [])
    assert outcome.summary == "messages has throughput enough by now; it helped"
