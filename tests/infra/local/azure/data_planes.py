"""A simulated Azure in a thread of its own, and the transport that leads the real SDK clients to it."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.azure import ManualClock, Simulator, World, open_world
from shared.gateways.connection import Connection


class Lab:
    """The world lives in the simulator's thread; `inside` runs a function there."""

    def __init__(self, state: Path | None, clock: ManualClock) -> None:
        self.clock = clock
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.world: World = self._call(lambda: open_world(state, clock=clock))
        self._simulator = Simulator(self.world)
        self._run(self._simulator.start())
        self.url = self._simulator.url
        self.connection = Connection(
            "00000000-0000-4000-8000-00000000c0de", endpoint=self.url, call_timeout=10
        )
        self.http = self.connection.http

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def _call(self, function: Callable[[], Any]) -> Any:
        async def call() -> Any:
            return function()

        return self._run(call())

    def inside(self, function: Callable[[World], Any]) -> Any:
        def work() -> Any:
            with self.world.transaction():
                self.world.catch_up()
                return function(self.world)

        return self._call(work)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.inside(lambda world: None)

    def fault(self, kind: str, target: str, **details: Any) -> str:
        answer = httpx.post(f"{self.url}/_sim/faults", json={"kind": kind, "target": target, **details})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def end(self, fault: str) -> None:
        httpx.delete(f"{self.url}/_sim/faults/{fault}").raise_for_status()

    @property
    def truth(self) -> Any:
        return httpx.get(f"{self.url}/_sim/world").json()

    @property
    def ledger(self) -> Any:
        return httpx.get(f"{self.url}/_sim/ledger").json()

    @property
    def client(self) -> dict[str, Any]:
        """What an SDK client is built with, besides its endpoint."""
        return {"credential": self.connection.credential, **self.connection.client_options}

    def close(self) -> None:
        self.http.close()
        self.connection.transport.session and self.connection.transport.session.close()
        self._run(self._simulator.stop())
        self._call(self.world.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextmanager
def running(state: Path | None = None, clock: ManualClock | None = None) -> Iterator[Lab]:
    lab = Lab(state, clock or ManualClock())
    try:
        yield lab
    finally:
        lab.close()


@pytest.fixture
def lab() -> Iterator[Lab]:
    with running() as started:
        yield started
