"""Whatever a client raises becomes one error with status, whether time may cure it, and no secret."""

import pytest

from shared.errors import AzureCallFailed
from shared.gateways.connection import asking, calling, text
from shared.model.estate import CosmosDb, KeyVault, Storage
from tests.shared.actions.stage import Stage, contoso

DATABASE = contoso().of_kind(CosmosDb)[0].resource_id
STORAGE = contoso().of_kind(Storage)[0].resource_id
VAULT = "https://kv-fas-japanwest.vault.azure.net"


def failing(stage: Stage, call: str) -> AzureCallFailed:
    calls = {
        "arm": lambda: stage.azure.cosmos.account(DATABASE),
        "arm, older client": lambda: stage.azure.storage.account(STORAGE),
        "vault": lambda: stage.azure.key_vault.secrets(VAULT),
        "search": lambda: stage.azure.search.index_names("https://srch-fas-japanwest.search.windows.net"),
        "blobs": lambda: stage.azure.blobs.names(
            "https://stfasprod.blob.core.windows.net", "search-snapshots", ""
        ),
        "mail": lambda: stage.azure.mail.state("any"),
        "resolver": lambda: stage.azure.traffic.resolve("https://dns.google/resolve", "api.fas.contoso.com"),
    }
    with pytest.raises(AzureCallFailed) as caught:
        calls[call]()
    return caught.value


EVERY = ["arm", "arm, older client", "vault", "search", "blobs", "mail", "resolver"]


# Statuses of failures, and whether time may cure them.
STATUSES = {400: False, 403: False, 409: True, 412: True, 500: True, 503: True}


@pytest.mark.parametrize("call", EVERY)
def test_the_status_says_whether_time_may_cure_it(stage: Stage, call: str) -> None:
    for status, retryable in STATUSES.items():
        fault = stage.lab.fault("error", "*", status=status, code="SomeCode", message="what went wrong")
        error = failing(stage, call)
        stage.lab.end(fault)
        assert (error.status, error.retryable) == (status, retryable)
        assert f"HTTP {status}" in str(error)
        assert error.operation in str(error)
        assert error.resource_id in str(error)


@pytest.mark.parametrize("call", ["arm", "arm, older client", "vault", "search"])
def test_the_reason_is_azures_own(stage: Stage, call: str) -> None:
    stage.lab.fault("error", "*", status=403, code="SomeCode", message="what went wrong")
    assert "what went wrong" in failing(stage, call).detail


@pytest.mark.parametrize("call", EVERY)
def test_throttling_says_when_to_come_back(stage: Stage, call: str) -> None:
    stage.lab.fault("throttle", "*", retry_after=17)
    error = failing(stage, call)
    assert (error.status, error.retryable, error.retry_after) == (429, True, 17.0)


@pytest.mark.parametrize("call", EVERY)
def test_no_answer_is_status_0_and_may_be_cured(stage: Stage, call: str) -> None:
    for host in (
        "management.azure.com",
        "kv-fas-japanwest.vault.azure.net",
        "srch-fas-japanwest.search.windows.net",
        "stfasprod.blob.core.windows.net",
        "acs-fas-prod.communication.azure.com",
        "dns.google",
    ):
        stage.lab.fault("endpoint_down", host)
    error = failing(stage, call)
    assert (error.status, error.retryable) == (0, True)
    assert "no answer" in str(error)


def test_a_missing_thing_is_nothing_where_that_is_an_answer(stage: Stage) -> None:
    azure = stage.azure
    assert (
        azure.container_apps.app(DATABASE.replace("DocumentDB/databaseAccounts", "App/containerApps")) is None
    )
    assert azure.deployments.find("rg-fas-japanwest", "never") is None
    assert azure.search.alias("https://srch-fas-japanwest.search.windows.net", "never") is None
    assert azure.search.last_run("https://srch-fas-japanwest.search.windows.net", "never") is None
    assert not azure.key_vault.is_soft_deleted(VAULT, "never")
    assert azure.blobs.read("https://stfasprod.blob.core.windows.net", "search-snapshots", "never") is None


@pytest.mark.parametrize("value", ["soon", "nan", "-5", "inf", "Wed, 21 Oct 2026 07:28:00 GMT", ""])
def test_a_wait_that_is_no_number_stops_nothing(value: str) -> None:
    import httpx

    response = httpx.Response(
        429, headers={"retry-after": value}, request=httpx.Request("GET", "https://x.example/")
    )
    with pytest.raises(AzureCallFailed) as caught, asking("ask", "https://x.example/"):
        response.raise_for_status()
    assert caught.value.retry_after is None


def test_a_query_with_a_secret_is_in_no_message() -> None:
    import httpx

    url = "https://x.example/path?sig=very-secret#and-more"
    with pytest.raises(AzureCallFailed) as caught, asking("ask", url):
        raise httpx.ConnectError("refused")
    assert "very-secret" not in str(caught.value)
    assert "https://x.example/path" in str(caught.value)


def test_a_long_answer_stays_short() -> None:
    from azure.core.exceptions import AzureError

    with pytest.raises(AzureCallFailed) as caught, calling("do", "it"):
        raise AzureError("x" * 5000 + "\nsecond line")
    assert len(str(caught.value)) < 700
    assert "second line" not in str(caught.value)


def test_a_defect_of_ours_is_not_made_an_azure_error() -> None:
    with pytest.raises(KeyError), calling("do", "it"):
        raise KeyError("ours")


def test_an_enumeration_of_an_sdk_is_what_azure_wrote(stage: Stage) -> None:
    from azure.mgmt.storage.models import SkuName

    assert text(SkuName.STANDARD_LRS) == "Standard_LRS"
    assert text(None) == ""
    account = stage.azure.storage.account(STORAGE)
    assert (account.provisioning_state, account.sku, account.replication) == (
        "Succeeded",
        "Standard_RAGRS",
        "Live",
    )


def test_no_secret_value_is_ever_read(stage: Stage) -> None:
    found = stage.azure.key_vault.secrets("https://kv-fas-japaneast.vault.azure.net")
    assert {secret.name for secret in found} == set(contoso().of_kind(KeyVault)[0].secrets)
    assert set(vars(found[0])) == {"name", "enabled", "expires_on"}
