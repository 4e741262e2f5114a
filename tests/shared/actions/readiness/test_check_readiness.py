"""Each precondition that does not hold is found, with its evidence and what to do about it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.azure import World
from infra.local.azure.contoso import GLOBAL, WEST, resource_id
from shared.actions.readiness.check_readiness import check_readiness
from shared.model.estate import ContainerApp, CosmosDb, Storage, TrafficRoute
from shared.model.plan import Step
from shared.model.readiness import PlanToCheck, Readiness
from shared.plans.readiness import plans_to_check
from tests.shared.actions.changes_once import contoso
from tests.shared.actions.stage import Stage, StepFailed

DELETED = "agent-secrets: tenant-signing-key in https://kv-fas-japanwest.vault.azure.net is deleted"


def check(*plans: PlanToCheck) -> Step:
    return check_readiness.step(plans=plans or plans_to_check(contoso()))


def outage(**changes: object) -> PlanToCheck:
    found = next(plan for plan in plans_to_check(contoso()) if plan.name == "region_outage")
    return found.model_copy(update=changes)


def kept(stage: Stage, name: str = "readiness/latest.json") -> Readiness:
    where = ("https://stfasops.blob.core.windows.net", "foundry-ops-records", name)
    content = stage.azure.blobs.read(*where)
    assert content is not None
    return Readiness.model_validate_json(content)


def reasons(stage: Stage, *plans: PlanToCheck) -> tuple[str, ...]:
    stage.carry_out(check(*(plans or (outage(),))))
    return kept(stage).plans[0].reasons


def test_the_sample_estate_is_ready_but_for_one_secret_and_nothing_is_touched(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.from_now()
    done = stage.carry_out(check())
    assert {entry["host"] for entry in stage.writes} == {"stfasops.blob.core.windows.net"}
    found = {plan.plan: plan for plan in kept(stage).plans}
    assert {"region_outage", "region_failback", "dr_drill"} <= set(found)
    assert [reason for reason in found["region_outage"].reasons if DELETED not in reason] == []
    assert (found["region_outage"].verdict, found["region_outage"].score) == ("at_risk", 90)
    assert done.outcome.evidence["scores"]["region_outage"] == 90
    assert len([one for one in done.outcome.findings if DELETED in one.title]) == 1, "once, for all plans"


def test_what_holds_is_told_with_its_evidence_too(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.carry_out(check(outage()))
    (plan,) = kept(stage).plans
    held = {one.check: one for one in plan.preconditions if one.met}
    assert set(held) >= {
        *(
            "replica",
            "environment",
            "certificate",
            "quota",
            "snapshot",
            "geo_replication",
            "vault",
            "traffic",
        ),
        *("permissions", "backup", "secrets", "dns", "image", "plan", "approvers", "contacts"),
    }
    assert held["quota"].evidence["cores_needed"] == 3
    assert held["image"].evidence["regions"] == ["japaneast", "japanwest"]
    assert held["dns"].evidence == {
        "leads_to": "tm-fas.trafficmanager.net",
        "record_ttl": 60,
        "profile_ttl": 60,
    }


def test_every_result_is_kept_under_its_own_time_as_well(stage: Stage) -> None:
    stage.carry_out(check())
    stage.lab.advance(86_400)
    stage.carry_out(check())
    where = ("https://stfasops.blob.core.windows.net", "foundry-ops-records", "readiness/2")
    names = stage.azure.blobs.names(*where)
    assert len(names) == 2
    assert kept(stage) == kept(stage, names[-1])


def no_permission(stage: Stage) -> None:
    rights = {"actions": ["*"], "notActions": ["Microsoft.App/containerApps/write"]}
    stage.lab.inside(lambda world: world.table("permission").put(WEST, {"value": [rights]}))


def no_replication(stage: Stage) -> None:
    registry = ("Microsoft.ContainerRegistry/registries", "acrfasprod", "replications", "japanwest")
    stage.lab.inside(lambda world: world.resources.delete(resource_id(GLOBAL, *registry)))


def slow_dns(stage: Stage) -> None:
    def slow(resource: dict[str, Any]) -> None:
        resource["properties"]["dnsConfig"]["ttl"] = 3600

    stage.change(contoso().of_kind(TrafficRoute)[0].resource_id, slow)


def no_secret(stage: Stage) -> None:
    stage.lab.inside(lambda world: world.table("secret").delete("kv-fas-japanwest/search-api-key"))


def no_geo(stage: Stage) -> None:
    def local(resource: dict[str, Any]) -> None:
        resource["sku"]["name"] = "Standard_LRS"
        resource["properties"].pop("secondaryLocation")

    stage.change(contoso().of_kind(Storage)[0].resource_id, local)


def no_replica(stage: Stage) -> None:
    def alone(resource: dict[str, Any]) -> None:
        policies = resource["properties"]["failoverPolicies"]
        resource["properties"]["failoverPolicies"] = policies[:1]

    stage.change(contoso().of_kind(CosmosDb)[0].resource_id, alone)


def no_environment(stage: Stage) -> None:
    found = contoso().of_kind(ContainerApp)[0].recovery_environment_id
    stage.lab.inside(lambda world: world.resources.delete(found))


def no_vault(stage: Stage) -> None:
    stage.lab.fault("endpoint_down", "kv-fas-japanwest.vault.azure.net")


def no_pager(stage: Stage) -> None:
    stage.lab.inside(lambda world: world.table("secret").delete("kv-fas-ops/pager-operations"))


def expired_tickets(stage: Stage) -> None:
    def work(world: World) -> None:
        table, key = world.table("secret"), "kv-fas-ops/tickets-jira"
        row = table.get(key)
        assert row is not None
        *older, latest = row["versions"]
        table.put(key, {**row, "versions": [*older, {**latest, "exp": int(world.now - 86_400)}]})

    stage.lab.inside(work)


def no_way_into_the_vault(stage: Stage) -> None:
    stage.lab.fault("error", "kv-fas-ops.vault.azure.net", status=403)


GAPS: dict[Callable[[Stage], None], tuple[str, str]] = {
    no_permission: (
        "critical: agent-service: this app may not Microsoft.App/containerApps/write in rg-fas-",
        "role",
    ),
    no_replication: (
        "high: agent-service: acrfasprod.azurecr.io is not replicated to japanwest",
        "add a replication",
    ),
    slow_dns: ("medium: api.fas.contoso.com: resolvers keep an answer for 3600 s", "lower the time to live"),
    no_secret: ("critical: agent-secrets: search-api-key is not in https://kv-fas-japanwest", "put it there"),
    no_geo: ("critical: agent-files has no copy in japanwest (Standard_LRS)", "make it geo-redundant"),
    no_replica: ("critical: agents-db has no replica in japanwest", "add japanwest to the account"),
    no_environment: (
        "critical: agent-service: environment cae-fas-japanwest is missing",
        "deploy the environment",
    ),
    no_pager: (
        "high: page operations-pager: pager-operations is not in https://kv-fas-ops",
        "put its Apprise URL there under that name",
    ),
    expired_tickets: (
        "medium: ticket system jira: tickets-jira has expired on",
        "renew it: put the API token",
    ),
    no_way_into_the_vault: (
        "medium: chat operations-chat: chat-operations cannot be looked at (list secrets",
        "read access",
    ),
    no_vault: ("critical: agent-secrets: list secrets on https://kv-fas-japanwest", "restore access"),
}


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: gap.__name__)
def test_a_gap_is_named_with_what_to_do_about_it(stage: Stage, gap: Callable[[Stage], None]) -> None:
    stage.lab.advance(30)
    gap(stage)
    title, advice = GAPS[gap]
    (found,) = [reason for reason in reasons(stage) if reason.startswith(title)]
    assert advice in found


def test_too_few_approvers_are_found_before_they_are_needed(stage: Stage) -> None:
    (found,) = [
        one
        for one in reasons(stage, outage(approvers=("bob@contoso.com", "dave@contoso.com")))
        if "appr" in one
    ]
    assert found.startswith("critical: 2 approvals are needed, 1 people can give them")


def test_a_plan_that_cannot_be_made_is_not_ready(stage: Stage) -> None:
    broken = PlanToCheck(name="broken", kind="recovery", problem="no front door leads to region x")
    stage.carry_out(check(broken))
    (plan,) = kept(stage).plans
    assert plan.verdict == "not_ready"
    assert (
        plan.reasons[0] == "critical: it cannot be made: no front door leads to region x (correct the estate)"
    )


def test_azure_asking_to_come_back_later_says_nothing_of_readiness(stage: Stage) -> None:
    stage.lab.fault("throttle", "management.azure.com", retry_after=1)
    with pytest.raises(StepFailed, match="429"):
        stage.carry_out(check(outage()), attempts=2)


def test_a_region_that_is_out_is_no_place_to_go_to(stage: Stage) -> None:
    stage.lab.advance(30)
    stage.outage("japanwest")
    stage.lab.advance(60)
    stage.carry_out(check(outage()))
    (plan,) = kept(stage).plans
    assert plan.verdict == "not_ready"
    assert json.dumps(plan.to_wire())
