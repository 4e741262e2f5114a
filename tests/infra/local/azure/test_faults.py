"""Every kind of fault, as a client of Azure meets it."""

import httpx
import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.mgmt.cosmosdb import CosmosDBManagementClient
from azure.mgmt.cosmosdb.models import FailoverPolicies, FailoverPolicy

from infra.local.azure.contoso import SUBSCRIPTION

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-fas-global"
THING = f"{GROUP}/providers/Microsoft.Contoso/things/one"
BODY = {"location": "japanwest"}


def test_what_cannot_be_injected_is_refused(azure):
    for fault in (
        {"kind": "meteor", "target": "*"},
        {"kind": "region_outage", "target": "atlantis"},
        {"kind": "throttle"},
        {"kind": "throttle", "target": "*", "wat": 1},
        [],
    ):
        assert httpx.post(f"{azure.url}/_sim/faults", json=fault).status_code == 400
    assert httpx.delete(f"{azure.url}/_sim/faults/none").status_code == 404
    assert httpx.get(f"{azure.url}/_sim/nothing").status_code == 404
    assert httpx.get(f"{azure.url}/_sim/faults").json() == {"faults": []}


def test_throttle_hits_as_often_as_it_says(azure):
    azure.fault("throttle", "Microsoft.Contoso", count=2, retry_after=7, match={"writes": True})
    assert azure.arm("GET", THING).status_code == 404
    first = azure.arm("PUT", THING, BODY)
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert azure.arm("PUT", THING, BODY).status_code == 429
    assert azure.arm("PUT", THING, BODY).status_code == 201
    assert httpx.get(f"{azure.url}/_sim/faults").json() == {"faults": []}
    assert [entry["applied"] for entry in azure.ledger()] == [False, False, True]


def test_error_hits_what_it_matches(azure):
    fault = azure.fault("error", "*", status=503, code="Busy", match={"method": "PUT", "path": "/things/"})
    assert azure.arm("PUT", THING, BODY).json()["error"]["code"] == "Busy"
    assert azure.arm("GET", GROUP).status_code == 200
    azure.end(fault)
    assert azure.arm("PUT", THING, BODY).status_code == 201


def test_slow_takes_simulated_time(azure):
    azure.fault("slow", "/things/", seconds=90)
    before = azure.clock.now()
    assert azure.arm("GET", THING).status_code == 404
    assert azure.clock.now() - before == 90


def test_ack_lost_does_the_write_and_drops_the_answer(azure):
    azure.fault("ack_lost", "/things/", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        azure.arm("PUT", THING, BODY)
    assert azure.arm("GET", THING).status_code == 200
    (entry,) = azure.ledger()
    assert (entry["applied"], entry["answered"], entry["status"]) == (True, False, 201)


def test_ack_lost_leaves_the_operation_running(azure):
    azure.fault("ack_lost", "failoverPriorityChange", count=1)
    policies = FailoverPolicies(
        failover_policies=[
            FailoverPolicy(location_name=name, failover_priority=place)
            for place, name in enumerate(("Japan West", "Japan East"))
        ]
    )
    with azure.client(CosmosDBManagementClient) as cosmos:
        begin = cosmos.database_accounts.begin_failover_priority_change
        with pytest.raises(ServiceResponseError):
            begin("rg-fas-japaneast", "cosmos-fas-prod", policies)
        azure.advance(180)
        account = cosmos.database_accounts.get("rg-fas-japaneast", "cosmos-fas-prod")
        assert account.write_locations[0].location_name == "Japan West"


def test_lro_failed_fails_the_next_operation_only(azure):
    azure.fault("lro_failed", "cosmos-fas-prod", count=1, code="InternalError", message="bad luck")
    policies = FailoverPolicies(
        failover_policies=[
            FailoverPolicy(location_name=name, failover_priority=place)
            for place, name in enumerate(("Japan West", "Japan East"))
        ]
    )
    with azure.client(CosmosDBManagementClient) as cosmos:
        begin = cosmos.database_accounts.begin_failover_priority_change
        with pytest.raises(HttpResponseError, match="bad luck"):
            azure.finish(lambda: begin("rg-fas-japaneast", "cosmos-fas-prod", policies), 180)
        azure.finish(lambda: begin("rg-fas-japaneast", "cosmos-fas-prod", policies), 180)
        account = cosmos.database_accounts.get("rg-fas-japaneast", "cosmos-fas-prod")
        assert account.write_locations[0].location_name == "Japan West"


def test_endpoint_down_takes_one_host_away(azure):
    azure.advance(5)
    fault = azure.fault("endpoint_down", "https://api.fas.contoso.com/health")
    with pytest.raises(httpx.RemoteProtocolError):
        azure.get("https://api.fas.contoso.com/health")
    azure.advance(5)
    assert not azure.tenant()["healthy"]
    assert azure.arm("GET", GROUP).status_code == 200
    azure.end(fault)
    azure.advance(5)
    assert azure.tenant()["healthy"]


def test_throttled_tenants_are_seen_in_the_truth(azure):
    azure.advance(5)
    azure.fault("throttle", "api.fas.contoso.com", count=4)
    azure.advance(10)
    kept = azure.tenant()
    assert (kept["status"], kept["failed"], kept["healthy"]) == (429, 10, True)


def test_outage_refuses_writes_where_the_resource_lives(azure):
    azure.arm("PUT", THING, {"location": "japaneast"})
    fault = azure.outage()
    assert azure.arm("GET", THING).status_code == 200
    refused = azure.arm("PATCH", THING, {"tags": {"a": "1"}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "ServiceUnavailable")
    assert azure.arm("PUT", THING + "2", {"location": "Japan East"}).status_code == 503
    assert azure.arm("PUT", THING + "2", {"location": "japanwest"}).status_code == 201
    assert not azure.truth()["regions"]["japaneast"]["up"]
    azure.end(fault)
    assert azure.arm("PATCH", THING, {"tags": {"a": "1"}}).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0},
        {"count": "two"},
        {"match": "PUT"},
        {"match": {"verb": "PUT"}},
        {"status": 200},
        {"seconds": -1},
    ],
)
def test_unfit_fields_are_refused(azure, wrong):
    answer = httpx.post(f"{azure.url}/_sim/faults", json={"kind": "error", "target": "*", **wrong})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidFault")


def test_what_is_meant_for_everything_is_not_used_up_by_tenants(azure):
    azure.fault("throttle", "*", count=1)
    azure.advance(30)
    assert azure.arm("GET", GROUP).status_code == 429
    assert azure.tenant()["failed"] == 0
