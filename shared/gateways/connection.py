"""How this app reaches anything outside: one credential, one transport, one set of rules for every client."""

import base64
import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.errors import AzureCallFailed
from shared.gateways.preview import Preview, Previewed, only_looking
from shared.importing import IMPORTING

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials import TokenCredential

RETRYABLE = frozenset({0, 408, 409, 412, 423, 429, 500, 502, 503, 504})
"""Statuses that time may cure: no answer, conflicts with an operation that is going on, throttling, faults.

Cosmos DB answers 412 while another operation holds the account, so 412 is among them.
"""


@dataclass(frozen=True)
class Connection:
    """Credential and transport, shared by all gateways.

    `endpoint` redirects every request to one loopback address (`AZURE_ENDPOINT_URL`); the real clients, their
    authentication, parsers and pollers still run, and only the transport is another. With a `preview` nothing that
    changes anything is ever sent: the transport itself keeps it back.
    """

    subscription_id: str
    endpoint: str | None = None
    managed_identity_client_id: str | None = None
    call_timeout: float = 20.0
    preview: Preview | None = None
    _clients: dict[tuple[str, str], Any] = field(
        init=False, default_factory=dict[tuple[str, str], Any], repr=False, compare=False
    )
    _making: RLock = field(init=False, default_factory=RLock, repr=False, compare=False)

    def client[C](self, kind: str, address: str, make: Callable[[], C]) -> C:
        """The client of that kind for an address, made once: one that nobody keeps would leave its sockets open."""
        with self._making:
            if (kind, address) not in self._clients:
                self._clients[kind, address] = make()
            return self._clients[kind, address]

    def look[T](self, kind: str, key: str, read: Callable[[], T]) -> T:
        """Read something that a write of ours changes; in a preview as the kept writes would leave it.

        What is not there (404) is None to the expected changes, and is raised only when none is expected.
        """
        if self.preview is None or not self.preview.is_expected(kind, key):
            return read()
        try:
            seen: Any = read()
        except AzureCallFailed as error:
            if not missing(error):
                raise
            seen = None
        return self.preview.changed(kind, key, seen)

    def expect(self, kind: str, key: str, change: Callable[[Any], Any]) -> None:
        """What a write brings about in what `look` reads; nothing outside previews."""
        if self.preview is not None:
            self.preview.expect(kind, key, change)

    def later(self, name: str) -> str:
        """What only the real run can know, in a preview: `{{step.name}}`."""
        return f"{{{{{self.preview.step if self.preview else 'step'}.{name}}}}}"

    def close(self) -> None:
        """Give the sockets back. A process has one connection until it ends; every preview has one more."""
        if (transport := self._clients.get(("transport", ""))) is not None:
            transport.dispose()
        if (http := self._clients.get(("http", ""))) is not None:
            http.close()

    @cached_property
    def credential(self) -> "TokenCredential":
        """The managed identity of the app, or a fake token for the loopback endpoint."""
        if self.endpoint:
            return LoopbackCredential()
        with IMPORTING:
            from azure.identity import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415

        if self.managed_identity_client_id:
            return ManagedIdentityCredential(client_id=self.managed_identity_client_id)
        return DefaultAzureCredential(exclude_interactive_browser_credential=True)

    @cached_property
    def principal(self) -> str:
        """Object id of the identity that this app acts as, from its own token; empty when that does not say it."""
        parts = self.credential.get_token("https://management.azure.com/.default").token.split(".")
        try:
            said = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except (IndexError, ValueError):
            return ""
        return str(said.get("oid", "")).lower() if isinstance(said, dict) else ""

    @property
    def transport(self) -> Any:  # noqa: ANN401 - azure-core types its transports by response, which differ
        """The requests transport that every SDK client shares."""
        with IMPORTING:
            from shared.gateways.transport import endpoint_transport  # noqa: PLC0415 - imports azure-core

        return self.client(
            "transport",
            "",
            lambda: endpoint_transport(self.endpoint, timeout=self.call_timeout, preview=self.preview),
        )

    @property
    def http(self) -> "httpx.Client":
        """The plain HTTP client for probes, resolvers, tickets and chat; same redirection."""
        with IMPORTING:
            from shared.gateways.transport import endpoint_client  # noqa: PLC0415 - imports httpx

        return self.client(
            "http",
            "",
            lambda: endpoint_client(self.endpoint, timeout=self.call_timeout, preview=self.preview),
        )

    @property
    def client_options(self) -> dict[str, Any]:
        """What every SDK client is built with.

        Retries are durable, so that they survive a restart and are seen: the SDK's own are off (by default it
        repeats a POST up to ten times on 500, 503 and 504, which restarts or regenerates again and again).
        """
        return {"transport": self.transport, "retry_total": 0, "logging_enable": False}

    @cached_property
    def arm(self) -> Any:  # noqa: ANN401 - see transport
        """A bare ARM pipeline: operation polling, and services without a client of their own here."""
        with IMPORTING:
            from azure.core.pipeline.policies import (  # noqa: PLC0415
                ContentDecodePolicy,
                RequestIdPolicy,
                RetryPolicy,
                UserAgentPolicy,
            )
            from azure.mgmt.core import ARMPipelineClient  # noqa: PLC0415
            from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy  # noqa: PLC0415

        scope = "https://management.azure.com/.default"
        return ARMPipelineClient(
            base_url="https://management.azure.com",
            policies=[
                RequestIdPolicy(),
                UserAgentPolicy(sdk_moniker="foundry-ops"),
                ContentDecodePolicy(),
                RetryPolicy(retry_total=0),
                ARMChallengeAuthenticationPolicy(self.credential, scope),
            ],
            transport=self.transport,
        )


