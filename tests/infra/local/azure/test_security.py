"""Networks, roles, users, keys, images and alerts of the simulated Azure, as the SDKs and plain ARM calls meet them."""

import base64
import hashlib
import hmac
from urllib.parse import quote

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.cosmosdb import CosmosDBManagementClient
from azure.mgmt.storage import StorageManagementClient

from infra.local.azure.contoso import EAST, GLOBAL, SUBSCRIPTION, group_id, resource_id
from infra.local.azure.services.security import facts, keys
from tests.infra.local.azure.data_planes import lab

__all__ = ["lab"]

NSG = resource_id(EAST, "Microsoft.Network/networkSecurityGroups", "nsg-cae-fas-japaneast")
APP = resource_id(EAST, "Microsoft.App/containerApps", "ca-agent-service")
SEARCH = resource_id(EAST, "Microsoft.Search/searchServices", "srch-fas-japaneast")
DENY = {
    "direction": "Inbound",
    "access": "Deny",
    "priority": 100,
    "protocol": "*",
    "sourceAddressPrefix": "Internet",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "*",
}


def arm(lab, method, path, body=None):
    return lab.arm(method, path, body)


def put_rule(lab, name, **changes):
    return arm(lab, "PUT", f"{NSG}/securityRules/{name}", {"properties": {**DENY, **changes}})


# --- networks


def test_a_rule_holds_when_it_is_provisioned_and_until_it_is_deleted(lab):
    lab.advance(30)
    answer = put_rule(lab, "deny")
    assert answer.status_code == 201
    assert answer.json()["properties"]["provisioningState"] == "Updating"
    assert "azure-asyncoperation" in answer.headers
    assert lab.tenant()["healthy"]
    lab.advance(10)
    assert (
        arm(lab, "GET", f"{NSG}/securityRules/deny").json()["properties"]["provisioningState"] == "Succeeded"
    )
    assert not lab.tenant()["healthy"]
    assert "network lets nobody in" in lab.tenant()["reason"]
    assert arm(lab, "DELETE", f"{NSG}/securityRules/deny").status_code == 202
    lab.advance(10)
    assert arm(lab, "GET", f"{NSG}/securityRules/deny").status_code == 404
    assert arm(lab, "DELETE", f"{NSG}/securityRules/deny").status_code == 204
    assert lab.tenant()["healthy"]


def test_the_smaller_number_decides(lab):
    put_rule(lab, "allow", access="Allow", priority=110)
    put_rule(lab, "deny", priority=120)
    lab.advance(10)
    assert lab.tenant()["healthy"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"priority": 200}, "SecurityRuleConflict"),
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"direction": "Sideways"}, "SecurityRuleInvalidParameter"),
        ({"access": "Maybe"}, "SecurityRuleInvalidParameter"),
    ],
)
def test_what_the_network_refuses(lab, changes, code):
    answer = put_rule(lab, "deny", **changes)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


# --- roles


