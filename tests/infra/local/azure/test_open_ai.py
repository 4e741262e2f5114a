"""Azure OpenAI as the real SDK meets it: deployments within quota, and models that answer only where they are."""

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

EAST, WEST = "aoai-prod-eus2-ai-01", "aoai-prod-wus2-ai-01"
GROUPS = {EAST: "rg-prod-eus2-ai-01", WEST: "rg-prod-wus2-ai-01"}
CHAT = {"messages": [{"role": "user", "content": "Are you there?"}]}


@pytest.fixture
def client(azure):
    with azure.client(CognitiveServicesManagementClient) as client:
        yield client


def wanted(model="gpt-4", version="turbo-2024-04-09", capacity=80):
    return {
        "sku": {"name": "Standard", "capacity": capacity},
        "properties": {"model": {"format": "OpenAI", "name": model, "version": version}},
        "tags": {"made-by": "a test"},
    }


def deploy(azure, client, name="gpt-4", **options):
    begin = client.deployments.begin_create_or_update
    return azure.finish(lambda: begin(GROUPS[WEST], WEST, name, wanted(**options)), 30)


def ask(azure, account, name="gpt-4", headers=None, version="2024-10-21", body=CHAT):
    url = f"{azure.url}/openai/deployments/{name}/chat/completions"
    url += f"?api-version={version}" if version else ""
    given = {"Authorization": "Bearer t"} if headers is None else headers
    return httpx.post(url, json=body, headers={"x-sim-host": f"{account}.openai.azure.com", **given})


def test_a_model_answers_where_it_is_deployed(azure, client):
    answer = ask(azure, EAST)
    assert answer.status_code == 200
    assert answer.headers["x-ms-region"] == "East US 2"
    assert answer.json()["choices"][0]["message"]["content"]
    missing = ask(azure, WEST)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "DeploymentNotFound")
    made = deploy(azure, client)
    assert (made.properties.provisioning_state, made.sku.capacity) == ("Succeeded", 80)
    assert ask(azure, WEST).status_code == 200
    assert azure.truth()["landing_zone"]["inference"]["served_by"] == "eastus2"


def test_it_answers_nobody_while_it_is_made_or_without_credentials(azure, client):
    poller = client.deployments.begin_create_or_update(GROUPS[WEST], WEST, "gpt-4", wanted())
    assert client.deployments.get(GROUPS[WEST], WEST, "gpt-4").properties.provisioning_state == "Creating"
    assert ask(azure, WEST).status_code == 404
    azure.advance(30)
    poller.result(timeout=20)
    assert ask(azure, WEST, headers={}).status_code == 401
    assert ask(azure, WEST, headers={"api-key": "wrong"}).status_code == 401
    keys = client.accounts.list_keys(GROUPS[WEST], WEST)
    assert ask(azure, WEST, headers={"api-key": keys.key2}).status_code == 200
    assert ask(azure, WEST, version="").status_code == 404
    assert ask(azure, WEST, body={}).status_code == 400


def test_a_regenerated_key_is_another_one(azure, client):
    old = client.accounts.list_keys(GROUPS[EAST], EAST)
    new = client.accounts.regenerate_key(GROUPS[EAST], EAST, "Key1")
    assert (new.key1 != old.key1, new.key2 == old.key2) == (True, True)
    assert ask(azure, EAST, headers={"api-key": old.key1}).status_code == 401
    assert ask(azure, EAST, headers={"api-key": new.key1}).status_code == 200
    with pytest.raises(HttpResponseError, match="InvalidKeyName"):
        client.accounts.regenerate_key(GROUPS[EAST], EAST, "Key3")


