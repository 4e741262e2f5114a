"""The data plane of Cosmos DB, asked as its REST reference says; no SDK of it is in this app."""

import base64
import json
from urllib.parse import quote

import httpx
import pytest

from infra.local.azure.services.cosmos import content, roles

HOST = "cosmos-fas-prod.documents.azure.com"
DOCS = "/dbs/agents/colls/{}/docs"


def token(oid):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'oid': oid})}.x"


class Data:
    def __init__(self, azure):
        self.azure = azure

    def __call__(self, method, path, tenant="contoso", body=None, oid=roles.OPERATIONS, host=HOST, **headers):
        sent = {"x-sim-host": host, "x-ms-version": "2018-12-31"}
        if oid:
            sent["authorization"] = quote(f"type=aad&ver=1.0&sig={token(oid)}", safe="")
        if tenant is not None:
            sent["x-ms-documentdb-partitionkey"] = json.dumps([tenant])
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        text = None if body is None else json.dumps(body)
        return httpx.request(method, self.azure.url + path, headers=sent, content=text)

    def query(self, text, container="messages", tenant="contoso", size=100, start=None, **given):
        parameters = [{"name": f"@{name}", "value": value} for name, value in given.items()]
        headers = {"content-type": "application/query+json", "x-ms-documentdb-isquery": "True"}
        headers["x-ms-max-item-count"] = str(size)
        if start:
            headers["x-ms-continuation"] = start
        if tenant is None:
            headers["x-ms-documentdb-query-enablecrosspartition"] = "True"
        body = {"query": text, "parameters": parameters}
        return self("POST", DOCS.format(container), tenant, body, **headers)


@pytest.fixture
def data(azure):
    return Data(azure)


def test_a_canary_is_written_and_read_back(azure, data):
    document = {"id": "probe", "tenantId": "canary", "at": "2026-01-01"}
    put = data("POST", DOCS.format("canary"), "canary", document, x_ms_documentdb_is_upsert="True")
    assert put.status_code == 201
    again = data("POST", DOCS.format("canary"), "canary", document, x_ms_documentdb_is_upsert="True")
    assert again.status_code == 200
    found = data("GET", DOCS.format("canary") + "/probe", "canary")
    assert found.json().items() >= document.items()
    assert found.headers["etag"] == found.json()["_etag"]
    assert data("GET", DOCS.format("canary") + "/probe", "contoso").status_code == 404
    assert data("GET", DOCS.format("canary") + "/other", "canary").json()["code"] == "NotFound"
    assert [entry["path"] for entry in azure.ledger()] == ["/dbs/agents/colls/canary/docs"] * 2


def test_only_principals_with_a_role_get_in(data):
    document = {"id": "x", "tenantId": "contoso"}
    refused = data("POST", DOCS.format("messages"), body=document, x_ms_documentdb_is_upsert="True")
    assert (refused.status_code, refused.headers["x-ms-substatus"]) == (403, "5301")
    assert "items/upsert" in refused.json()["message"]
    loader = data(
        "POST", DOCS.format("messages"), body=document, oid=roles.LOADER, x_ms_documentdb_is_upsert="True"
    )
    assert loader.status_code == 201
    nobody = data("GET", DOCS.format("messages") + "/x", oid="00000000-0000-4000-8000-000000000000")
    assert nobody.status_code == 403
    assert data("GET", DOCS.format("messages") + "/x", oid="").status_code == 401


def test_conditions_and_partitions_are_checked(data):
    where, who = DOCS.format("threads"), {"oid": roles.LOADER}
    document = {"id": "x", "tenantId": "contoso"}
    assert data("POST", where, body=document, **who).status_code == 201
    assert data("POST", where, body=document, **who).status_code == 409
    assert data("PUT", where + "/x", body=document, if_match='"old"', **who).status_code == 412
    etag = data("GET", where + "/x").json()["_etag"]
    assert data("PUT", where + "/x", body=document, if_match=etag, **who).status_code == 200
    assert data("POST", where, "fabrikam", document, **who).status_code == 400
    assert data("GET", where + "/x", None).status_code == 400
    assert data("DELETE", where + "/x", **who).status_code == 204
    assert data("DELETE", where + "/x", **who).status_code == 404
    assert data("GET", DOCS.format("nothing") + "/x").status_code == 404


