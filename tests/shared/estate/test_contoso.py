"""The sample estate loads, and agrees with the source document and with what the simulated Azure holds."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from shared.estate import document
from shared.estate.load import load
from shared.model.estate import (
    AiSearch,
    ContainerApp,
    CosmosDb,
    Estate,
    KeyVault,
    MlWorkspace,
    OpenAi,
    Role,
    Storage,
    TrafficRoute,
)
from shared.model.plan import PlanKind

SAMPLE = Path(document.__file__).with_name("contoso.yaml")
GROUPS = "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def contoso() -> Estate:
    return load(SAMPLE)


def test_recovery_times_are_those_of_the_source_document(contoso):
    assert {service.name: service.rto for service in contoso.services} == {
        "agents-db": 4 * HOUR,
        "agent-service": HOUR,
        "agent-search": 8 * HOUR,
        "agent-files": 2 * HOUR,
        "agent-secrets": HOUR,
        "front-door": HOUR,
        "landing-openai": 4 * HOUR,
        "ml-workspace": 4 * HOUR,
        "training-data": 2 * HOUR,
        "inference-api": 4 * HOUR,
    }


def test_services_are_the_resources_of_the_simulated_azure(contoso):
    kinds = (CosmosDb, ContainerApp, AiSearch, Storage, KeyVault, TrafficRoute, OpenAi, MlWorkspace)
    assert [len(contoso.of_kind(kind)) for kind in kinds] == [1, 1, 1, 2, 1, 2, 1, 1]
    assert {(service.region, service.recovery_region) for service in contoso.services} == {
        ("japaneast", "japanwest"),
        ("eastus2", "westus2"),
        ("eastus2", "centralus"),
    }
    lands, away, world = (f"{GROUPS}/rg-prod-{one}-ai-01/providers" for one in ("eus2", "wus2", "global"))
    east, west, both = f"{GROUPS}/rg-fas-japaneast", f"{GROUPS}/rg-fas-japanwest", f"{GROUPS}/rg-fas-global"
    ids = {
        value
        for service in contoso.services
        for value in service.model_dump().values()
        if isinstance(value, str) and value.startswith("/subscriptions/")
    }
    assert ids == {
        f"{east}/providers/Microsoft.DocumentDB/databaseAccounts/cosmos-fas-prod",
        f"{east}/providers/Microsoft.App/containerApps/ca-agent-service",
        f"{west}/providers/Microsoft.App/containerApps/ca-agent-service",
        f"{west}/providers/Microsoft.App/managedEnvironments/cae-fas-japanwest",
        f"{east}/providers/Microsoft.Search/searchServices/srch-fas-japaneast",
        f"{west}/providers/Microsoft.Search/searchServices/srch-fas-japanwest",
        f"{east}/providers/Microsoft.Storage/storageAccounts/stfasprod",
        f"{east}/providers/Microsoft.KeyVault/vaults/kv-fas-japaneast",
        f"{west}/providers/Microsoft.KeyVault/vaults/kv-fas-japanwest",
        f"{both}/providers/Microsoft.Network/trafficManagerProfiles/tm-fas",
        f"{both}/providers/Microsoft.Network/dnsZones/fas.contoso.com",
        f"{lands}/Microsoft.CognitiveServices/accounts/aoai-prod-eus2-ai-01",
        f"{away}/Microsoft.CognitiveServices/accounts/aoai-prod-wus2-ai-01",
        f"{lands}/Microsoft.MachineLearningServices/workspaces/aml-prod-eus2-ai-01",
        f"{away}/Microsoft.MachineLearningServices/workspaces/aml-prod-wus2-ai-01",
        f"{lands}/Microsoft.Storage/storageAccounts/stprodeus2aidatalake",
        f"{world}/Microsoft.Network/trafficManagerProfiles/tm-prod-ai-inference",
        f"{world}/Microsoft.Network/dnsZones/contoso.com",
    }


def test_people_have_their_roles(contoso):
    assert {person.mail.split("@")[0]: set(person.roles) - {Role.READER} for person in contoso.people} == {
        "alice": {Role.OPERATOR},
        "bob": {Role.OPERATOR, Role.APPROVER},
        "carol": {Role.OPERATOR, Role.APPROVER},
        "dave": set(),
        "erin": {Role.OPERATOR, Role.APPROVER},
    }
    assert all(Role.READER in person.roles for person in contoso.people)
    assert "incident-commander" in contoso.person_by_mail("erin@contoso.com").duties


def test_recovery_needs_two_approvals_and_maintenance_none(contoso):
    assert {kind: policy.required for kind, policy in contoso.approvals.items()} == {
        PlanKind.RECOVERY: 2,
        PlanKind.DRILL: 2,
        PlanKind.OPERATION: 1,
        PlanKind.MAINTENANCE: 0,
        PlanKind.REMEDIATION: 0,
    }


def test_it_travels_as_plain_json_and_comes_back_the_same(contoso):
    assert Estate.from_wire(contoso.to_wire()) == contoso


def test_it_reads_the_same_without_libyaml(contoso, monkeypatch):
    monkeypatch.setattr(document, "_LOADER", document.yaml.SafeLoader)
    assert load(SAMPLE) == contoso


def test_loading_takes_under_30_milliseconds(contoso):
    def once() -> float:
        begin = time.perf_counter()
        load(SAMPLE)
        return time.perf_counter() - begin

    assert min(once() for _ in range(5)) < 0.030