def test_quota_is_the_region_s_and_said_as_azure_says_it(azure, client):
    def left(region="westus2"):
        usage = next(u for u in client.usages.list(region) if u.name.value == "OpenAI.Standard.gpt-4")
        return usage.limit - usage.current_value

    assert (left(), left("eastus2")) == (100, 70)
    with pytest.raises(HttpResponseError) as caught:
        deploy(azure, client, capacity=101)
    assert (caught.value.status_code, caught.value.error.code) == (400, "InsufficientQuota")
    assert "require 101 new capacity" in caught.value.error.message
    deploy(azure, client)
    assert left() == 20
    deploy(azure, client, capacity=100)
    assert left() == 0
    capacities = client.location_based_model_capacities
    (row,) = capacities.list("westus2", "OpenAI", "gpt-4", "turbo-2024-04-09")
    assert (row.properties.sku_name, row.properties.available_capacity) == ("Standard", 0)
    assert list(capacities.list("westus2", "OpenAI", "gpt-4", "0314")) == []
    azure.finish(lambda: client.deployments.begin_delete(GROUPS[WEST], WEST, "gpt-4"), 30)
    assert left() == 100


def test_deployments_of_an_account_go_one_after_another(azure, client):
    begin = client.deployments.begin_create_or_update
    begin(GROUPS[WEST], WEST, "gpt-4", wanted(), polling=False)
    with pytest.raises(HttpResponseError, match="RequestConflict") as caught:
        begin(GROUPS[WEST], WEST, "gpt-35-turbo", wanted("gpt-35-turbo", "0125"))
    assert caught.value.status_code == 409
    azure.advance(30)
    begin(GROUPS[WEST], WEST, "gpt-35-turbo", wanted("gpt-35-turbo", "0125"), polling=False)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model": "gpt-17"}, "DeploymentModelNotSupported"),
        ({"version": "0314"}, "DeploymentModelNotSupported"),
        ({"capacity": 0}, "InvalidCapacity"),
    ],
)
def test_what_cannot_be_deployed_is_refused(azure, client, change, code):
    with pytest.raises(HttpResponseError, match=code) as caught:
        deploy(azure, client, **change)
    assert caught.value.status_code == 400


def test_an_outage_silences_the_models_and_stops_a_deployment(azure, client):
    fault = azure.outage("eastus2")
    with pytest.raises(httpx.RemoteProtocolError):
        ask(azure, EAST)
    azure.end(fault)
    assert ask(azure, EAST).status_code == 200
    poller = client.deployments.begin_create_or_update(GROUPS[WEST], WEST, "gpt-4", wanted())
    azure.outage("westus2")
    azure.advance(30)
    with pytest.raises(HttpResponseError, match="westus2 became unavailable"):
        poller.result(timeout=20)
    with pytest.raises(HttpResponseError) as caught:
        deploy(azure, client)
    assert caught.value.status_code == 503


def test_a_region_without_machines_says_so(azure, client):
    azure.fault("no_capacity", "westus2")
    (row,) = client.location_based_model_capacities.list("westus2", "OpenAI", "gpt-4", "turbo-2024-04-09")
    assert row.properties.available_capacity == 0
    with pytest.raises(HttpResponseError) as caught:
        deploy(azure, client)
    assert caught.value.status_code == 503


def test_the_front_door_asks_every_model_of_the_region_it_leads_to(azure):
    azure.advance(30)
    answer = azure.get("https://ml-inference.contoso.com/health?deep=true")
    assert answer.json() == {
        "status": "ok",
        "region": "eastus2",
        "dependencies": {"gpt-4": "ok", "gpt-35-turbo": "ok"},
    }
    answer = azure.get("https://aks-prod-ai-inference.westus2.cloudapp.azure.com/health?deep=true")
    assert answer.status_code == 503
    assert "has no deployment gpt-4" in answer.json()["dependencies"]["gpt-4"]
    azure.outage("eastus2")
    with pytest.raises(httpx.RemoteProtocolError):
        azure.get("https://ml-inference.contoso.com/health")
    azure.advance(10)
    assert azure.truth()["landing_zone"]["inference"]["healthy"] is False
