"""The simulated Azure on a loopback port, with a ticker that lets time pass without requests."""

import asyncio
import contextlib
import json
import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Self

from aiohttp import web

from infra.local.azure.core import control
from infra.local.azure.core.clock import http_date
from infra.local.azure.core.dispatch import Dispatch
from infra.local.azure.core.http import Answer, Later, Request
from infra.local.azure.core.outbox import Outbox
from infra.local.azure.core.world import World

TICK = 0.1  # real seconds
LARGEST_BODY = 256 * 1024 * 1024


class Simulator:
    """`async with Simulator(world) as simulator: simulator.url`; `handler` is for other servers."""

    def __init__(self, world: World, port: int = 0) -> None:
        self.world, self.port = world, port
        self._dispatch = Dispatch(world)
        self._outbox = Outbox(world)
        self._runner: web.AppRunner | None = None
        self._ticker: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen; raises OSError when the port is taken."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{tail:.*}", self._respond)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.port = self._runner.addresses[0][1]
        self._ticker = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        await self._outbox.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def handler(self) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Answer `/_sim/*` elsewhere: `router.add_route("*", "/_sim/{tail:.*}", simulator.handler)`."""

        async def handle(request: web.Request) -> web.StreamResponse:
            return await control.respond(self.world, request)

        return handle

    async def answer(self, request: Request) -> Answer:
        """Answer in process, waiting simulated time where that is due."""
        outcome = self._dispatch.handle(request)
        while isinstance(outcome, Later):
            await self.world.clock.sleep(outcome.seconds)
            outcome = outcome.then()
        return outcome

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            with self.world.transaction():
                self.world.catch_up()
            self._outbox.work()

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        host = request.headers.get("x-sim-host")
        if host is None and request.path.startswith("/_sim/"):
            return await control.respond(self.world, request)
        host = (host or request.host).split(":")[0].lower()
        # Resource ids are often joined with a slash too many; in the name of a blob every slash counts.
        path = request.path if ".blob." in host else re.sub("/{2,}", "/", request.path)
        answer = await self.answer(
            Request(
                request.method,
                host,
                path,
                {name.lower(): value for name, value in request.query.items()},
                {name.lower(): value for name, value in request.headers.items()},
                await request.read(),
            )
        )
        if answer.dropped:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=502)
        return _response(answer, self.world.clock.now())


def _response(answer: Answer, now: float) -> web.Response:
    headers = {"x-ms-request-id": str(uuid.uuid4()), "Date": http_date(now), **answer.headers}
    match answer.body:
        case None:
            body, kind = None, None
        case bytes():
            body, kind = answer.body, "application/octet-stream"
        case str():
            body, kind = answer.body.encode(), "text/plain; charset=utf-8"
        case document:
            body, kind = json.dumps(document).encode(), "application/json; charset=utf-8"
    if kind is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    return web.Response(status=answer.status, headers=headers, body=body)
