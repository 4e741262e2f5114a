"""A simulated Azure in a thread, with a clock that tests advance, and the real SDK clients that talk to it."""

import asyncio
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport

from infra.local.azure import ManualClock, Simulator, open_world
from infra.local.azure.contoso import SUBSCRIPTION


class Redirect(RequestsTransport):
    """Sends every request to the simulator; authentication and pollers still see the real https address."""

    def __init__(self, sink, **options):
        super().__init__(**options)
        self.sink = sink

    def send(self, request, **options):
        real = request.url
        parts = urlsplit(real)
        request.headers["x-sim-host"] = parts.netloc
        request.url = self.sink + parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            return super().send(request, **options)
        finally:
            request.url = real

    def close(self):
        """Stay open: the fixture owns the transport, the clients only borrow it."""

    def __exit__(self, *_):
        """Stay open, as `close` does."""

    def end(self):
        super().close()


class Credential:
    """Any bearer token will do."""

    def get_token(self, *_scopes, **_options):
        return AccessToken("local", int(time.time()) + 3600)


class Azure:
    """The world of a test, in the thread of its simulator, and how to reach it."""

    def __init__(self, state=None, clock=None):
        self.clock = clock or ManualClock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.world = self._call(lambda: open_world(state, clock=self.clock))
        self._simulator = Simulator(self.world)
        self._run(self._simulator.start())
        self.url = self._simulator.url
        self.transport = Redirect(self.url)

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _call(self, function):
        async def call():
            return function()

        return self._run(call())

    def close(self):
        self.transport.end()
        self._run(self._simulator.stop())
        self._call(self.world.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def inside(self, function):
        """Run a function on the world, in its thread and in a transaction, after time has caught up."""

        def work():
            with self.world.transaction():
                self.world.catch_up()
                return function(self.world)

        return self._call(work)

    def advance(self, seconds):
        """Let simulated time pass, and happen what was due."""
        self.clock.advance(seconds)
        self.inside(lambda world: None)

    def client(self, kind, **options):
        """Make a management client of the SDK; its pollers do not wait between polls."""
        settings = {"transport": self.transport, "polling_interval": 0, "retry_total": 0, **options}
        return kind(Credential(), SUBSCRIPTION, **settings)

    def finish(self, begin, seconds):
        """Begin an operation, let its time pass, return its result."""
        poller = begin()
        self.advance(seconds)
        return poller.result(timeout=20)

    def get(self, url, **options):
        """GET any address of the simulated Azure; raises httpx.RemoteProtocolError where nothing answers."""
        parts = urlsplit(url)
        headers = {"x-sim-host": parts.netloc, **options.pop("headers", {})}
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return httpx.get(self.url + path, headers=headers, **options)

    def arm(self, method, path, body=None, version="2025-01-01", token="local"):
        """Send a bare request to Azure Resource Manager."""
        headers = {"x-sim-host": "management.azure.com"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        url = self.url + path + (f"?api-version={version}" if version else "")
        return httpx.request(method, url, headers=headers, json=body)

    def fault(self, kind, target, **details):
        answer = httpx.post(f"{self.url}/_sim/faults", json={"kind": kind, "target": target, **details})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def outage(self, region="japaneast"):
        return self.fault("region_outage", region)

    def end(self, fault):
        assert httpx.delete(f"{self.url}/_sim/faults/{fault}").status_code == 200

    def truth(self):
        return httpx.get(f"{self.url}/_sim/world").json()

    def ledger(self):
        return httpx.get(f"{self.url}/_sim/ledger").json()

    def tenant(self, name="contoso"):
        return self.truth()["traffic"]["FAS"]["tenants"][name]


@pytest.fixture
def azure():
    azure = Azure()
    yield azure
    azure.close()
