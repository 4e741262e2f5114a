"""A simulated Azure on a thread of the test's own, which goes on while the app is killed, as the real one does."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self

from infra.local.azure import Simulator, World, open_world
from infra.local.azure.core import control


class AzureThread:
    """`with AzureThread(...) as azure: azure.url`; everything that touches the world runs on its thread."""

    def __init__(self, state: Path, *, speed: float) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.world: World = self.do(lambda: open_world(state, speed=speed))
        self._simulator = Simulator(self.world, 0)
        self.url = ""

    def __enter__(self) -> Self:
        asyncio.run_coroutine_threadsafe(self._simulator.start(), self._loop).result()
        self.url = self._simulator.url
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._simulator.stop(), self._loop).result()
        self.do(self.world.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def do[R](self, work: Callable[[], R]) -> R:
        """Run something on the world's thread."""
        done: Future[R] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result(timeout=30)

    def take_region_away(self, region: str) -> None:
        """A region outage."""
        self.do(lambda: self.world.faults.inject("region_outage", region))

    def ledger(self) -> list[dict[str, Any]]:
        """Every write received."""
        return self.do(self.world.ledger)

    def truth(self) -> dict[str, Any]:
        """What is really so."""
        return self.do(lambda: control.truth(self.world))
