"""Many endpoints are asked at once, and one that does not answer holds nobody up."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.gateways.connection import Connection
from shared.gateways.probe import probe_all


@pytest.fixture
def endpoints() -> Iterator[str]:
    """Answers 200 for most hosts, 503 for some, and never for one."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = self.headers["x-sim-host"]
            if host.startswith("silent"):
                time.sleep(3)
            self.send_response(503 if host.startswith("ill") else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    ThreadingHTTPServer.request_queue_size = 128
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_every_endpoint_is_asked_at_once(endpoints: str) -> None:
    connection = Connection(subscription_id="00000000-0000-4000-8000-000000000000", endpoint=endpoints)
    urls = [*(f"https://api{n}.contoso.com/health" for n in range(40)), "https://ill.contoso.com/health"]
    began = time.monotonic()
    found = probe_all(connection, [*urls, "https://silent.contoso.com/health"], timeout=1.0)
    assert time.monotonic() - began < 20, "the silent one holds nothing up but itself"
    assert [url for url, answer in found.items() if not answer.healthy] == [
        "https://ill.contoso.com/health",
        "https://silent.contoso.com/health",
    ]
    assert found["https://ill.contoso.com/health"].status == 503
    assert found["https://silent.contoso.com/health"].status == 0


def test_an_address_that_is_none_is_an_answer_too() -> None:
    connection = Connection(subscription_id="00000000-0000-4000-8000-000000000000")
    found = probe_all(connection, ["https://127.0.0.1:1/health"], timeout=2.0)
    assert found["https://127.0.0.1:1/health"].status == 0
