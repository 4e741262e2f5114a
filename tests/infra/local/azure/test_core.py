"""The core: Azure Resource Manager's manners, the ledger, transactions, hooks."""

from pathlib import Path

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.mgmt.appcontainers import ContainerAppsAPIClient

from infra.local.azure import ManualClock, open_world
from infra.local.azure.contoso import SUBSCRIPTION, resource_id
from infra.local.azure.core import control
from tests.infra.local.azure.conftest import Azure

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-fas-global"
THING = f"{GROUP}/providers/Microsoft.Contoso/things/one"


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_resources_of_any_type_are_kept(azure):
    body = {"location": "japanwest", "tags": {"a": "1"}, "properties": {"size": 1}}
    assert azure.arm("PUT", THING, body).status_code == 201
    assert azure.arm("PUT", THING, body).status_code == 200
    patched = azure.arm(
        "PATCH", THING.replace("resourceGroups", "RESOURCEGROUPS"), {"tags": {"a": None, "b": "2"}}
    )
    assert patched.json()["tags"] == {"b": "2"}
    found = azure.arm("GET", THING.upper().replace("/SUBSCRIPTIONS", "/subscriptions")).json()
    assert (found["id"], found["properties"]["provisioningState"]) == (THING, "Succeeded")
    listed = azure.arm("GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Contoso/things").json()[
        "value"
    ]
    assert [row["name"] for row in listed] == ["one"]
    assert azure.arm("PUT", f"{THING}/parts/p", {"properties": {}}).status_code == 201
    assert azure.arm("DELETE", THING).status_code == 200
    assert azure.arm("DELETE", THING).status_code == 204
    assert code(azure.arm("GET", f"{THING}/parts/p")) == (404, "ResourceNotFound")


def test_manners_of_resource_manager(azure):
    assert code(azure.arm("GET", THING)) == (404, "ResourceNotFound")
    assert code(azure.arm("GET", GROUP + "x/providers/Microsoft.Contoso/things")) == (
        404,
        "ResourceGroupNotFound",
    )
    assert code(azure.arm("GET", "/subscriptions/other")) == (404, "SubscriptionNotFound")
    assert code(azure.arm("GET", GROUP, version=None)) == (400, "MissingApiVersionParameter")
    assert code(azure.arm("PUT", THING, {})) == (400, "LocationRequired")
    assert code(azure.arm("PUT", f"{THING}/parts/p", {})) == (404, "ParentResourceNotFound")
    assert code(azure.arm("PUT", THING, [1])) == (400, "InvalidRequestContent")
    refused = azure.arm("GET", GROUP, token=None)
    assert code(refused) == (401, "AuthenticationFailed")
    assert "Bearer" in refused.headers["www-authenticate"]


def test_groups_and_their_resources_are_listed(azure):
    groups = azure.arm("GET", f"/subscriptions/{SUBSCRIPTION}/resourceGroups").json()["value"]
    assert {row["name"] for row in groups} >= {"rg-fas-japaneast", "rg-fas-japanwest", "rg-fas-global"}
    names = {row["name"] for row in azure.arm("GET", f"{GROUP}/resources").json()["value"]}
    assert {"tm-fas", "fas.contoso.com", "acrfasprod", "acs-fas-prod"} <= names


def test_answer_that_nothing_gives(azure):
    with pytest.raises(httpx.RemoteProtocolError):
        azure.get("https://nowhere.example.com/")
    assert code(azure.arm("GET", "/nothing")) == (404, "NotFound")
    assert azure.get("https://api.fas.contoso.com/other").status_code == 404
    assert code(azure.arm("POST", f"{THING}/explode")) == (404, "NotFound")


def test_ledger_has_every_write_in_order_without_secrets(azure):
    secret = {"adminPassword": "hunter2", "secrets": [{"name": "a", "value": "hunter2"}], "keyName": "shown"}
    azure.arm("PUT", THING, {"location": "japanwest", "properties": secret})
    azure.arm("GET", THING)
    azure.arm("PATCH", THING + "x", {})
    first, second = azure.ledger()
    assert (first["method"], first["path"], first["status"], first["applied"]) == ("PUT", THING, 201, True)
    assert (second["method"], second["status"], second["applied"]) == ("PATCH", 404, False)
    assert (first["id"], second["id"], first["host"]) == (1, 2, "management.azure.com")
    assert "hunter2" not in str(azure.ledger()) + str(azure.truth())
    assert first["body"]["properties"]["keyName"] == "shown"


