"""Transports that send every request to one loopback address, whatever host it was meant for.

Rewriting below the pipeline leaves authentication, LRO polling and parsing with the real `https` addresses; the
real host travels in `x-sim-host`. Replace the transport, never the client.
"""

from typing import Any
from urllib.parse import urlsplit

import httpx
from azure.core.pipeline.transport import RequestsTransport

REAL_HOST = "x-sim-host"


class LoopbackTransport(RequestsTransport):
    """azure-core's requests transport, aimed at one address."""

    def __init__(self, endpoint: str, **options: Any) -> None:  # noqa: ANN401 - azure-core's own options
        super().__init__(**options)
        self._endpoint = endpoint.rstrip("/")

    def send(self, request: Any, **options: Any) -> Any:  # noqa: ANN401 - two request types in azure-core
        """Send there, and put the real address back for whoever reads the request afterwards."""
        real = urlsplit(request.url)
        request.headers[REAL_HOST] = real.netloc
        request.url = self._endpoint + real.path + ("?" + real.query if real.query else "")
        try:
            return super().send(request, **options)
        finally:
            request.url = real.geturl()


class _Shared:
    """A transport that clients may close as they like: it belongs to the connection."""

    def __exit__(self, *_: object) -> None:
        return

    def close(self) -> None:
        return


class SharedTransport(_Shared, RequestsTransport):
    """The real transport, shared."""


class SharedLoopbackTransport(_Shared, LoopbackTransport):
    """The redirecting transport, shared."""


def endpoint_transport(endpoint: str | None, *, timeout: float) -> RequestsTransport:
    """The SDKs' transport; `timeout` in seconds for connecting and for each read."""
    limits: dict[str, Any] = {"connection_timeout": min(timeout, 10.0), "read_timeout": timeout}
    if endpoint is None:
        return SharedTransport(**limits)
    return SharedLoopbackTransport(endpoint, use_env_settings=False, **limits)


class _LoopbackHttpTransport(httpx.HTTPTransport):
    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = httpx.URL(endpoint)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers[REAL_HOST] = request.url.netloc.decode()
        request.url = request.url.copy_with(
            scheme=self._endpoint.scheme, host=self._endpoint.host, port=self._endpoint.port
        )
        return super().handle_request(request)


def endpoint_client(endpoint: str | None, *, timeout: float) -> httpx.Client:
    """The client for everything that is no Azure SDK; it follows no redirects, so nobody is led elsewhere."""
    transport = _LoopbackHttpTransport(endpoint) if endpoint else None
    return httpx.Client(
        transport=transport, timeout=timeout, follow_redirects=False, trust_env=endpoint is None
    )