def assignments(lab, query=""):
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments"
    answer = httpx.get(
        f"{lab.url}{path}?api-version=2022-04-01{query}",
        headers={"x-sim-host": "management.azure.com", "Authorization": "Bearer local"},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


def test_roles_are_listed_taken_and_given(lab):
    assert len(assignments(lab)) >= len(facts.ASSIGNMENTS)
    (mine,) = assignments(lab, f"&$filter=principalId eq '{facts.FRANK}'")
    assert mine["properties"]["scope"] == group_id(EAST)
    assert arm(lab, "DELETE", mine["id"]).json() == mine
    assert arm(lab, "GET", mine["id"]).json()["error"]["code"] == "RoleAssignmentNotFound"
    assert arm(lab, "DELETE", mine["id"]).status_code == 204
    given = {key: mine["properties"][key] for key in ("roleDefinitionId", "principalId")}
    assert arm(lab, "PUT", mine["id"], {"properties": given}).status_code == 201
    again = mine["id"].rsplit("/", 1)[0] + "/11111111-2222-4333-8444-555555555555"
    assert arm(lab, "PUT", again, {"properties": given}).json()["error"]["code"] == "RoleAssignmentExists"


def test_roles_have_names(lab):
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    rows = arm(lab, "GET", path).json()["value"]
    assert {"Contributor", "AcrPull"} <= {row["properties"]["roleName"] for row in rows}
    assert arm(lab, "GET", f"{path}/nothing").status_code == 404


def test_an_app_whose_identity_lost_a_role_serves_nobody(lab):
    for row in assignments(lab, f"&$filter=principalId eq '{facts.APP_IDENTITY}'"):
        if facts.ROLE_IDS["Key Vault Secrets User"] in row["properties"]["roleDefinitionId"]:
            arm(lab, "DELETE", row["id"])
    lab.advance(5)
    assert "the app's identity has not the role Key Vault Secrets User" in lab.tenant()["reason"]


# --- people


def graph(lab, method, path, body=None, token="local"):
    headers = {"x-sim-host": "graph.microsoft.com"} | ({"Authorization": f"Bearer {token}"} if token else {})
    return httpx.request(method, f"{lab.url}/v1.0/users/{path}", headers=headers, json=body)


def test_a_user_is_blocked_and_sessions_end(lab):
    shown = "?$select=accountEnabled,signInSessionsValidFromDateTime"
    before = graph(lab, "GET", facts.FRANK + shown).json()
    assert graph(lab, "POST", f"{facts.FRANK}/revokeSignInSessions").json()["value"] is True
    assert graph(lab, "PATCH", facts.FRANK, {"accountEnabled": False}).status_code == 204
    after = graph(lab, "GET", "frank@contoso.com" + shown).json()
    assert after["accountEnabled"] is False
    assert after["signInSessionsValidFromDateTime"] > before["signInSessionsValidFromDateTime"]


def test_what_graph_refuses(lab):
    assert graph(lab, "GET", facts.FRANK, token="").status_code == 401
    assert graph(lab, "GET", facts.ROGUE_IDENTITY).json()["error"]["code"] == "Request_ResourceNotFound"
    assert graph(lab, "GET", f"{facts.FRANK}?$select=password").status_code == 400
    assert graph(lab, "PATCH", facts.FRANK, {"id": "x"}).status_code == 400
    assert graph(lab, "PATCH", facts.FRANK, {"accountEnabled": "no"}).status_code == 400


# --- keys


def signed(lab, key):
    date = "Thu, 01 Jan 2026 00:00:00 GMT"
    digest = hmac.new(base64.b64decode(key), f"get\ndbs\n\n{date.lower()}\n\n".encode(), hashlib.sha256)
    signature = base64.b64encode(digest.digest()).decode()
    headers = {
        "authorization": quote(f"type=master&ver=1.0&sig={signature}", safe=""),
        "x-ms-date": date,
        "x-ms-version": "2018-12-31",
    }
    return lab.get("https://cosmos-fas-prod.documents.azure.com/dbs", headers=headers)


def test_an_old_cosmos_key_is_refused(lab):
    with lab.client(CosmosDBManagementClient) as cosmos:
        accounts = cosmos.database_accounts
        old = accounts.list_keys(EAST, "cosmos-fas-prod")
        assert signed(lab, old.primary_master_key).status_code == 200
        begin = accounts.begin_regenerate_key
        poller = begin(EAST, "cosmos-fas-prod", {"keyKind": "primary"})
        with pytest.raises(HttpResponseError) as busy:
            begin(EAST, "cosmos-fas-prod", {"keyKind": "secondary"})
        assert busy.value.status_code == 412
        lab.advance(15)
        poller.result(timeout=20)
        new = accounts.list_keys(EAST, "cosmos-fas-prod")
    assert new.secondary_master_key == old.secondary_master_key
    assert signed(lab, old.primary_master_key).status_code == 401
    assert signed(lab, new.primary_master_key).status_code == 200
    assert signed(lab, new.secondary_readonly_master_key).status_code == 200


def test_an_account_without_local_auth_takes_no_key(lab):
    with lab.client(CosmosDBManagementClient) as cosmos:
        key = cosmos.database_accounts.list_keys(EAST, "cosmos-fas-prod").primary_master_key
        body = {"properties": {"disableLocalAuth": True}}
        lab.finish(lambda: cosmos.database_accounts.begin_update(EAST, "cosmos-fas-prod", body), 40)
    assert signed(lab, key).status_code == 401


def test_storage_keys_are_replaced_one_at_a_time(lab):
    with lab.client(StorageManagementClient) as storage:
        accounts = storage.storage_accounts
        old = {one["keyName"]: one["value"] for one in accounts.list_keys(EAST, "stfasprod")["keys"]}
        new = accounts.regenerate_key(EAST, "stfasprod", {"keyName": "key1"})
        after = {one["keyName"]: one["value"] for one in new["keys"]}
        assert after["key1"] != old["key1"]
        assert after["key2"] == old["key2"]
        with pytest.raises(HttpResponseError):
            accounts.regenerate_key(EAST, "stfasprod", {"keyName": "key9"})
        accounts.revoke_user_delegation_keys(EAST, "stfasprod")
    assert lab.truth()["account_keys"]["stfasprod"] == {"regenerated": ["key1"]}


def test_an_old_search_key_is_refused(lab):
    def asked(key):
        url = "https://srch-fas-japaneast.search.windows.net/indexes?api-version=2023-11-01"
        return lab.get(url, headers={"api-key": key}).status_code

    old = arm(lab, "POST", f"{SEARCH}/listAdminKeys").json()
    assert asked(old["primaryKey"]) == 200
    new = arm(lab, "POST", f"{SEARCH}/regenerateAdminKey/primary").json()
    assert asked(old["primaryKey"]) == 403
    assert (asked(new["primaryKey"]), asked(old["secondaryKey"])) == (200, 200)
    assert arm(lab, "POST", f"{SEARCH}/regenerateAdminKey/third").status_code == 400


def test_a_list_of_keys_is_no_write_and_no_key_is_in_the_ledger_or_the_truth(lab):
    with lab.client(CosmosDBManagementClient) as cosmos:
        key = cosmos.database_accounts.list_keys(EAST, "cosmos-fas-prod").primary_master_key
        assert lab.ledger() == []
        begin = cosmos.database_accounts.begin_regenerate_key
        lab.finish(lambda: begin(EAST, "cosmos-fas-prod", {"keyKind": "primary"}), 15)
        new = cosmos.database_accounts.list_keys(EAST, "cosmos-fas-prod").primary_master_key
    told = str(lab.ledger()) + str(lab.truth())
    assert key not in told
    assert new not in told


def test_keys_are_the_same_after_a_restart_and_others_with_another_seed(lab):
    first = lab.inside(lambda world: keys.of(world, keys.COSMOS, "cosmos-fas-prod"))
    assert len(set(first.values())) == 4
    assert lab.inside(lambda world: keys.of(world, keys.COSMOS, "COSMOS-FAS-PROD")) == first


# --- images


def registry_token(lab, scope="repository:agent-service:pull"):
    def post(path, form):
        headers = {"x-sim-host": "acrfasprod.azurecr.io"}
        return httpx.post(f"{lab.url}{path}", headers=headers, data=form)

    form = {"grant_type": "access_token", "service": "acrfasprod.azurecr.io", "access_token": "entra"}
    refresh = post("/oauth2/exchange", form).json()["refresh_token"]
    return post("/oauth2/token", {"refresh_token": refresh, "scope": scope}).json()["access_token"]


def manifest(lab, digest, token):
    url = f"https://acrfasprod.azurecr.io/v2/agent-service/manifests/{digest}"
    return lab.get(url, headers={"Authorization": f"Bearer {token}"}).status_code


def import_image(lab, digest=facts.PATCHED):
    body = {
        "source": {"registryUri": "acrfasbuild.azurecr.io", "sourceImage": f"agent-service@{digest}"},
        "untaggedTargetRepositories": ["agent-service"],
    }
    return arm(lab, "POST", f"{facts.REGISTRY}/importImage", body)


def test_an_image_is_there_once_it_is_imported(lab):
    token = registry_token(lab)
    assert (manifest(lab, facts.VULNERABLE, token), manifest(lab, facts.PATCHED, token)) == (200, 404)
    assert import_image(lab).status_code == 202
    lab.advance(20)
    assert manifest(lab, facts.PATCHED, token) == 200


def test_what_the_registry_refuses(lab):
    assert manifest(lab, facts.VULNERABLE, "entra") == 401
    assert manifest(lab, facts.VULNERABLE, registry_token(lab, "repository:other:pull")) == 401
    assert import_image(lab, "latest").status_code == 400
    answer = import_image(lab, f"sha256:{'ab' * 32}")
    lab.advance(20)
    assert lab.get(answer.headers["location"], headers={"Authorization": "Bearer x"}).status_code == 409


# --- the intruder


def test_a_breach_goes_on_by_every_way_until_each_is_closed(lab):
    lab.advance(30)
    lab.fault("leaked_credential", "*")
    lab.advance(60)
    truth = lab.truth()
    assert len(truth["intruder"]["can"]) == 10
    assert truth["intruder"]["exfiltrated"] == sum(truth["intruder"]["by"].values()) > 0
    assert {one["severity"] for one in truth["security"]["alerts"].values()} == {"High"}
    assert set(truth["security"]["assessments"].values()) == {"Unhealthy"}
    assert truth["traffic"]["FAS"]["tenants"]["contoso"]["healthy"], "nobody notices an intruder"


def test_one_way_in_is_closed_by_what_closes_it(lab):
    lab.fault("leaked_credential", "srch-fas-japaneast", credential="search_key")
    lab.advance(10)
    assert lab.truth()["intruder"]["can"] == ["read srch-fas-japaneast with its search_key"]
    arm(lab, "POST", f"{SEARCH}/regenerateAdminKey/secondary")
    assert not lab.truth()["intruder"]["cured"], "that was another key"
    arm(lab, "POST", f"{SEARCH}/regenerateAdminKey/primary")
    truth = lab.truth()["intruder"]
    assert truth["cured"]
    lab.advance(30)
    assert lab.truth()["intruder"] == truth


def test_an_alert_that_was_closed_too_early_opens_again(lab):
    lab.fault("leaked_credential", "srch-fas-japaneast", credential="search_key")
    (alert,) = arm(lab, "GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Security/alerts").json()[
        "value"
    ]
    assert arm(lab, "POST", f"{alert['id']}/resolve").status_code == 204
    assert arm(lab, "GET", alert["id"]).json()["properties"]["status"] == "Resolved"
    lab.advance(5)
    assert arm(lab, "GET", alert["id"]).json()["properties"]["status"] == "Active"
    assert arm(lab, "POST", f"{alert['id']}/forget").status_code == 404


def test_a_fault_that_ends_takes_the_intruder_along(lab):
    fault = lab.fault("leaked_credential", "*")
    lab.advance(10)
    lab.end(fault)
    assert lab.truth()["intruder"]["in"] is False


@pytest.mark.parametrize(
    ("target", "credential"),
    [("x", "password"), ("nothing", "cosmos_key"), ("nobody@contoso.com", "session"), ("ca-none", "image")],
)
def test_a_leak_of_what_is_not_there_is_refused(lab, target, credential):
    fault = {"kind": "leaked_credential", "target": target, "credential": credential}
    answer = httpx.post(f"{lab.url}/_sim/faults", json=fault)
    assert answer.status_code == 400
    assert lab.truth()["security"]["alerts"] == {}


def test_the_activity_log_tells_who_did_what(lab):
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"
    assert arm(lab, "GET", path).status_code == 400
    lab.fault("leaked_credential", "*")
    put_rule(lab, "deny")
    headers = {"x-sim-host": "management.azure.com", "Authorization": "Bearer local"}
    query = "api-version=2015-04-01&$filter=eventTimestamp ge '2026-01-01T00:00:00Z'"
    rows = httpx.get(f"{lab.url}{path}?{query}", headers=headers).json()["value"]
    assert {row["caller"] for row in rows} == {"frank@contoso.com", facts.ROGUE_IDENTITY, "this app"}
    assert "Microsoft.Network/networkSecurityGroups/write" in {row["operationName"]["value"] for row in rows}
    assert GLOBAL not in str(rows)