def test_hooks_stand_before_and_after_each_write(azure):
    seen = []
    azure.world.before_write = lambda entry: seen.append(
        ("before", entry["path"], azure.world.resources.peek(THING))
    )
    azure.world.after_write = lambda entry: seen.append(("after", entry["path"], entry["applied"]))
    azure.arm("GET", GROUP)
    azure.arm("PUT", THING, {"location": "japanwest"})
    assert seen == [("before", THING, None), ("after", THING, True)]


def test_a_failing_transaction_leaves_nothing(azure):
    def half(world):
        world.put_resource({"id": THING, "name": "one"})
        raise LookupError("half way")

    with pytest.raises(LookupError):
        azure.inside(half)
    assert azure.arm("GET", THING).status_code == 404
    with pytest.raises(RuntimeError, match="transaction"):
        azure.world.resources.put(THING, {})


def test_the_sdk_is_told_when_its_token_is_refused(azure):
    with azure.client(ContainerAppsAPIClient) as client:
        azure.fault("error", "*", status=401, code="InvalidAuthenticationToken", message="expired")
        with pytest.raises(ClientAuthenticationError):
            client.container_apps.get("rg-fas-japaneast", "ca-agent-service")


def test_ids_depend_on_the_seed_only(azure):
    app = resource_id("rg-fas-japaneast", "Microsoft.App/containerApps", "ca-agent-service")
    assert app in azure.truth()["resources"]
    first, second = azure.truth(), Azure()
    assert {"eastus2", "japaneast", "japanwest", "westus2"} <= set(first["regions"])
    try:
        assert second.truth() == first
    finally:
        second.close()


def test_a_body_that_makes_no_sense_is_answered_and_kept(azure):
    path = resource_id("rg-fas-japaneast", "Microsoft.DocumentDB/databaseAccounts", "cosmos-fas-prod")
    answer = azure.arm("POST", path + "/failoverPriorityChange", {"failoverPolicies": ["Japan West"]})
    assert code(answer) == (400, "InvalidRequestContent")
    assert azure.ledger()[-1]["applied"] is False
    assert azure.truth()["operations"] == []


@pytest.mark.parametrize(("name", "fits"), [("shared/estate/contoso.yaml", True), ("other.yaml", False)])
def test_world_knows_the_estate_or_says_what_it_lacks(tmp_path, name, fits):
    root = Path(__file__).parents[4]
    if fits:
        open_world(estate=root / name, clock=ManualClock()).close()
        return
    other = tmp_path / name
    other.write_text(
        f"services:\n  - resource_id: {resource_id('rg', 'Microsoft.KeyVault/vaults', 'mine')}\n"
    )
    with pytest.raises(ValueError, match="vaults/mine"):
        open_world(estate=other, clock=ManualClock())


def test_resources_can_be_brought_as_json(tmp_path):
    extra = tmp_path / "more.json"
    extra.write_text(
        f'{{"resources": [{{"id": "{THING}", "name": "one", "type": "Microsoft.Contoso/things"}}]}}'
    )
    world = open_world(estate=extra, clock=ManualClock())
    assert world.resource(THING)["name"] == "one"
    world.close()


def test_memory_and_file_agree_after_everything(tmp_path):
    state = tmp_path / "state.db"
    azure = Azure(state)
    try:
        azure.arm("PUT", THING, {"location": "japanwest"})
        azure.arm("DELETE", THING)
        azure.fault("throttle", "*", count=1)
        azure.arm("GET", GROUP)
        azure.outage()
        azure.advance(400)
        cosmos = resource_id("rg-fas-japaneast", "Microsoft.DocumentDB/databaseAccounts", "cosmos-fas-prod")
        assert azure.arm("POST", f"{cosmos}/offlineRegion", {"region": "Japan East"}).status_code == 202
        azure.advance(200)
        told, ledger = azure.truth(), azure.ledger()
    finally:
        azure.close()
    clock = ManualClock()
    clock.advance(600)
    again = open_world(state, clock=clock)
    assert control.truth(again) == {**told, "speed": 1.0}
    assert again.ledger() == ledger
    again.close()
