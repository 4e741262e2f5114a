"""Transports that send every request to one loopback address, whatever host it was meant for.

Rewriting below the pipeline leaves authentication, LRO polling and parsing with the real `https` addresses; the
real host travels in `x-sim-host`. Replace the transport, never the client. A preview is kept here too, below
everything that could send: what is not known to be a look never leaves.
"""

import json
import ssl
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from azure.core.pipeline.transport import RequestsTransport

from shared.gateways.journal import sending
from shared.gateways.preview import Preview

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

    preview: Preview | None = None

    def send(self, request: Any, **options: Any) -> Any:  # noqa: ANN401 - two request types in azure-core
        if self.preview is not None:
            self.preview.refuse(request.method, request.url, _content(request))
        with sending(request.method, request.url, lambda: _content(request)) as sent:
            response: Any = super().send(request, **options)  # pyright: ignore[reportAttributeAccessIssue] - the transport's own
            sent.status = response.status_code
            return response

    def __exit__(self, *_: object) -> None:
        return

    def close(self) -> None:
        return

    def dispose(self) -> None:
        """Really close it, with every socket that it has open."""
        super().close()  # pyright: ignore[reportAttributeAccessIssue] - the transport's own


class SharedTransport(_Shared, RequestsTransport):
    """The real transport, shared."""


class SharedLoopbackTransport(_Shared, LoopbackTransport):
    """The redirecting transport, shared."""


def _content(request: Any) -> bytes | str | None:  # noqa: ANN401 - two request types in azure-core
    """The body as it would go out; a stream is not read, for it could not be read again."""
    body = getattr(request, "content", None) or getattr(request, "data", None)
    if isinstance(body, bytes | str):
        return body
    return json.dumps(body) if isinstance(body, dict | list) else None


def endpoint_transport(
    endpoint: str | None, *, timeout: float, preview: Preview | None = None
) -> RequestsTransport:
    """The SDKs' transport; `timeout` in seconds for connecting and for each read."""
    limits: dict[str, Any] = {"connection_timeout": min(timeout, 10.0), "read_timeout": timeout}
    if endpoint is None:
        transport = SharedTransport(**limits)
    else:
        transport = SharedLoopbackTransport(endpoint, use_env_settings=False, **limits)
    transport.preview = preview
    return transport


@cache
def _tls(*, trust_env: bool) -> ssl.SSLContext:
    """One for all clients: to read the authorities' certificates once more holds up the whole process for 50 ms."""
    return httpx.create_ssl_context(trust_env=trust_env)


class _HttpTransport(httpx.HTTPTransport):
    def __init__(self, endpoint: str | None, preview: Preview | None) -> None:
        super().__init__(verify=_tls(trust_env=endpoint is None), trust_env=endpoint is None)
        self._endpoint = httpx.URL(endpoint) if endpoint else None
        self._preview = preview

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._preview is not None:
            self._preview.refuse(request.method, str(request.url), request.read())
        if self._endpoint is not None:
            request.headers[REAL_HOST] = request.url.netloc.decode()
            request.url = request.url.copy_with(
                scheme=self._endpoint.scheme, host=self._endpoint.host, port=self._endpoint.port
            )
        return super().handle_request(request)


class _AsyncHttpTransport(httpx.AsyncHTTPTransport):
    def __init__(self, endpoint: str) -> None:
        super().__init__(verify=_tls(trust_env=False), limits=httpx.Limits(max_connections=None))
        self._endpoint = httpx.URL(endpoint)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers[REAL_HOST] = request.url.netloc.decode()
        request.url = request.url.copy_with(
            scheme=self._endpoint.scheme, host=self._endpoint.host, port=self._endpoint.port
        )
        return await super().handle_async_request(request)


def endpoint_async_client(endpoint: str | None, *, timeout: float) -> httpx.AsyncClient:
    """A client for many looks at once; it keeps no journal, so nothing is written with it."""
    return httpx.AsyncClient(
        verify=_tls(trust_env=endpoint is None),
        transport=_AsyncHttpTransport(endpoint) if endpoint else None,
        timeout=timeout,
        follow_redirects=False,
        limits=httpx.Limits(max_connections=None),
        trust_env=endpoint is None,
    )


class _HttpClient(httpx.Client):
    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own options
        with sending(request.method, str(request.url), request.read) as sent:
            response = super().send(request, **options)
            sent.status = response.status_code
            return response


def endpoint_client(endpoint: str | None, *, timeout: float, preview: Preview | None = None) -> httpx.Client:
    """The client for everything that is no Azure SDK; it follows no redirects, so nobody is led elsewhere."""
    transport = _HttpTransport(endpoint, preview) if endpoint or preview else None
    return _HttpClient(
        verify=_tls(trust_env=endpoint is None),
        transport=transport,
        timeout=timeout,
        follow_redirects=False,
        trust_env=endpoint is None,
    )
