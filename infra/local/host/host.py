"""The host put together: state file, engine, app, gRPC and HTTP; exactly one a process."""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import NoReturn, Protocol

from aiohttp import web

from infra.local.host import rpc, settings, sign_in
from infra.local.host.admin import Admin
from infra.local.host.dispatch import Dispatcher, unknown_function
from infra.local.host.engine import Engine
from infra.local.host.errors import HostError
from infra.local.host.http import HttpTriggers
from infra.local.host.identity import Principals
from infra.local.host.keys import Keys
from infra.local.host.management import DURABLE_PATH, Management
from infra.local.host.store import Store
from infra.local.host.timers import Timers
from infra.local.host.worker import BUILT_IN, Worker

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOOPBACK = "127.0.0.1"
_MAX_BODY = 100 * 1024 * 1024
_SERVED = ("httpTrigger", "timerTrigger", "orchestrationTrigger", "activityTrigger", "entityTrigger")
_log = logging.getLogger(__name__)
_started = False


class LocalHost:
    """A Functions host for one app, on the loopback interface only.

    Exactly one a process: Microsoft's worker runtime, the environment and the working directory are global.
    A process that has started one cannot start another, not even after `stop`.
    """

    def __init__(
        self,
        app: Path,
        port: int,
        state: Path,
        *,
        address: str = _LOOPBACK,
        settings: Mapping[str, str] | None = None,
        principals: Principals | None = None,
        mounts: Mapping[str, Handler] | None = None,
        keys: Keys | None = None,
    ) -> None:
        """`port` 0 takes a free one. Paths that start with a prefix in `mounts` go to that handler."""
        if address != _LOOPBACK:
            raise HostError(
                f"This host listens on {_LOOPBACK} only, not on {address}: its keys are no secrets."
            )
        self._app = app.resolve()
        self._state = state.resolve()
        self._port = port
        self._settings = settings or {}
        self._principals = principals
        self._mounts = {prefix.rstrip("/"): handler for prefix, handler in (mounts or {}).items()}
        self._keys = keys or Keys()
        self.function_count = 0
        self._closing = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        return f"http://{_LOOPBACK}:{self._port}"

    async def start(self) -> None:
        """Start everything, or raise `HostError` with what to do and leave nothing running."""
        global _started  # noqa: PLW0603 - the worker runtime is global to the process, and so is this guard
        if _started:
            raise HostError("One process can run one Functions host. Start another process for another host.")
        _started = True
        try:
            await self._start()
        except BaseException:
            await self._closing.aclose()
            raise

    async def _start(self) -> None:
        host_json = settings.host_json(self._app)
        # Bind first: a port in use is found before the app is imported.
        listening = _bind(self._port)
        self._port = listening.getsockname()[1]
        self._closing.callback(listening.close)
        store = Store(self._state)
        try:
            engine = Engine(store, settings.default_version(host_json))
        except BaseException:
            store.close()
            raise
        self._closing.callback(engine.close)

        settings.apply(self._app, self._settings, signed_in=self._principals is not None, address=self.url)
        worker = Worker(self._app)
        indexed = await asyncio.to_thread(worker.start)
        self._closing.callback(worker.stop)
        self.function_count = sum(not each.name.startswith(BUILT_IN) for each in indexed)
        functions = [each for each in indexed if not settings.is_disabled(each.name)]

        dispatcher = Dispatcher(engine, worker, functions)
        self._closing.callback(dispatcher.stop)

        def check_orchestrator(name: str) -> None:
            if name not in dispatcher.orchestrators:
                raise LookupError(unknown_function("orchestrator", name, dispatcher.orchestrators))

        server, rpc_port = rpc.serve(rpc.TaskHub(engine, check_orchestrator))
        self._closing.callback(lambda: server.stop(None))
        management = Management(engine, self._keys, self.url, check_orchestrator, dispatcher.entities)
        binding = management.client_binding(f"http://{_LOOPBACK}:{rpc_port}")
        worker.client_binding = lambda: binding

        prefix = settings.route_prefix(host_json)
        triggers = HttpTriggers(worker, functions, prefix, self._keys, self._principals)
        timers = Timers(engine, worker, functions)
        admin = Admin(
            indexed, prefix, keys=self._keys, worker=worker, triggers=triggers, timers=timers, engine=engine
        )
        for each in functions:
            if each.kind not in _SERVED:
                _log.warning(
                    "Nothing here triggers '%s' (%s); POST /admin/functions/%s runs it.",
                    each.name,
                    each.kind,
                    each.name,
                )

        async def route(request: web.Request) -> web.StreamResponse:
            path = request.rel_url.path
            for mount, handler in self._mounts.items():
                if path == mount or path.startswith(f"{mount}/"):
                    return await handler(request)
            if path.lower().startswith(DURABLE_PATH):
                return await management.handle(request)
            if path.startswith(sign_in.PREFIX) and self._principals is not None:
                return await sign_in.handle(request, self._principals)
            if path.lower().startswith("/admin/"):
                return await admin.handle(request)
            if path == "/" and prefix:
                return web.Response(text="The local Functions host is running.\n")
            return await triggers.handle(request)

        application = web.Application(client_max_size=_MAX_BODY)
        application.router.add_route("*", "/{path:.*}", route)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2, auto_decompress=False)
        await runner.setup()
        self._closing.push_async_callback(runner.cleanup)
        threading.Thread(target=engine.ring_alarms, name="alarms", daemon=True).start()
        dispatcher.start()
        await web.SockSite(runner, listening).start()
        self._closing.push_async_callback(timers.stop)
        timers.start()

    async def stop(self) -> None:
        """Stop taking requests and work, and close the state file; what is in flight runs again next time."""
        await self._closing.aclose()


def _bind(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_LOOPBACK, port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise HostError(
                f"Port {port} is in use. Stop what listens there, or choose another with --port."
            ) from None
        raise HostError(
            f"Cannot listen on port {port}: {error.strerror}. Choose another with --port."
        ) from None
    listening.setblocking(False)
    return listening


class Startable(Protocol):
    """A host, or something that has one inside."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


async def serve(host: Startable, ready: Callable[[], None] = lambda: None) -> None:
    """Start the host, call `ready`, and serve until Ctrl-C or SIGTERM."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, ended.set)
    await host.start()
    ready()
    await ended.wait()
    await host.stop()


def run(host: LocalHost, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal, then end the process: with 0, or with 1 and one message if it cannot start."""
    status = 0
    try:
        asyncio.run(serve(host, ready))
    except HostError as error:
        print(error, file=sys.stderr)
        status = 1
    leave(status)


def leave(status: int) -> NoReturn:
    """End this process at once, with everything written that was printed.

    An embedding that does not use `run` ends with this after `stop`: Python itself would wait for app code.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
