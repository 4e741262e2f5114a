"""A host in a process of its own, and what the tests ask of it over HTTP."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from tests.ports import free_port

ROOT = Path(__file__).parents[4]
APPS = Path(__file__).parent / "apps"
SYSTEM = {"code": "local-durable"}
MASTER = {"x-functions-key": "local-master"}


class HostProcess:
    """`python -m infra.local.host` on a port that stays its own over kills and restarts."""

    def __init__(self, app: Path, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.app = app
        self.folder = folder
        self.state = folder / "host.db"
        self.env = {**os.environ, "PYTHONPATH": str(ROOT), "MARKS": str(folder), **(env or {})}
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None
        self.log = folder / "host.log"
        self.started_in = 0.0

    def start(self) -> Self:
        began = time.monotonic()
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("Functions host on http://127.0.0.1:"), line + self.log.read_text()
        self.port = int(line.split(":")[2].split()[0])
        self.ready = line
        self.started_in = time.monotonic() - began
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)
        return self

    def command(self) -> list[str]:
        command = [sys.executable, "-m", "infra.local.host", "--app", str(self.app)]
        return [*command, "--port", str(self.port), "--state", str(self.state)]

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def end(self, how: int = signal.SIGTERM) -> int:
        """End it; the exit code."""
        if self.process is None:
            return 0
        self.client.close()
        self.process.send_signal(how)
        code = self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return code

    # Durable, over the management API

    def launch(self, name: str, given: object = None, *, instance_id: str | None = None) -> str:
        path = f"/runtime/webhooks/durabletask/orchestrators/{name}" + (
            f"/{instance_id}" if instance_id else ""
        )
        answer = self.client.post(path, params=SYSTEM, json=given)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def status(self, instance_id: str, **params: str) -> dict[str, Any]:
        answer = self.client.get(
            f"/runtime/webhooks/durabletask/instances/{instance_id}", params={**SYSTEM, **params}
        )
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    def post(self, instance_id: str, operation: str, content: object = None, **params: str) -> httpx.Response:
        return self.client.post(
            f"/runtime/webhooks/durabletask/instances/{instance_id}/{operation}",
            params={**SYSTEM, **params},
            content=json.dumps(content),
            headers={"content-type": "application/json"},
        )

    def raise_event(self, instance_id: str, name: str, content: object = None) -> None:
        answer = self.post(instance_id, f"raiseEvent/{name}", content)
        assert answer.status_code == 202, answer.text

    def entity(self, key: str) -> object:
        answer = self.client.get(f"/runtime/webhooks/durabletask/entities/counter/{key}", params=SYSTEM)
        return answer.json() if answer.status_code == 200 else None

    def signal(self, key: str, operation: str, content: object = None) -> None:
        answer = self.client.post(
            f"/runtime/webhooks/durabletask/entities/Counter/{key}",
            params={**SYSTEM, "op": operation},
            json=content,
        )
        assert answer.status_code == 202, answer.text

    def ended(self, instance_id: str, *, within: float = 10) -> dict[str, Any]:
        """The status of an instance once it has ended."""
        live = ("Running", "Pending", "Suspended", "ContinuedAsNew")
        return eventually(
            lambda: self.status(instance_id), lambda each: each["runtimeStatus"] not in live, within=within
        )

    def becomes(self, instance_id: str, status: str) -> dict[str, Any]:
        return eventually(lambda: self.status(instance_id), lambda each: each["runtimeStatus"] == status)

    def output(self, instance_id: str, *, within: float = 10) -> Any:
        """The output of an instance that completes."""
        status = self.ended(instance_id, within=within)
        assert status["runtimeStatus"] == "Completed", status
        return status["output"]

    def marks(self, name: str) -> int:
        """How often an activity left its mark."""
        path = self.folder / name
        return len(path.read_text()) if path.exists() else 0


def eventually[T](look: Callable[[], T], good: Callable[[T], bool], *, within: float = 10) -> T:
    """Look until it is good; fail with the last thing seen."""
    deadline = time.monotonic() + within
    while not good(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {within} s"
        time.sleep(0.02)
    return seen
