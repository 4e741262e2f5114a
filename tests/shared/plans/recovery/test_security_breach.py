"""The plan as data, and carried out against an intruder: evidence first, shut out, cured, and tenants back."""

import json
from datetime import timedelta
from typing import Any

import pytest

from infra.local.azure.services.security import facts
from shared.actions.catalog import catalog
from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import ContainerApp, Estate
from shared.model.plan import Mode, Plan, Step
from shared.model.signing import plan_digest
from shared.plans.planning import PlanRequest
from shared.plans.recovery.security_breach import Parameters, security_breach
from tests.shared.actions.security.breach import APP, GROUP, broken_into, secrets_of
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.walk import carry_out, undo

REAL = PlanRequest(mode=Mode.REAL)
FRANK = facts.FRANK


def plan_of(estate: Estate | None = None, request: PlanRequest = REAL, **parameters: Any) -> Plan:
    return security_breach(estate or contoso(), request, Parameters(**parameters))


def step(name: str, plan: Plan | None = None) -> Step:
    return next(found for found in (plan or plan_of()).steps if found.name == name)


def all_before(name: str, plan: Plan) -> set[str]:
    needs = step(name, plan).needs
    return {*needs, *(earlier for need in needs for earlier in all_before(need, plan))}


# --- the plan as data


def test_the_same_estate_and_request_make_the_same_plan() -> None:
    assert plan_digest(plan_of()) == plan_digest(plan_of())


def test_evidence_is_kept_before_anything_changes() -> None:
    plan = plan_of()
    assert plan.steps[0].name == "preserve_evidence"
    assert plan.steps[0].needs == ()
    assert all("preserve_evidence" in all_before(found.name, plan) for found in plan.steps[1:])


def test_sessions_go_before_roles_and_roles_before_keys() -> None:
    plan = plan_of()
    revoked = [found for found in plan.steps if found.name.startswith("revoke_compromised_credentials")]
    sessions, roles, *keys = revoked
    assert (sessions.action, roles.action) == ("revoke_sessions", "revoke_role_assignments")
    assert roles.needs == (sessions.name,)
    assert {found.needs for found in keys} == {(roles.name,)}
    assert {found.name for found in keys} == {
        "revoke_compromised_credentials_agents_db",
        "revoke_compromised_credentials_agent_search",
        "revoke_compromised_credentials_agent_search_recovery",
        "revoke_compromised_credentials_agent_files",
        "revoke_compromised_credentials_agent_files_delegations",
        "revoke_compromised_credentials_landing_openai",
        "revoke_compromised_credentials_landing_openai_recovery",
    }


def test_nothing_is_opened_before_it_is_proved_that_the_intruder_is_out() -> None:
    plan = plan_of()
    names = [found.name for found in plan.steps]
    assert names[-6:] == [
        "resolve_security_alerts",
        "security_validation",
        "lift_isolation",
        "validate_services",
        "measure_rto",
        "notify_stakeholders",
    ]
    assert all_before("security_validation", plan) == set(names[:-5])
    assert step("lift_isolation").needs == ("security_validation",)
    assert [found.name for found in plan.steps if not found.critical] == [
        "measure_rto",
        "notify_stakeholders",
    ]


def test_it_holds_every_step_of_the_source_document() -> None:
    names = " ".join(found.name for found in plan_of().steps)
    for wanted in (
        "isolate_affected_systems",
        "revoke_compromised_credentials",
        "deploy_patched_systems",
        "restore_from_clean_backup",
        "security_validation",
    ):
        assert wanted in names


def test_only_the_isolation_is_undone() -> None:
    undone = {found.name: found.undo.action for found in plan_of().steps if found.undo}
    assert undone == {"isolate_affected_systems": "lift_isolation"}


def test_keys_that_the_app_reads_go_into_the_vault_of_each_region() -> None:
    database = step("revoke_compromised_credentials_agents_db")
    assert {one["vault_url"] for one in database.params["secrets"]} == {
        "https://kv-fas-japaneast.vault.azure.net",
        "https://kv-fas-japanwest.vault.azure.net",
    }
    west = step("revoke_compromised_credentials_agent_search_recovery")
    assert west.params["account_id"].endswith("srch-fas-japanwest")
    (secret,) = west.params["secrets"]
    assert secret["vault_url"] == "https://kv-fas-japanwest.vault.azure.net"


def test_secrets_that_are_replaced_are_not_given_back() -> None:
    vaults = step("restore_from_clean_backup").params["vaults"]
    assert {name for vault in vaults for name in vault["names"]} == {"tenant-signing-key"}


def test_the_outage_is_when_the_intruder_came_if_nobody_knows_better(stage: Stage) -> None:
    began = stage.now - timedelta(hours=1)
    plan = plan_of(request=PlanRequest(mode=Mode.REAL, outage_started_at=began))
    assert step("restore_from_clean_backup", plan).params["since"].startswith(f"{began:%Y-%m-%dT%H:%M:%S}")
    earlier = plan_of(compromised_since=began - timedelta(days=1))
    assert (
        step("restore_from_clean_backup", earlier)
        .params["since"]
        .startswith(f"{began - timedelta(days=1):%Y-%m-%dT%H:%M:%S}")
    )


def test_the_operators_digest_wins_over_the_estates() -> None:
    digest = "sha256:" + "ab" * 32
    plan = plan_of(patched_digest=digest)
    assert step("deploy_patched_systems", plan).params["digest"] == digest
    assert step("security_validation", plan).params["apps"][0]["digest"] == digest


def test_a_tag_is_no_digest() -> None:
    with pytest.raises(ValueError, match="patched_digest"):
        Parameters(patched_digest="latest")


