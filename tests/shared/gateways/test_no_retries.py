"""Retries are durable and seen: no client repeats a call by itself."""

import pytest

from shared.errors import AzureCallFailed
from shared.gateways.mail import Message
from shared.model.estate import CosmosDb, Storage
from tests.shared.actions.stage import Stage, contoso

WEST = "https://srch-fas-japanwest.search.windows.net"
MAIL = Message(to=("sre-team@contoso.com",), subject="s", text="t", html="<p>h</p>")


def graceful(stage: Stage) -> None:
    account = stage.azure.cosmos.account(contoso().of_kind(CosmosDb)[0].resource_id)
    stage.azure.cosmos.fail_over_gracefully(account, "japanwest")


def storage(stage: Stage) -> None:
    account = stage.azure.storage.account(contoso().of_kind(Storage)[0].resource_id)
    stage.azure.storage.fail_over(account, planned=True)


WRITES = {
    "cosmos POST": graceful,
    "storage POST": storage,
    "mail POST": lambda stage: stage.azure.mail.send("key", MAIL),
    "vault POST": lambda stage: stage.azure.key_vault.recover_secret(
        "https://kv-fas-japanwest.vault.azure.net", "tenant-signing-key"
    ),
    "deployment PUT": lambda stage: stage.azure.deployments.deploy(
        "rg-fas-japanwest", "d", {"resources": []}
    ),
    "search PUT": lambda stage: stage.azure.search.set_alias(WEST, "a", "b"),
    "search DELETE": lambda stage: stage.azure.search.delete_index(WEST, "b"),
    "blob PUT": lambda stage: stage.azure.blobs.write(
        "https://stfasprod.blob.core.windows.net", "search-snapshots", "n", b"x", "text/plain"
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_fails_was_sent_once(stage: Stage, name: str) -> None:
    for status in (429, 500, 503, 504):
        details = {"kind": "throttle"} if status == 429 else {"kind": "error", "status": status}
        fault = stage.lab.fault(target="*", match={"writes": True}, **details)
        stage.from_now()
        with pytest.raises(AzureCallFailed) as caught:
            WRITES[name](stage)
        stage.lab.end(fault)
        assert caught.value.status == status
        assert len(stage.writes) == 1


@pytest.mark.parametrize("name", [name for name in WRITES if name not in {"search PUT", "search DELETE"}])
def test_a_write_without_an_answer_was_sent_once(stage: Stage, name: str) -> None:
    stage.lab.fault("ack_lost", "*")
    stage.from_now()
    with pytest.raises(AzureCallFailed) as caught:
        WRITES[name](stage)
    assert (caught.value.status, caught.value.retryable) == (0, True)
    assert len(stage.writes) == 1
