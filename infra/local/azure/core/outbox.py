"""What the world sends outside: requests that a transaction wrote down, made one by one, and noted how they ended."""

import asyncio
import contextlib

import aiohttp

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World

TIMEOUT = 10.0  # real seconds
AT_ONCE = 20
KEPT = 500
"""Requests that are over and still shown, the newest."""
AGAIN = frozenset({408, 429, 503, 504})
DELAYS = (5.0, 20.0, 5.0, 40.0, 5.0)
"""Simulated seconds from one try to the next (Microsoft Learn, action groups: webhook retry behavior)."""
BLOCKED = 900.0
"""Simulated seconds for which nobody calls an address after the last try has failed."""
PATIENCE = 0.25
"""However fast the world runs, who is called has at least this share of the time between two tries in earnest."""


def send(world: World, url: str, body: Json, about: str) -> str:
    """Write down a POST; it leaves when the transaction is over. Returns its id."""
    row: Json = {
        "id": world.new_id(),
        "url": url,
        "body": body,
        "about": about,
        "since": world.now,
        "due": world.now,
        "answers": [],
    }
    table = world.table("outbox")
    table.put(row["id"], row)
    over = sorted((row for _, row in table.rows() if "ended" in row), key=lambda one: one["ended"])
    for one in over[: max(0, len(over) - KEPT)]:
        table.delete(one["id"])
    return row["id"]


def look(world: World, url: str, about: str) -> None:
    """Write down a GET; what it was answered (0: nothing) comes into the table `outbox heard`, by `about`."""
    table = world.table("outbox looks")
    if table.peek(about) is None:
        table.put(about, {"url": url})


class Outbox:
    """Makes the requests, side by side; what was not answered when the process ended is made again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None

    def work(self) -> None:
        """Begin what is due."""
        for key, row in self._world.table("outbox").rows():
            if "ended" in row or row["due"] > self._world.now or len(self._under_way) >= AT_ONCE:
                continue
            if key not in self._under_way:
                task = asyncio.create_task(self._make(key, row))
                self._under_way[key] = task
                task.add_done_callback(lambda _, key=key: self._under_way.pop(key, None))

        for key, row in self._world.table("outbox looks").rows():
            if key not in self._under_way:
                task = asyncio.create_task(self._look(key, row["url"]))
                self._under_way[key] = task
                task.add_done_callback(lambda _, key=key: self._under_way.pop(key, None))

    async def stop(self) -> None:
        for task in list(self._under_way.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._session is not None:
            await self._session.close()

    @property
    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        return self._session

    async def _look(self, key: str, url: str) -> None:
        status = 0
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self._client.get(url) as response:
                status = response.status
        with self._world.transaction():
            self._world.table("outbox looks").delete(key)
            self._world.table("outbox heard").put(key, {"status": status})

    async def _make(self, key: str, row: Json) -> None:
        answer: int | str
        if self._is_blocked(row["url"]):
            answer = "not called: it has failed too often"
        else:
            try:
                async with self._client.post(row["url"], json=row["body"]) as response:
                    await response.read()
                    answer = response.status
            except (aiohttp.ClientError, TimeoutError) as error:
                answer = type(error).__name__
        with self._world.transaction():
            self._note(key, answer)

    def _note(self, key: str, answer: int | str) -> None:
        world, table = self._world, self._world.table("outbox")
        row = table.get(key)
        if row is None:
            return
        row["answers"].append(answer)
        tries = len(row["answers"])
        again = answer in AGAIN or (isinstance(answer, str) and not answer.startswith("not called"))
        if again and tries <= len(DELAYS):
            row["due"] = world.now + DELAYS[tries - 1] * max(1.0, world.speed * PATIENCE)
        else:
            row["ended"] = world.now
            if again:
                world.table("outbox blocked").put(row["url"], {"until": world.now + BLOCKED})
        table.put(key, row)

    def _is_blocked(self, url: str) -> bool:
        blocked = self._world.table("outbox blocked").peek(url)
        return blocked is not None and blocked["until"] > self._world.now
