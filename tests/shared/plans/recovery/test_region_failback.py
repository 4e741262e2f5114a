"""After an outage and its recovery everything goes home, gracefully, and the world is what it was before."""

import json
from dataclasses import replace

import pytest

from shared.actions.catalog import catalog
from shared.errors import EstateInvalid
from shared.model.estate import ContainerApp, CosmosDb, Storage
from shared.model.plan import Mode, Plan, Step
from shared.plans.planning import PlanRequest
from shared.plans.recovery.region_failback import region_failback
from shared.plans.recovery.region_outage import Parameters, region_outage
from tests.shared.actions.stage import Stage, StepFailed, contoso
from tests.shared.plans.walk import carry_out

REAL = PlanRequest(mode=Mode.REAL)
EAST, WEST = "japaneast", "japanwest"


def plan_of(**parameters: str) -> Plan:
    return region_failback(contoso(), REAL, Parameters(**parameters))


def step(name: str) -> Step:
    return next(found for found in plan_of().steps if found.name == name)


def all_before(name: str) -> set[str]:
    needs = step(name).needs
    return {*needs, *(earlier for need in needs for earlier in all_before(need))}


# --- the plan as data


def test_tenants_go_back_when_all_that_they_need_stands_ready() -> None:
    assert all_before("lead_tenants_back") == {
        "check_primary_region",
        "failback_cosmos_db",
        "restore_geo_replication",
        "failback_storage",
        "confirm_geo_replication",
        "copy_secrets_back",
        "rebuild_search_index",
        "restore_container_app",
    }
    assert "failback_cosmos_db" in all_before("rebuild_search_index")
    assert "copy_secrets_back" in all_before("restore_container_app")


def test_the_recovery_region_is_cleared_only_after_the_primary_has_proved_itself() -> None:
    for name in ("retire_container_app", "retire_search_index"):
        assert step(name).needs == ("validate_primary",)
    assert step("validate_primary").params["region"] == EAST


def test_people_are_told_when_all_is_over() -> None:
    steps = plan_of().steps
    assert all_before("notify_stakeholders") == {found.name for found in steps} - {"notify_stakeholders"}


def test_storage_goes_back_as_planned_even_in_a_real_run() -> None:
    assert step("failback_storage").params["planned"]


def test_tenants_can_be_led_to_the_recovery_region_again() -> None:
    undo = step("lead_tenants_back").undo
    assert undo is not None
    assert (undo.params["from_region"], undo.params["to_region"]) == (EAST, WEST)


def test_every_step_can_be_read_back_by_its_action() -> None:
    plan = plan_of()
    assert Plan.from_wire(json.loads(json.dumps(plan.to_wire()))) == plan
    for found in plan.steps:
        assert catalog()[found.action].params.from_wire(found.params).to_wire() == found.params


def test_there_is_no_way_back_to_a_region_that_nobody_came_from() -> None:
    with pytest.raises(EstateInvalid, match="no front door leads to region westus2"):
        plan_of(region="westus2")


# --- the plan carried out


def recovered(stage: Stage) -> str:
    """An outage that the estate has been recovered from; the fault goes on."""
    stage.lab.advance(30)
    fault = stage.outage()
    stage.lab.advance(60)
    request = PlanRequest(mode=Mode.REAL, outage_started_at=stage.now)
    carry_out(stage, region_outage(contoso(), request), mode=Mode.REAL)
    return fault


def served_from(stage: Stage) -> set[str]:
    return {tenant["served_by"] for tenant in stage.truth["traffic"]["FAS"]["tenants"].values()}


VOLATILE = {"lastGeoFailoverTime", "latestRevisionName", "latestReadyRevisionName"}


