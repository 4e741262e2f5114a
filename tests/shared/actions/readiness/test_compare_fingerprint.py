"""Every sort of thing that a drill could leave behind is found, and named in words."""

from collections.abc import Callable

import pytest

from infra.local.azure.contoso import WEST, group_id, resource_id
from infra.local.azure.services.security import authorization, facts
from shared.actions.readiness.compare_fingerprint import compare_fingerprint
from shared.model.estate import ContainerApp, CosmosDb, Storage, TrafficRoute
from shared.model.plan import Step
from shared.plans.recovery.region_outage import hosted
from tests.shared.actions.changes_once import contoso
from tests.shared.actions.readiness.test_take_fingerprint import take
from tests.shared.actions.stage import Stage, StepFailed


def compare() -> Step:
    return compare_fingerprint.step(services=hosted(contoso(), "japaneast").services)


def put(stage: Stage, *path: str, **properties: object) -> None:
    found = resource_id(WEST, *path)
    row = {"id": found, "name": path[-1], "type": "/".join(path[::2]), "properties": properties}
    stage.lab.inside(lambda world: world.put_resource(row))


def a_resource(stage: Stage) -> None:
    found = resource_id(WEST, "Microsoft.Cache/redis", "left")
    row = {
        "id": found,
        "name": "left",
        "type": "Microsoft.Cache/redis",
        "location": "japanwest",
        "properties": {},
    }
    stage.lab.inside(lambda world: world.put_resource(row))


def a_role(stage: Stage) -> None:
    principal, role = "7a3c1d52-0b64-4e8f-9d17-5c2be8a4f0ff", next(iter(facts.ROLE_IDS))
    kind, scope = "ServicePrincipal", group_id(WEST)
    stage.lab.inside(lambda world: authorization.assign(world, principal, kind, role, scope, at=world.now))


def a_deployment(stage: Stage) -> None:
    put(stage, "Microsoft.Resources/deployments", "deploy_container_apps-0", mode="Incremental")


def a_record(stage: Stage) -> None:
    zone = contoso().of_kind(TrafficRoute)[0].zone_id
    row = {
        "id": f"{zone}/TXT/left",
        "name": "left",
        "type": "Microsoft.Network/dnsZones/TXT",
        "properties": {"TTL": 1},
    }
    stage.lab.inside(lambda world: world.put_resource(row))


def an_index(stage: Stage) -> None:
    fields = [{"name": "id", "type": "Edm.String", "key": True}]
    stage.azure.search.create_index(
        "https://srch-fas-japanwest.search.windows.net", {"name": "left", "fields": fields}
    )


def a_rule(stage: Stage) -> None:
    def open_up(resource: dict) -> None:
        resource["properties"]["ipRules"] = [{"ipAddressOrRange": "1.2.3.4"}]

    stage.change(contoso().of_kind(CosmosDb)[0].resource_id, open_up)


def a_sku(stage: Stage) -> None:
    stage.change(
        contoso().of_kind(Storage)[0].resource_id, lambda row: row["sku"].update(name="Standard_LRS")
    )


def a_scale(stage: Stage) -> None:
    def scale(row: dict) -> None:
        row["properties"]["template"]["scale"]["minReplicas"] = 5

    stage.change(contoso().of_kind(ContainerApp)[0].resource_id, scale)


LEFT: dict[Callable[[Stage], None], str] = {
    a_resource: "resources in rg-fas-japanwest: redis left in rg-fas-japanwest is new: there",
    a_role: "roleAssignments in rg-fas-japanwest: [0-9a-f-]+ is new: ",
    a_deployment: "deployments in rg-fas-japanwest: deploy_container_apps-0 is new: there",
    a_record: "DNS record TXT left in dnsZones fas.contoso.com in rg-fas-global is new",
    an_index: r"srch-fas-japanwest in rg-fas-japanwest: indexes was \[\], is now \['left'\]|indexes is new",
    a_rule: r"cosmos-fas-prod in rg-fas-japaneast: properties.ipRules is new: ",
    a_sku: "stfasprod in rg-fas-japaneast: sku.name was Standard_RAGRS, is now Standard_LRS",
    a_scale: "ca-agent-service in rg-fas-japaneast: properties.template.scale.minReplicas was 3, is now 5",
}


@pytest.mark.parametrize("change", LEFT, ids=lambda change: change.__name__)
def test_what_is_left_behind_is_found_and_named(stage: Stage, change: Callable[[Stage], None]) -> None:
    stage.carry_out(take())
    change(stage)
    with pytest.raises(StepFailed, match=LEFT[change]):
        stage.carry_out(compare(), attempts=2)


def test_an_untouched_estate_is_what_it_was(stage: Stage) -> None:
    taken = stage.carry_out(take()).outcome
    stage.lab.advance(600)
    done = stage.carry_out(compare()).outcome
    assert done.evidence["fingerprint"] == taken.evidence["fingerprint"]
    stage.from_now()
    stage.carry_out(compare())
    assert stage.writes == []


def test_a_difference_that_was_only_a_moment_s_does_not_count(stage: Stage) -> None:
    stage.carry_out(take())
    a_deployment(stage)
    with pytest.raises(StepFailed):
        stage.carry_out(compare(), attempts=1)
    stage.lab.inside(
        lambda world: world.resources.delete(
            resource_id(WEST, "Microsoft.Resources/deployments", "deploy_container_apps-0")
        )
    )
    stage.carry_out(compare())


def test_without_a_kept_one_nothing_is_claimed(stage: Stage) -> None:
    with pytest.raises(
        StepFailed, match=r"there is no .*fingerprint-before\.json, so nothing can be compared"
    ):
        stage.carry_out(compare())