def test_only_what_is_affected_is_touched() -> None:
    plan = plan_of(affected_services=("agent-service", "agent-search"))
    assert plan.services == ("agent-search", "agent-service")
    assert "cosmos-fas-prod" not in json.dumps(plan.to_wire())
    assert "stfasprod" not in json.dumps(plan.to_wire())


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (
            {"affected_services": ("nothing",)},
            "'nothing' is no service that this plan looks after; known are agent-",
        ),
        ({"affected_services": ("agents-db",)}, "no container app is among them"),
        (
            {"compromised_principals": (facts.APP_IDENTITY,)},
            "is the identity of agent-service, which the estate keeps",
        ),
        ({"compromised_principals": (facts.BREAK_GLASS.upper(),)}, "the break-glass account"),
    ],
)
def test_what_would_do_harm_is_no_plan(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ParametersInvalid, match=said) as caught:
        plan_of(**parameters)
    assert caught.value.field in parameters


def test_an_estate_without_a_security_section_has_no_such_plan() -> None:
    with pytest.raises(EstateInvalid, match="no security section"):
        plan_of(contoso().model_copy(update={"security": None}))


def test_two_apps_get_steps_of_their_own() -> None:
    estate = contoso()
    assert estate.security is not None
    twin = estate.of_kind(ContainerApp)[0].model_copy(update={"name": "other-service", "health_url": None})
    image = estate.security.images[0].model_copy(update={"service": "other-service"})
    security = estate.security.model_copy(update={"images": (*estate.security.images, image)})
    both = estate.model_copy(update={"services": (*estate.services, twin), "security": security})
    names = {found.name for found in plan_of(both).steps}
    assert {"deploy_patched_systems_agent_service", "deploy_patched_systems_other_service"} <= names


def test_every_step_can_be_read_back_by_its_action() -> None:
    plan = plan_of(compromised_principals=(FRANK,))
    wire = json.loads(json.dumps(plan.to_wire()))
    assert Plan.from_wire(wire) == plan
    for found in [*plan.steps, *(found.undo for found in plan.steps if found.undo)]:
        params = catalog()[found.action].params
        assert params.from_wire(found.params).to_wire() == found.params


# --- the plan carried out


def recover(stage: Stage, mode: Mode = Mode.REAL) -> dict[str, Any]:
    began = broken_into(stage)
    request = PlanRequest(mode=mode, outage_started_at=began)
    plan = security_breach(contoso(), request, Parameters(compromised_principals=(FRANK,)))
    return carry_out(stage, plan, mode=mode)


def test_the_intruder_is_out_and_tenants_are_served(stage: Stage) -> None:
    stage.from_now()
    outcomes = recover(stage)
    truth = stage.truth
    assert truth["intruder"]["can"] == []
    assert truth["intruder"]["cured"]
    taken = truth["intruder"]["exfiltrated"]
    stage.lab.advance(60)
    assert stage.truth["intruder"]["exfiltrated"] == taken
    assert stage.healthy("contoso")
    assert stage.healthy("fabrikam")
    assert {one["status"] for one in truth["security"]["alerts"].values()} == {"Resolved"}
    assert set(truth["security"]["assessments"].values()) == {"Healthy"}
    assert {name for name, outcome in outcomes.items() if not outcome.changed} == {
        "security_validation",
        "validate_services",
        "measure_rto",
    }
    said = [
        json.dumps([one["method"], one["host"], one["path"], one["body"]])
        for one in stage.writes
        if one["applied"]
    ]
    twice = {one for one in said if said.count(one) > 1}
    assert not twice, "something was done twice"


def test_no_key_and_no_secret_is_told(stage: Stage) -> None:
    before = secrets_of(stage)
    outcomes = recover(stage)
    told = json.dumps([outcome.to_wire() for outcome in outcomes.values()]) + json.dumps(stage.truth)
    told += json.dumps(stage.lab.ledger())
    for secret in before | secrets_of(stage):
        assert secret not in told


def test_it_is_cured_though_many_writes_go_wrong(stage: Stage) -> None:
    stage.lab.fault("throttle", "*", count=4, match={"writes": True}, retry_after=3)
    stage.lab.fault("ack_lost", "*", count=6, match={"writes": True})
    recover(stage)
    stage.lab.advance(30)
    assert stage.truth["intruder"]["cured"]
    assert stage.healthy("contoso")


def test_a_drill_without_an_intruder_ends_with_everything_as_it_was(stage: Stage) -> None:
    stage.lab.advance(30)
    before = stage.truth
    carry_out(stage, plan_of(request=PlanRequest(mode=Mode.DRILL)), mode=Mode.DRILL)
    stage.lab.advance(30)
    truth = stage.truth
    assert stage.healthy("contoso")
    assert truth["role_assignments"] == before["role_assignments"]
    assert truth["users"] == before["users"]
    assert stage.properties(GROUP) == before["resources"][GROUP]["properties"]
    before_app, after_app = before["resources"][APP.resource_id], truth["resources"][APP.resource_id]
    assert after_app["properties"]["configuration"] == before_app["properties"]["configuration"]


def test_a_drill_that_is_given_up_opens_the_network_again(stage: Stage) -> None:
    stage.lab.advance(30)
    plan = plan_of(request=PlanRequest(mode=Mode.DRILL))
    begun = plan.model_copy(update={"steps": plan.steps[:2]})
    carry_out(stage, begun, mode=Mode.DRILL)
    stage.lab.advance(30)
    assert not stage.healthy("contoso")
    undo(stage, begun, mode=Mode.DRILL)
    stage.lab.advance(60)
    assert stage.healthy("contoso")
    assert (
        stage.properties(GROUP)["securityRules"]
        == facts.network_security_groups()[0]["properties"]["securityRules"]
    )