def shape(stage: Stage) -> dict[str, object]:
    """Every resource as it really is, without the times that Azure keeps of what was done."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items() if key not in VOLATILE}
        return [plain(one) for one in value] if isinstance(value, list) else value

    return {key: plain(row) for key, row in stage.truth["resources"].items()}


def test_after_outage_recovery_and_failback_the_world_is_what_it_was(stage: Stage) -> None:
    stage.lab.advance(30)
    before, search = shape(stage), stage.truth["search"]
    fault = recovered(stage)
    assert served_from(stage) == {WEST}
    stage.lab.advance(600)
    stage.lab.end(fault)
    stage.lab.advance(60)
    failures = stage.truth["traffic"]["FAS"]["tenants"]["contoso"]["failed"]
    carry_out(stage, plan_of(), mode=Mode.REAL)
    stage.lab.advance(90)
    assert served_from(stage) == {EAST}
    assert shape(stage) == before
    after = stage.truth
    assert after["search"]["srch-fas-japanwest"] == search["srch-fas-japanwest"]
    assert after["search"]["srch-fas-japaneast"]["aliases"] == {"agents": "agents-v1"}
    cosmos = after["cosmos"]["cosmos-fas-prod"]
    assert (cosmos["write_region"], cosmos["offline"]) == (EAST, [])
    assert len(cosmos["losses"]) == 1, "the outage's own loss, and no more"
    lost = after["traffic"]["FAS"]["tenants"]["contoso"]["failed"] - failures
    assert lost == 0, "tenants do not notice the way back"


def test_it_waits_while_the_region_is_still_out(stage: Stage) -> None:
    recovered(stage)
    stage.lab.advance(300)
    stage.from_now()
    with pytest.raises(
        StepFailed, match="japaneast cannot take its services back yet: Service Health: Multiple"
    ):
        carry_out(stage, plan_of(), mode=Mode.REAL)
    assert stage.writes == []
    assert served_from(stage) == {WEST}


def test_what_was_deployed_and_changed_in_the_meantime_comes_along(stage: Stage) -> None:
    fault = recovered(stage)
    app = contoso().of_kind(ContainerApp)[0]
    image = "acrfasprod.azurecr.io/agent-service@sha256:" + "7" * 64

    def deploy(resource: dict) -> None:
        resource["properties"]["template"]["containers"][0]["image"] = image

    stage.change(app.recovery_resource_id, deploy)
    stage.lab.inside(
        lambda world: world.table("repository").put(
            "acrfasprod.azurecr.io/agent-service",
            {
                "digests": [
                    *world.table("repository").peek("acrfasprod.azurecr.io/agent-service")["digests"],
                    image[-71:],
                ]
            },
        )
    )
    west = stage.azure.secret_values.whole("https://kv-fas-japanwest.vault.azure.net", "tenant-signing-key")
    assert west is not None
    rotated = replace(west, value="rotated during the outage")
    stage.azure.secret_values.copy("https://kv-fas-japanwest.vault.azure.net", rotated)
    stage.lab.end(fault)
    carry_out(stage, plan_of(), mode=Mode.REAL)
    assert stage.properties(app.resource_id)["template"]["containers"][0]["image"] == image
    home = stage.azure.secret_values.whole("https://kv-fas-japaneast.vault.azure.net", "tenant-signing-key")
    assert home is not None
    assert home.value == "rotated during the outage"


@pytest.mark.parametrize(("fault", "details"), [("ack_lost", {}), ("throttle", {"retry_after": 3})])
def test_it_gets_home_though_many_writes_go_wrong(stage: Stage, fault: str, details: dict) -> None:
    out = recovered(stage)
    stage.lab.end(out)
    stage.from_now()
    stage.lab.fault(fault, "*", count=12, match={"writes": True}, **details)
    carry_out(stage, plan_of(), mode=Mode.REAL)
    stage.lab.advance(90)
    assert served_from(stage) == {EAST}
    assert max(stage.effects.values()) == 1
    assert stage.properties(contoso().of_kind(Storage)[0].resource_id)["primaryLocation"] == EAST
    assert stage.properties(contoso().of_kind(CosmosDb)[0].resource_id)["failoverPolicies"][0]["locationName"]
