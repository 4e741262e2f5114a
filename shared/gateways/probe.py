"""Probes: ask a service over HTTP as a tenant would."""

import time
from collections.abc import Iterable
from typing import Any

from pydantic import Field

from shared.gateways.connection import Connection
from shared.importing import IMPORTING
from shared.model.wire import Frozen


class Answered(Frozen):
    """What a probe saw; `status` is 0 when no answer came, `seconds` is the time until it was known."""

    url: str
    status: int
    seconds: float
    detail: str = ""
    body: dict[str, Any] = Field(default_factory=dict[str, Any])

    @property
    def healthy(self) -> bool:
        """Whether the service answered that it is well."""
        return self.status == 200


def probe_all(connection: Connection, urls: Iterable[str], *, timeout: float = 30.0) -> dict[str, Answered]:
    """One GET of each, all at once, `timeout` seconds for each as a whole; by address. Never raises for an answer."""
    with IMPORTING:
        import asyncio  # noqa: PLC0415 - with the first round

        import httpx  # noqa: PLC0415

        from shared.gateways.transport import endpoint_async_client  # noqa: PLC0415

    async def ask(client: httpx.AsyncClient, url: str) -> Answered:
        began = time.monotonic()
        status, detail = 0, ""
        try:
            async with asyncio.timeout(timeout), client.stream("GET", url) as response:
                status, detail = response.status_code, response.reason_phrase
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            detail = type(error).__name__
        return Answered(url=url, status=status, seconds=time.monotonic() - began, detail=detail[:200])

    async def ask_all() -> dict[str, Answered]:
        async with endpoint_async_client(connection.endpoint, timeout=timeout) as client:
            found = await asyncio.gather(*(ask(client, url) for url in dict.fromkeys(urls)))
        return {answered.url: answered for answered in found}

    return asyncio.run(ask_all())


def probe(connection: Connection, url: str, *, timeout: float = 30.0, transaction: bool = False) -> Answered:
    """One GET. Never raises for what the service did: a service that is away is an answer too.

    `transaction`: it is answered when a whole transaction has gone through, which takes its time. A preview sends
    none, because only what the run has changed by then decides how it ends.
    """
    with IMPORTING:
        import httpx  # noqa: PLC0415

    if "{{" in url and connection.preview is not None:
        return Answered(url=url, status=200, seconds=0.0, detail="an address that only the run can know")
    if transaction and connection.preview is not None:
        return Answered(url=url, status=200, seconds=0.0, detail="an answer that only the run can know")
    began = time.monotonic()
    try:
        response = connection.http.get(url, timeout=timeout)
    except httpx.HTTPError as error:
        return Answered(url=url, status=0, seconds=time.monotonic() - began, detail=type(error).__name__)
    body: dict[str, Any] = {}
    if response.headers.get("content-type", "").startswith("application/json"):
        try:
            parsed: object = response.json()
        except ValueError:
            parsed = None
        if isinstance(parsed, dict):
            body = parsed
    return Answered(
        url=url,
        status=response.status_code,
        seconds=time.monotonic() - began,
        detail=str(body.get("detail") or body.get("status") or response.reason_phrase)[:200],
        body=body,
    )