LOOPBACK_PRINCIPAL = "9e2d5c1a-0f0e-4d11-9f3b-f0d5f0d5f0d5"


class LoopbackCredential:
    """The token for an address on this machine, where no identity provider is; it says who asks, as Entra's do."""

    def get_token(self, *scopes: str, **_options: Any) -> Any:  # noqa: ANN401, ARG002 - the SDK's protocol
        with IMPORTING:
            from azure.core.credentials import AccessToken  # noqa: PLC0415

        said = base64.urlsafe_b64encode(json.dumps({"oid": LOOPBACK_PRINCIPAL}).encode()).decode().rstrip("=")
        return AccessToken(f"e30.{said}.loopback", int(time.time()) + 3600)


@contextmanager
def calling(operation: str, resource_id: str) -> Generator[None]:
    """Turn whatever a client raises into `AzureCallFailed`, with its status and whether time may cure it."""
    with IMPORTING:
        from azure.core.exceptions import AzureError, HttpResponseError  # noqa: PLC0415

    try:
        yield
    except HttpResponseError as error:
        status = error.status_code or 0
        raise AzureCallFailed(
            operation,
            resource_id,
            status,
            _detail(error),
            retryable=status in RETRYABLE,
            retry_after=_retry_after(error),
        ) from error
    except AzureError as error:
        raise AzureCallFailed(operation, resource_id, 0, _first_line(error), retryable=True) from error


@contextmanager
def reading(operation: str, resource_id: str) -> Generator[None]:
    """`calling`, for requests that change nothing although they are no GET: key lists, what-if, queries."""
    with only_looking(), calling(operation, resource_id):
        yield


@contextmanager
def writing(operation: str, resource_id: str) -> Generator[None]:
    """`calling`, for a request that changes something. In a preview it is kept and not sent: the block just ends."""
    try:
        with calling(operation, resource_id):
            yield
    except Previewed:
        return


@contextmanager
def asking(operation: str, url: str) -> Generator[None]:
    """The same for plain HTTP."""
    with IMPORTING:
        import httpx  # noqa: PLC0415

    target = urlsplit(url)._replace(query="", fragment="").geturl()
    try:
        yield
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        raise AzureCallFailed(
            operation,
            target,
            status,
            error.response.reason_phrase,
            retryable=status in RETRYABLE,
            retry_after=_retry_after(error),
        ) from error
    except httpx.HTTPError as error:
        raise AzureCallFailed(operation, target, 0, _first_line(error), retryable=True) from error


def text(value: object) -> str:
    """What an SDK's value says on the wire: `str()` of its enums is their Python name (`SkuName.STANDARD_LRS`)."""
    return "" if value is None else str(getattr(value, "value", value))


def missing(error: AzureCallFailed) -> bool:
    """Whether the answer was that there is no such thing."""
    return error.status == 404


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300]


def _detail(error: Any) -> str:  # noqa: ANN401 - HttpResponseError in three generations of generated code
    outer: Any = getattr(error, "error", None)
    parts: list[Any] = [outer, *(getattr(outer, "details", None) or [])]
    said = [
        f"{part.code}: {part.message}"
        for part in parts
        if getattr(part, "code", None) and getattr(part, "message", None)
    ]
    return "; ".join(said)[:600] or _first_line(error)


def _retry_after(error: Any) -> float | None:  # noqa: ANN401 - see _detail
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    # Cost Management has names of its own: x-ms-ratelimit-microsoft.costmanagement-entity-retry-after, -qpu-, -client-.
    asked = [str(value) for name, value in headers.items() if name.lower().endswith("retry-after")]
    # A date is possible too, but Azure sends seconds; what is neither must not stop a recovery.
    return max((float(one) for one in asked if one.isascii() and one.isdigit()), default=None)
