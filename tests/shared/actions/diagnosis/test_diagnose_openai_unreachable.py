"""Account, private endpoint, security rule, DNS: each place where the way can be cut."""

from typing import Any

from infra.local.azure import World, landing_zone
from infra.local.azure.contoso import resource_id
from shared.actions.diagnosis.diagnose_openai_unreachable import diagnose_openai_unreachable
from shared.model.estate import OpenAi
from tests.shared.actions.stage import Stage, contoso

SERVICE = contoso().of_kind(OpenAi)[0]
SECURITY = contoso().security
assert SECURITY
GROUP = SECURITY.network_security_groups["japaneast"]
LOOK = diagnose_openai_unreachable.step(service=SERVICE, groups=(GROUP,))
ENDPOINT = resource_id(landing_zone.EAST, "Microsoft.Network/privateEndpoints", "pe-aoai")


def titles(stage: Stage) -> list[str]:
    return [one.title for one in stage.carry_out(LOOK).outcome.findings]


def put(stage: Stage, kind: str, address: str, properties: dict[str, Any]) -> None:
    def work(world: World) -> None:
        name = address.rsplit("/", 1)[-1]
        world.put_resource(
            {"id": address, "name": name, "type": kind, "location": "eastus2", "properties": properties}
        )

    stage.lab.inside(work)


def closed(stage: Stage) -> None:
    stage.change(SERVICE.resource_id, lambda one: one["properties"].update(publicNetworkAccess="Disabled"))


def connected(stage: Stage, status: str) -> None:
    link = {
        "properties": {
            "privateLinkServiceId": SERVICE.resource_id,
            "privateLinkServiceConnectionState": {"status": status},
        }
    }
    put(stage, "Microsoft.Network/privateEndpoints", ENDPOINT, {"privateLinkServiceConnections": [link]})


def test_an_open_account_has_nothing_wrong(stage: Stage) -> None:
    stage.lab.advance(30)
    assert titles(stage) == []
    assert stage.writes == []


def test_closed_without_a_private_endpoint(stage: Stage) -> None:
    closed(stage)
    assert titles(stage) == ["public access is disabled, and there is no private endpoint"]


def test_an_endpoint_that_waits_for_approval_and_has_no_dns(stage: Stage) -> None:
    closed(stage)
    connected(stage, "Pending")
    assert titles(stage) == [
        "private endpoint pe-aoai is Pending",
        "private DNS zone privatelink.openai.azure.com is missing",
    ]
    zone = resource_id(landing_zone.EAST, "Microsoft.Network/privateDnsZones", "privatelink.openai.azure.com")
    put(stage, "Microsoft.Network/privateDnsZones", zone, {})
    connected(stage, "Approved")
    assert titles(stage) == []


def test_a_rule_that_lets_nothing_out(stage: Stage) -> None:
    rule = {
        "direction": "Outbound",
        "access": "Deny",
        "priority": 200,
        "protocol": "*",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "Internet",
        "destinationPortRange": "400-500",
    }
    stage.azure.network.put_rule(GROUP, "no-internet", rule)
    stage.lab.advance(30)
    assert titles(stage) == ["rule no-internet denies the way out to 443"]


def test_an_account_that_is_gone(stage: Stage) -> None:
    stage.lab.inside(lambda world: world.resources.delete(SERVICE.resource_id))
    assert titles(stage)[0] == f"{SERVICE.resource_id.rsplit('/', 1)[-1]} does not exist"