def test_documents_are_counted_and_sampled(azure, data):
    counts = [
        data.query("SELECT VALUE COUNT(1) FROM c", tenant=tenant).json()["Documents"][0]
        for tenant in ("contoso", "fabrikam")
    ]
    assert sum(counts) == azure.truth()["cosmos"]["cosmos-fas-prod"]["documents"]["messages"]
    newest = data.query("SELECT TOP 1 * FROM c ORDER BY c._ts DESC").json()["Documents"][0]
    assert newest["hash"] == content.digest(newest)
    assert newest["tenantId"] == newest["tenant"] == "contoso"
    sample = data.query(
        "SELECT TOP 3 * FROM c WHERE c._ts >= @since ORDER BY c._ts", since=newest["_ts"] - 86_400
    ).json()["Documents"]
    assert sample[0]["_ts"] >= newest["_ts"] - 86_400
    assert sample[0]["_ts"] <= sample[1]["_ts"] <= sample[2]["_ts"]
    assert data("GET", DOCS.format("messages") + "/" + sample[0]["id"]).json()["hash"] == sample[0]["hash"]
    strangers = "SELECT TOP 10 c.id, c.tenantId FROM c WHERE NOT ARRAY_CONTAINS(@tenants, c.tenantId)"
    assert data.query(strangers, tenant=None, tenants=["contoso", "fabrikam"]).json()["Documents"] == []
    found = data.query(strangers, tenant=None, tenants=["contoso"]).json()["Documents"]
    assert {one["tenantId"] for one in found} == {"fabrikam"}
    assert data.query("SELECT * FROM c JOIN d").status_code == 501
    assert azure.ledger() == [], "a query writes nothing"


def test_pages_go_on_where_they_stopped(azure, data):
    azure.advance(60)
    text, since = "SELECT * FROM c WHERE c._ts >= @since ORDER BY c._ts", azure.clock.now() - 45
    seen, start = [], None
    while True:
        answer = data.query(text, size=50, start=start, since=since)
        seen += [one["id"] for one in answer.json()["Documents"]]
        start = answer.headers.get("x-ms-continuation")
        if not start:
            break
    assert len(seen) == len(set(seen)) > 150


def test_moments_stay_what_they_were_when_the_pace_changes(azure, data):
    azure.advance(100)
    fault = azure.fault("endpoint_down", HOST)
    text, since = "SELECT VALUE COUNT(1) FROM c", azure.clock.now()
    before = azure.inside(lambda world: _number_since(world, since - 30))
    azure.advance(200)
    azure.end(fault)
    azure.advance(200)
    assert azure.inside(lambda world: _number_since(world, since - 30)) == pytest.approx(before, abs=12)
    assert text


def _number_since(world, moment):
    account = next(iter(world.of_type("Microsoft.DocumentDB/databaseAccounts")))
    there = content.Container(world, account, "messages")
    return content.corpus.first_since(world, there.origin, moment, there.highest)


def test_a_batch_is_one_partition_and_all_or_nothing(azure, data):
    where, who = DOCS.format("threads"), {"oid": roles.LOADER, "x_ms_cosmos_is_batch_request": "True"}
    upserts = [
        {"operationType": "Upsert", "resourceBody": {"id": f"n-{number}", "tenantId": "contoso"}}
        for number in range(3)
    ]
    assert [one["statusCode"] for one in data("POST", where, body=upserts, **who).json()] == [200] * 3
    wrong = [*upserts, {"operationType": "Upsert", "resourceBody": {"id": "w", "tenantId": "fabrikam"}}]
    wrong[0]["resourceBody"]["id"] = "never"
    assert data("POST", where, body=wrong, **who).status_code == 400
    assert data("GET", where + "/never").status_code == 404


def test_only_the_write_region_takes_writes(azure, data):
    document, who = {"id": "x", "tenantId": "contoso"}, {"oid": roles.LOADER}
    west = "cosmos-fas-prod-japanwest.documents.azure.com"
    refused = data("POST", DOCS.format("threads"), body=document, host=west, **who)
    assert (refused.status_code, refused.headers["x-ms-substatus"]) == (403, "3")
    assert data("GET", DOCS.format("threads") + "/t-0000001", "fabrikam", host=west).status_code == 200
    azure.outage()
    with pytest.raises(httpx.RemoteProtocolError):
        data("GET", DOCS.format("threads") + "/x")
