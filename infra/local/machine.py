"""Puts app, host and simulated Azure together in one process."""

import asyncio
import base64
import json
import os
import secrets
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from infra.local.azure import Simulator, World, open_world
from infra.local.azure.core import control
from infra.local.host.host import LocalHost
from shared.estate.load import load
from shared.model.estate import Estate, Person
from shared.settings import AZURE_MARKS

ROOT = Path(__file__).parent.parent.parent
SAMPLE_ESTATE = ROOT / "shared" / "estate" / "contoso.yaml"
POLL_SECONDS = 3.0
"""How often the app asks about a long operation at speed 1; the wait shrinks with the operations."""


@dataclass
class Machine:
    """One machine that runs the app: `start` and `stop` it; it answers at `host.url`, its Azure at `azure_url`.

    `azure`: the address of a simulated Azure that runs elsewhere; without it the machine has one of its own.
    """

    port: int
    state: Path
    speed: float = 1.0
    seed: int = 0
    estate_file: Path = SAMPLE_ESTATE
    azure: str | None = None
    host: LocalHost = field(init=False)
    azure_url: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.estate: Estate = load(self.estate_file)
        self.state.parent.mkdir(parents=True, exist_ok=True)
        self._azure: _AzureThread | None = None
        if self.azure is None:
            self._azure = _AzureThread(self.state.with_suffix(".azure.db"), self.speed, self.seed)

    async def start(self) -> None:
        """Start the simulated Azure on a thread of its own, then the host with the app."""
        self.azure_url = await asyncio.to_thread(self._azure.start) if self._azure else str(self.azure)
        # A development container may carry names that Functions uses; this process is certainly not in Azure.
        for mark in AZURE_MARKS:
            os.environ.pop(mark, None)
        self.host = LocalHost(
            ROOT,
            self.port,
            self.state,
            settings={
                "ESTATE_FILE": str(self.estate_file.resolve()),
                "RUN_SIGNING_KEY": signing_key(self.state.with_suffix(".key")),
                "POLL_SECONDS": str(min(POLL_SECONDS / self.speed, 60.0)),
                "RETRY_SCALE": str(min(1.0 / self.speed, 10.0)),
                "AZURE_ENDPOINT_URL": self.azure_url,
                "TASKHUB_NAME": "foundryops",
            },
            principals=self.principal,
            mounts={"/_sim/": self._azure.control} if self._azure else {},
        )
        await self.host.start()

    async def stop(self) -> None:
        """Stop both; what was going on goes on after the next start."""
        await self.host.stop()
        if self._azure:
            await asyncio.to_thread(self._azure.stop)

    def principal(self, mail: str) -> dict[str, object] | None:
        """What App Service would say of somebody who has signed in."""
        person = self.estate.person_by_mail(mail)
        return None if person is None else client_principal(person)


def client_principal(person: Person) -> dict[str, object]:
    """`X-MS-CLIENT-PRINCIPAL` before it is encoded (App Service Authentication, user claims)."""
    claims = [
        ("tid", person.tenant_id),
        ("oid", person.object_id),
        ("name", person.name),
        ("preferred_username", person.mail),
        *(("roles", role.value) for role in person.roles),
    ]
    return {
        "auth_typ": "aad",
        "name_typ": "preferred_username",
        "role_typ": "roles",
        "claims": [{"typ": kind, "val": value} for kind, value in claims],
    }


def encoded_principal(person: Person) -> str:
    """As it stands in the header."""
    return base64.b64encode(json.dumps(client_principal(person)).encode()).decode()


def signing_key(path: Path) -> str:
    """The key that approvals are signed with; made once, so that those given before a restart still count."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return path.read_text(encoding="ascii")


class _AzureThread:
    """The simulated Azure with an event loop of its own, so that it and the host never wait for each other."""

    def __init__(self, state: Path, speed: float, seed: int) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="simulated Azure", daemon=True).start()
        self._world: World = self._do(_opened(state, speed, seed))
        self._simulator = Simulator(self._world, 0)

    def start(self) -> str:
        """Listen; returns the address."""
        self._do(self._simulator.start())
        return self._simulator.url

    async def control(self, request: web.Request) -> web.Response:
        """Answer `/_sim/...` on another server's port, on the world's own thread."""
        content = await request.read()

        async def answer() -> tuple[int, object]:
            return control.answer(self._world, request.method, request.path, content)

        status, body = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answer(), self._loop))
        return web.json_response(body, status=status)

    def stop(self) -> None:
        """Stop listening and close the state file."""

        async def close() -> None:
            await self._simulator.stop()
            self._world.close()

        self._do(close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do[R](self, work: Coroutine[Any, Any, R]) -> R:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _opened(state: Path, speed: float, seed: int) -> World:
    """SQLite wants to be used on the thread that opened it."""
    return open_world(state, speed=speed, seed=seed)
