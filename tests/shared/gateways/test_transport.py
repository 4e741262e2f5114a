"""With an endpoint set, everything goes there and nowhere else, and the clients never notice."""

import http.server
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from shared.errors import AzureCallFailed
from shared.gateways.connection import LOOPBACK_PRINCIPAL, Connection
from shared.gateways.cosmos import Cosmos
from shared.gateways.probe import probe
from shared.gateways.transport import REAL_HOST, endpoint_client, endpoint_transport
from shared.model.estate import CosmosDb
from tests.shared.actions.stage import Stage, contoso

SUBSCRIPTION = contoso().subscription_id


class Echo:
    """A server that remembers what it was asked, and may redirect."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.answer, self.headers, self.body = 404, {}, b"{}"
        echo = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                echo.asked.append((self.command, self.path, self.headers.get(REAL_HOST, "")))
                self.send_response(echo.answer)
                for name, value in {"content-type": "application/json", **echo.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(echo.body)))
                self.end_headers()
                self.wfile.write(echo.body)

            def log_message(self, *_: object) -> None:
                return

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def echo():
    opened = Echo()
    yield opened
    opened.close()


@pytest.fixture
def connection(echo: Echo):
    made = Connection(SUBSCRIPTION, endpoint=echo.url, call_timeout=5)
    yield made
    made.http.close()
    if made.transport.session is not None:
        made.transport.session.close()


def test_an_sdk_client_keeps_its_real_address(echo: Echo, connection: Connection) -> None:
    from azure.core.rest import HttpRequest

    response = connection.arm.send_request(HttpRequest("GET", "https://management.azure.com/x?api-version=1"))
    assert response.request.url == "https://management.azure.com/x?api-version=1"
    assert echo.asked == [("GET", "/x?api-version=1", "management.azure.com")]


def test_a_redirect_leads_nobody_away(echo: Echo, connection: Connection) -> None:
    echo.answer, echo.headers = 302, {"location": "https://evil.example/steal"}
    answer = probe(connection, "https://api.fas.contoso.com/health")
    assert answer.status == 302
    with pytest.raises(AzureCallFailed):
        Cosmos(connection).account(contoso().of_kind(CosmosDb)[0].resource_id)
    assert {host for _, _, host in echo.asked} <= {
        "api.fas.contoso.com",
        "management.azure.com",
        "evil.example",
    }


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "https_proxy"])
def test_a_proxy_in_the_environment_sees_nothing(
    echo: Echo, connection: Connection, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert probe(connection, "https://api.fas.contoso.com/health").status == 404
    with pytest.raises(AzureCallFailed, match="404"):
        Cosmos(connection).account(contoso().of_kind(CosmosDb)[0].resource_id)
    assert len(echo.asked) == 2


def test_an_endpoint_that_is_gone_is_no_way_out() -> None:
    dead = Connection(SUBSCRIPTION, endpoint="http://127.0.0.1:9", call_timeout=2)
    assert probe(dead, "https://api.fas.contoso.com/health").status == 0
    with pytest.raises(AzureCallFailed, match="no answer"):
        Cosmos(dead).account(contoso().of_kind(CosmosDb)[0].resource_id)
    dead.http.close()


def test_the_loopback_token_is_a_fake(connection: Connection) -> None:
    assert connection.credential.get_token("https://management.azure.com/.default").token.endswith(
        ".loopback"
    )
    assert connection.principal == LOOPBACK_PRINCIPAL


def test_without_an_endpoint_nothing_is_redirected() -> None:
    transport = endpoint_transport(None, timeout=5)
    assert not hasattr(transport, "_endpoint")
    client = endpoint_client(None, timeout=5)
    assert client.follow_redirects is False
    client.close()


def test_a_client_that_is_closed_leaves_the_shared_transport_open(stage: Stage) -> None:
    resource_id = contoso().of_kind(CosmosDb)[0].resource_id
    cosmos = stage.azure.cosmos
    cosmos.account(resource_id)
    with cosmos._client:
        pass
    assert stage.azure.storage is not None
    assert cosmos.account(resource_id).write_region == "japaneast"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[1]"),
        ("text/html", b"<p>no</p>"),
        ("application/json", b""),
    ],
)
def test_a_probe_reads_any_answer(echo: Echo, connection: Connection, kind: str, body: bytes) -> None:
    echo.answer, echo.headers, echo.body = 503, {"content-type": kind}, body
    answer = probe(connection, "https://api.fas.contoso.com/health")
    assert (answer.status, answer.healthy, answer.body) == (503, False, {})
    assert answer.detail == "Service Unavailable"


def test_a_probe_has_an_end(connection: Connection) -> None:
    class Slow(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("too slow", request=request)

    slow = Connection(SUBSCRIPTION, endpoint=connection.endpoint)
    slow.client("http", "", lambda: httpx.Client(transport=Slow()))
    answer = probe(slow, "https://api.fas.contoso.com/health")
    assert (answer.status, answer.detail, answer.healthy) == (0, "ReadTimeout", False)
    slow.http.close()


def test_threads_that_need_a_client_at_once_share_the_one_that_is_made() -> None:
    link = Connection(subscription_id="s")
    together = threading.Barrier(4)

    def first() -> object:
        together.wait(10)
        return link.client("kind", "address", slowly)

    def slowly() -> object:
        time.sleep(0.05)
        return object()

    with ThreadPoolExecutor(4) as pool:
        found = {future.result(10) for future in [pool.submit(first) for _ in range(4)]}
    assert len(found) == 1
