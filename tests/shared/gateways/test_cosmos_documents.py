"""Documents through the REST data plane of the simulated Cosmos DB."""

import pytest

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection
from shared.gateways.cosmos_documents import Container, CosmosDocuments
from shared.gateways.preview import Preview
from tests.shared.actions.stage import Stage, contoso

ENDPOINT = "https://cosmos-fas-prod.documents.azure.com"
CANARY = Container(ENDPOINT, "agents", "canary")
MESSAGES = Container(ENDPOINT, "agents", "messages")
DOCUMENT = {"id": "probe", "tenantId": "canary", "text": "hello"}


def test_a_canary_is_written_and_read(stage: Stage) -> None:
    documents = stage.azure.documents
    assert documents.read(CANARY, "probe", "canary") is None
    documents.upsert(CANARY, "canary", DOCUMENT)
    found = documents.read(CANARY, "probe", "canary")
    assert found is not None
    assert found.items() >= DOCUMENT.items()


def test_a_refusal_says_who_may_not_do_what(stage: Stage) -> None:
    with pytest.raises(AzureCallFailed, match=r"403.*Forbidden.*items/upsert") as failure:
        stage.azure.documents.upsert(MESSAGES, "contoso", {"id": "x", "tenantId": "contoso"})
    assert not failure.value.retryable


def test_throttling_is_retried_later(stage: Stage) -> None:
    stage.lab.fault("throttle", "cosmos-fas-prod.documents", count=1, retry_after=7)
    with pytest.raises(AzureCallFailed) as failure:
        stage.azure.documents.read(MESSAGES, "m-0000001", "contoso")
    assert (failure.value.status, failure.value.retryable, failure.value.retry_after) == (429, True, 7)


def test_all_pages_of_a_query_come(stage: Stage) -> None:
    text = "SELECT * FROM c WHERE c._ts >= @since ORDER BY c._ts"
    since = stage.lab.clock.now() - 5 * 86_400
    rows = list(stage.azure.documents.every(MESSAGES, text, "contoso", {"since": since}))
    assert len({row["id"] for row in rows}) == len(rows) > 4000


def test_a_preview_queries_and_writes_nothing(stage: Stage) -> None:
    link = stage.lab.connection
    preview = Preview()
    looking = Connection(contoso().subscription_id, endpoint=link.endpoint, preview=preview)
    documents = CosmosDocuments(looking)
    count = documents.query(MESSAGES, "SELECT VALUE COUNT(1) FROM c", "contoso").rows
    assert count[0] > 0
    documents.upsert(CANARY, "canary", DOCUMENT)
    assert [(write.method, write.url) for write in preview.writes] == [
        ("POST", f"{ENDPOINT}/dbs/agents/colls/canary/docs")
    ]
    assert documents.read(CANARY, "probe", "canary") is None
    looking.transport.session.close()
