"""Machine learning workspaces over bare ARM: clusters that scale, jobs that need nodes, data and a region."""

import httpx
import pytest

from infra.local.azure.landing_zone import compute_properties, workspace_properties

GROUP = "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-prod-{}-ai-01/providers/"
EAST = GROUP.format("eus2") + "Microsoft.MachineLearningServices/workspaces/aml-prod-eus2-ai-01"
WEST = GROUP.format("wus2") + "Microsoft.MachineLearningServices/workspaces/aml-prod-wus2-ai-01"
VERSION = "2024-10-01"


def arm(azure, method, path, body=None, status=None):
    answer = azure.arm(method, path, body, version=VERSION)
    if status is not None:
        assert answer.status_code == status, answer.text
    return answer


def job(workspace, compute="cpu-cluster-01"):
    return {
        "properties": {
            "jobType": "Command",
            "command": "python train.py",
            "environmentId": "azureml:AzureML-sklearn-1.5:9",
            "computeId": f"{workspace}/computes/{compute}",
        }
    }


def status(azure, workspace, name="j1"):
    return arm(azure, "GET", f"{workspace}/jobs/{name}", status=200).json()["properties"]["status"]


def scale(most, least=0):
    return {"properties": {"properties": {"scaleSettings": {"minNodeCount": least, "maxNodeCount": most}}}}


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_a_job_is_prepared_runs_and_is_over(azure):
    arm(azure, "PUT", f"{EAST}/jobs/j1", job(EAST), status=201)
    seen = [status(azure, EAST)]
    for _ in range(20):
        azure.advance(5)
        seen.append(status(azure, EAST))
    assert list(dict.fromkeys(seen)) == ["Queued", "Preparing", "Running", "Completed"]
    assert code(arm(azure, "PUT", f"{EAST}/jobs/j1", job(EAST))) == (409, "JobAlreadyExists")


def test_a_job_waits_until_its_cluster_may_have_nodes(azure):
    arm(azure, "PUT", f"{WEST}/jobs/j1", job(WEST), status=201)
    azure.advance(600)
    assert status(azure, WEST) == "Queued"
    assert azure.truth()["landing_zone"]["workspaces"]["aml-prod-wus2-ai-01"]["runs_jobs"] is False
    accepted = arm(azure, "PATCH", f"{WEST}/computes/cpu-cluster-01", scale(4), status=202)
    assert "Azure-AsyncOperation" in accepted.headers
    azure.advance(200)
    assert status(azure, WEST) == "Completed"


def test_a_job_that_runs_while_its_data_goes_away_fails(azure):
    arm(azure, "PUT", f"{EAST}/jobs/j1", job(EAST), status=201)
    azure.advance(30)
    azure.fault("region_outage", "eastus2")
    azure.advance(60)
    found = arm(azure, "GET", f"{EAST}/jobs/j1").json()["properties"]
    assert found["status"] == "Failed"
    assert "eastus2 is not available" in found["properties"]["mlflow.error"]


def test_a_job_can_be_cancelled(azure):
    arm(azure, "PUT", f"{WEST}/jobs/j1", job(WEST), status=201)
    arm(azure, "POST", f"{WEST}/jobs/j1/cancel", status=200)
    assert status(azure, WEST) == "Canceled"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"properties": {"jobType": "Command"}}, "needs command"),
        (job(EAST, "no-cluster"), "was not found"),
        (job(WEST), "was not found"),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(azure, body, said):
    answer = arm(azure, "PUT", f"{EAST}/jobs/j1", body)
    assert code(answer) == (400, "UserError")
    assert said in answer.text


def test_clusters_scale_but_neither_start_nor_change_their_size(azure):
    path = f"{EAST}/computes/cpu-cluster-01"
    for verb in ("start", "stop"):
        answer = arm(azure, "POST", f"{path}/{verb}")
        assert code(answer) == (400, "BadArgumentError")
        assert f"'{verb}' is not supported for compute 'AmlCompute'" in answer.text
    other = {"location": "eastus2", "properties": compute_properties("Standard_D8s_v5", 0, 4)}
    assert "cannot be changed" in arm(azure, "PUT", path, other, status=400).text
    assert "must not be" in arm(azure, "PATCH", path, scale(1, 2), status=400).text
    arm(azure, "PATCH", path, {**scale(3), "tags": {"a": "b"}}, status=202)
    assert code(arm(azure, "PATCH", path, scale(4))) == (409, "RequestConflict")
    azure.advance(20)
    found = arm(azure, "GET", path).json()
    assert found["tags"] == {"a": "b"}
    assert found["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 3


def test_a_cluster_is_made_and_removed(azure):
    path = f"{EAST}/computes/new"
    body = {"location": "eastus2", "properties": compute_properties("Standard_D4s_v5", 0, 2)}
    assert arm(azure, "PUT", path, body, status=201).json()["properties"]["provisioningState"] == "Creating"
    azure.advance(45)
    assert arm(azure, "GET", path).json()["properties"]["provisioningState"] == "Succeeded"
    assert code(arm(azure, "DELETE", path)) == (400, "BadArgumentError")
    url = f"{azure.url}{path}?api-version={VERSION}&underlyingResourceAction=Delete"
    headers = {"x-sim-host": "management.azure.com", "Authorization": "Bearer t"}
    assert httpx.delete(url, headers=headers).status_code == 202
    azure.advance(45)
    assert arm(azure, "GET", path).status_code == 404


def test_a_deleted_workspace_is_made_again_with_what_it_is_bound_to(azure):
    azure.fault("workspace_deleted", "aml-prod-eus2-ai-01")
    assert arm(azure, "GET", EAST).status_code == 404
    assert arm(azure, "GET", f"{EAST}/computes/cpu-cluster-01").status_code == 404
    assert azure.truth()["landing_zone"]["workspaces"]["aml-prod-eus2-ai-01"]["exists"] is False
    unbound = {"location": "eastus2", "properties": {"friendlyName": "x"}}
    assert "Missing dependent resources" in arm(azure, "PUT", EAST, unbound, status=400).text
    body = {"location": "eastus2", "properties": workspace_properties("eastus2"), "sku": {"name": "Basic"}}
    arm(azure, "PUT", EAST, body, status=201)
    cluster = {"properties": compute_properties("Standard_D4s_v5", 0, 2)}
    assert code(arm(azure, "PUT", f"{EAST}/computes/new", cluster)) == (409, "RequestConflict")
    azure.advance(60)
    assert arm(azure, "GET", EAST).json()["properties"]["provisioningState"] == "Succeeded"
    moved = {**body, "properties": {**body["properties"], "storageAccount": EAST}}
    assert "cannot be changed" in arm(azure, "PUT", EAST, moved, status=400).text
    arm(azure, "PATCH", EAST, {"properties": {"friendlyName": "another"}}, status=202)
    azure.advance(30)
    assert arm(azure, "GET", EAST).json()["properties"]["friendlyName"] == "another"


def test_a_region_that_is_out_takes_no_writes(azure):
    azure.fault("region_outage", "eastus2")
    assert arm(azure, "PUT", f"{EAST}/jobs/j1", job(EAST)).status_code == 503
    assert arm(azure, "PATCH", f"{EAST}/computes/cpu-cluster-01", scale(4)).status_code == 503


def test_only_workspaces_that_exist_can_be_lost(azure):
    answer = httpx.post(f"{azure.url}/_sim/faults", json={"kind": "workspace_deleted", "target": "none"})
    assert answer.status_code == 400
