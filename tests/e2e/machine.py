"""The whole machine in a process of its own: host, app and simulated Azure, driven over HTTP like a user would."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "shared" / "estate" / "contoso.yaml"


BY_THE_CLOCK = tuple(
    f"  - plan: {plan}\n    every: PT5M\n    useful_for: PT10M\n" for plan in ("canary", "scale_cosmos")
)


def quiet(text: str) -> str:
    """The sample estate's text without what the clock starts every five minutes."""
    for schedule in BY_THE_CLOCK:
        assert schedule in text
        text = text.replace(schedule, "")
    return text


def quiet_estate(folder: Path) -> Path:
    """The sample estate without what the clock starts every five minutes, which may be in the midst of a test."""
    sample = SAMPLE.read_text(encoding="utf-8")
    path = folder / "quiet-estate.yaml"
    path.write_text(quiet(sample), encoding="utf-8")
    return path


class Killed(Exception):  # noqa: N818 - nobody's error
    """Somebody has killed it before its first answer: it goes on with its runs while it starts."""


class MachineProcess:
    """`python -m infra.local` on a free port that stays its own over kills and restarts."""

    def __init__(
        self, folder: Path, *, speed: float = 30.0, azure: str | None = None, estate: Path | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.speed = speed
        self.azure = azure
        self.estate = estate or quiet_estate(folder)
        self.env = dict(os.environ)
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, timeout=30)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGTERM)
        self.client.close()

    def start(self) -> None:
        """Start it and wait for its first answer."""
        state = str(self.folder / "host.db")
        command = [sys.executable, "-m", "infra.local", "--port", str(self.port), "--state", state]
        command += ["--speed", str(self.speed), *(["--azure", self.azure] if self.azure else [])]
        command += ["--estate", str(self.estate)]
        with (self.folder / "machine.log").open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdout=log, stderr=log, text=True
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() == -signal.SIGKILL:
                raise Killed
            assert self.process.poll() is None, (self.folder / "machine.log").read_text()
            try:
                if self.client.get("/api/health").status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise TimeoutError((self.folder / "machine.log").read_text())

    def end(self, how: int = signal.SIGTERM) -> int:
        """End it, kindly or not; the exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(how)
        code = self.process.wait(timeout=15)
        self.process = None
        return code

    def kill(self) -> None:
        """As the power does."""
        self.end(signal.SIGKILL)

    # --- what people do

    def call(self, method: str, path: str, who: str | None = "dave", **options: Any) -> httpx.Response:
        """One request; `who` signs in as somebody of the sample estate."""
        headers = {**options.pop("headers", {})}
        if who:
            headers["X-Local-User"] = f"{who}@contoso.com"
        return self.client.request(method, path, headers=headers, **options)

    def start_recovery(self, *, mode: str, since: datetime | None = None, plan: str = "region_outage") -> str:
        """As alice; the run id."""
        body: dict[str, Any] = {"mode": mode, "reason": "test of the recovery"}
        if mode == "real":
            body["outage_started_at"] = (since or datetime.now(UTC)).isoformat()
        answer = self.call("POST", f"/api/recovery/{plan}", "alice", json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()["run_id"]

    def approve(self, run_id: str, *people: str) -> None:
        """As bob and carol, at once."""
        for person in people or ("bob", "carol"):
            body = {"decision": "approve", "reason": "the region is out"}
            answer = self.call("POST", f"/api/runs/{run_id}/approvals", person, json=body)
            assert answer.status_code == 202, answer.text

    def record(self, run_id: str) -> dict[str, Any]:
        """The run as it stands."""
        answer = self.call("GET", f"/api/runs/{run_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait_until(self, run_id: str, reached: Any, *, seconds: float) -> dict[str, Any]:
        """Look until the record is as wanted."""
        deadline = time.monotonic() + seconds
        while True:
            record = self.record(run_id)
            if reached(record):
                return record
            if time.monotonic() > deadline:
                steps = [
                    (step["name"], step["status"], step["summary"], step["error"]) for step in record["steps"]
                ]
                raise TimeoutError(f"{record['status']} {record['status_reason']}: {steps}")
            time.sleep(0.1)

    def wait_until_over(self, run_id: str, *, seconds: float) -> dict[str, Any]:
        """The final record."""
        over = {"succeeded", "failed", "rejected", "aborted", "waiting_for_operator"}
        record = self.wait_until(run_id, lambda record: record["status"] in over, seconds=seconds)
        if record["status"] != "waiting_for_operator":
            self.wait_until_kept(run_id)
        return record

    def kept(self, run_id: str) -> bool:
        """Whether the orchestration has ended."""
        path = f"/runtime/webhooks/durabletask/instances/{run_id}"
        return self.client.get(path, params={"code": "local-durable"}).json()["runtimeStatus"] == "Completed"

    def wait_until_kept(self, run_id: str, *, seconds: float = 30) -> None:
        """The outcome is shown at once; the orchestration ends when its record lies in blob storage too."""
        deadline = time.monotonic() + seconds
        while not self.kept(run_id):
            assert time.monotonic() < deadline, f"{run_id} does not end"
            time.sleep(0.05)

    def wait_until_warm(self, *, seconds: float = 60) -> None:
        """Until the app has imported what calls need; never where `WARM_UP` is false."""
        deadline = time.monotonic() + seconds
        while not self.call("GET", "/api/health").json()["warm"]:
            assert time.monotonic() < deadline, "the app does not get warm"
            time.sleep(0.1)

    # --- the simulated Azure

    def take_region_away(self, region: str) -> None:
        """A region outage."""
        self.fault(kind="region_outage", target=region)

    def fault(self, **fault: Any) -> dict[str, Any]:
        """Inject a fault."""
        answer = self.client.post("/_sim/faults", json=fault)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def world(self) -> dict[str, Any]:
        """The truth."""
        return self.client.get("/_sim/world").json()

    def ledger(self) -> list[dict[str, Any]]:
        """Every write that Azure has received."""
        return self.client.get("/_sim/ledger").json()
