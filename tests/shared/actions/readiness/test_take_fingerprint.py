"""What the configuration was is kept once, and holds every part that a drill touches."""

import json

from shared.actions.readiness.take_fingerprint import take_fingerprint
from shared.model.plan import Step
from shared.plans.recovery.region_outage import hosted
from tests.shared.actions.changes_once import contoso
from tests.shared.actions.stage import RUN_ID, Stage

WHERE = ("https://stfasops.blob.core.windows.net", "foundry-ops-records", f"{RUN_ID}/fingerprint-before.json")


def take() -> Step:
    return take_fingerprint.step(services=hosted(contoso(), "japaneast").services)


def kept(stage: Stage) -> dict:
    content = stage.azure.blobs.read(*WHERE)
    assert content is not None
    return json.loads(content)


def test_it_holds_what_a_recovery_touches_and_changes_nothing_but_its_evidence(stage: Stage) -> None:
    stage.from_now()
    done = stage.carry_out(take())
    assert {entry["host"] for entry in stage.writes} == {"stfasops.blob.core.windows.net"}
    found = kept(stage)
    assert set(done.outcome.evidence["resources"]) == set(found)
    database = found["databaseAccounts cosmos-fas-prod in rg-fas-japaneast"]["properties"]
    assert database["failoverPolicies"]["Japan East"]["failoverPriority"] == 0
    assert found["storageAccounts stfasprod in rg-fas-japaneast"]["sku"]["name"] == "Standard_RAGRS"
    app = found["containerApps ca-agent-service in rg-fas-japaneast"]["properties"]
    assert app["template"]["scale"] == {"minReplicas": 3, "maxReplicas": 10}
    assert "api.fas.contoso.com" in app["configuration"]["ingress"]["customDomains"]
    assert found["containerApps ca-agent-service in rg-fas-japanwest"] == {}
    endpoints = found["trafficManagerProfiles tm-fas in rg-fas-global"]["properties"]["endpoints"]
    assert {name: one["properties"]["endpointStatus"] for name, one in endpoints.items()} == {
        "japaneast": "Enabled",
        "japanwest": "Disabled",
    }
    assert found["DNS record CNAME api in dnsZones fas.contoso.com in rg-fas-global"]["TTL"] == 60
    assert found["content of searchServices srch-fas-japaneast in rg-fas-japaneast"]["alias"] == {
        "agents": "agents-v1"
    }
    assert found["deployments in rg-fas-japanwest"] == {}
    assert "roleAssignments in rg-fas-japanwest" in found


def test_what_was_kept_first_stays(stage: Stage) -> None:
    first = stage.carry_out(take()).outcome
    before = kept(stage)
    stage.azure.search.delete_alias("https://srch-fas-japaneast.search.windows.net", "agents")
    stage.from_now()
    assert stage.carry_out(take()).outcome == first
    assert kept(stage) == before
    assert stage.writes == []


def test_time_alone_changes_nothing(stage: Stage) -> None:
    first = stage.carry_out(take()).outcome.evidence["fingerprint"]
    stage.lab.advance(3600)
    again = stage.carry_out(take(), run_id="drill-dr_drill-20260102T000000-0a1b2c3d")
    assert again.outcome.evidence["fingerprint"] == first
