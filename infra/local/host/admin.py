"""The host's own API below `/admin/`: what runs here, and running it now; asks for the master key."""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from infra.local.host import operations, settings
from infra.local.host.engine import Engine
from infra.local.host.errors import MessageTooLarge
from infra.local.host.http import HttpTriggers, joined
from infra.local.host.keys import Keys
from infra.local.host.timers import Timers
from infra.local.host.worker import BUILT_IN, Function, FunctionFailed, Worker, datum

_log = logging.getLogger(__name__)


class Admin:
    """Lists functions, says how the host is, and runs a function out of turn."""

    def __init__(
        self,
        functions: Sequence[Function],
        prefix: str,
        *,
        keys: Keys,
        worker: Worker,
        triggers: HttpTriggers,
        timers: Timers,
        engine: Engine,
    ) -> None:
        self._functions = {
            each.name.lower(): each for each in functions if not each.name.startswith(BUILT_IN)
        }
        self._keys = keys
        self._worker = worker
        self._triggers = triggers
        self._timers = timers
        self._engine = engine
        self._prefix = prefix
        self._started = time.monotonic()
        self._running: set[asyncio.Task[None]] = set()

    async def handle(self, request: web.Request) -> web.Response:
        if request.rel_url.path.lower() == "/admin/host/ping":
            return web.Response()
        if not self._keys.allow("admin", joined(request.headers.items()), request.query):
            return web.Response(status=401)
        uptime = round((time.monotonic() - self._started) * 1000)
        match request.method, request.rel_url.path.lower().strip("/").split("/"):
            case "GET", ["admin", "host", "status"]:
                return web.json_response(
                    {"id": "local", "state": "Running", "version": "4.0", "processUptime": uptime}
                )
            case "GET", ["admin", "functions"]:
                return web.json_response([self._describe(each, request) for each in self._functions.values()])
            case "GET", ["admin", "functions", name] if name in self._functions:
                return web.json_response(self._describe(self._functions[name], request))
            case "POST", ["admin", "functions", name] if name in self._functions:
                return await self._run(self._functions[name], request)
            case _:
                return web.Response(status=404)

    def _describe(self, function: Function, request: web.Request) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "name": function.name,
            "language": "python",
            "isDisabled": settings.is_disabled(function.name),
            "config": {"name": function.name, "bindings": [dict(each) for each in function.bindings]},
        }
        if function.kind == "httpTrigger":
            route = function.trigger.get("route")
            path = "/".join(
                each for each in (self._prefix, function.name if route is None else route) if each
            )
            shown["invoke_url_template"] = f"{request.url.origin()}/{path}"
        return shown

    async def _run(self, function: Function, request: web.Request) -> web.Response:
        if settings.is_disabled(function.name):
            return web.Response(status=404, text=f"The function '{function.name}' is disabled.\n")
        body = await request.read()
        try:
            given = json.loads(body) if body else {}
        except ValueError:
            return web.Response(status=400, text='The body must be JSON, such as {"input": "..."}.\n')
        value = given.get("input") if isinstance(given, dict) else None
        text = None if value is None else value if isinstance(value, str) else json.dumps(value)
        if function.kind == "entityTrigger":
            return web.Response(status=400, text="An entity runs by a signal to one of its keys.\n")
        if function.kind == "orchestrationTrigger":
            name = function.trigger.get("orchestration") or function.name
            try:
                operations.start(self._engine, uuid.uuid4().hex, name, text)
            except MessageTooLarge as refused:
                return web.Response(status=400, text=f"{refused}\n")
            return web.Response(status=202)
        task = asyncio.create_task(self._invoke(function, text))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return web.Response(status=202)

    async def _invoke(self, function: Function, text: str | None) -> None:
        if function.kind == "timerTrigger":
            await self._timers.run_now(function.name)
        elif function.kind == "httpTrigger":
            body = (text or "").encode()
            await self._triggers.invoke(
                function, "POST", "http://127.0.0.1/", headers={}, query={}, values={}, body=body
            )
        else:
            value = (
                datum(text or "null", "json")
                if function.kind == "activityTrigger"
                else datum(text or "", "string")
            )
            try:
                await asyncio.wrap_future(self._worker.submit(self._worker.invoke(function, value)))
            except FunctionFailed as failed:
                _log.error("Function '%s' failed.\n%s", function.name, failed.stack)
