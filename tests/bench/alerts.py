"""Alerts: how fast they are taken, how soon something is done, and what it costs to watch many endpoints."""

import asyncio
import gc
import resource
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from shared.settings import AZURE_MARKS
from tests.bench.engine import APP
from tests.bench.figures import Figure
from tests.e2e.machine import SAMPLE, MachineProcess, quiet_estate
from tests.e2e.test_alert import KEY, alert
from tests.infra.local.host.process import HostProcess
from tests.orchestrations.machine import AzureProcess
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
RATE, SECONDS, CAUSES = 100, 20, 50
TARGET = "/subscriptions/x/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st"
APP_ID = (
    "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-fas-japaneast"
    "/providers/Microsoft.App/containerApps/ca-agent-service"
)
ENDPOINTS = 500


def taken(folder: Path) -> Figure:
    """The 99th percentile of the time to a 202 at 100 alerts a second, beside an empty function's at the same rate."""
    folder.mkdir(parents=True)
    with closing(AzureProcess()) as azure:  # as a thread it would take time from whoever measures here
        env = {
            "ESTATE_FILE": str(quiet_estate(folder)),
            "RUN_SIGNING_KEY": "bench" * 8,
            "PYTHONPATH": str(ROOT),
            "AZURE_ENDPOINT_URL": azure.url,
            "WARM_UP": "true",
        }
        process = HostProcess(APP, folder, env)
        for mark in AZURE_MARKS:
            process.env.pop(mark, None)
        process.start()
        try:
            bodies = [
                alert("Bench", f"{number}", "Fired", f"{TARGET}{number % CAUSES}", _at(number))
                for number in range(RATE * SECONDS)
            ]
            for body in bodies:
                body["data"]["essentials"]["severity"] = "Sev4"
            url = f"http://127.0.0.1:{process.port}"
            for body in bodies[:CAUSES]:
                httpx.post(f"{url}/api/alerts", json=body, headers=KEY, timeout=30)
            # What is measured is the steady state, beside a reference of the same minute.
            while "warm: " not in process.log.read_text():
                time.sleep(0.5)
            time.sleep(3)
            empty = asyncio.run(_paced(f"{url}/api/bench/empty", [{} for _ in bodies]))
            loaded = asyncio.run(_paced(f"{url}/api/alerts", bodies))
        finally:
            process.end()
    p99, reference = (_percentile(found, 99) for found in (loaded, empty))
    limit = max(50.0, 3 * reference)
    return Figure(
        "alert to 202, p99 (ms)",
        p99,
        limit,
        f"{p99:.0f} ms, median {statistics.median(loaded):.0f} ms, {len(loaded)} alerts of {CAUSES} causes",
        f"50 ms, or 3 times an empty function's {reference:.0f} ms",
    )


async def _paced(url: str, bodies: list[dict[str, Any]]) -> list[float]:
    """Milliseconds of each request, sent at the rate whatever the answers do."""
    gc.collect()
    gc.freeze()  # or the collections of this process would count as the app's
    found: list[float] = []
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
    async with httpx.AsyncClient(timeout=30, headers=KEY, limits=limits) as client:
        began = time.monotonic()

        async def send(number: int, body: dict[str, Any]) -> None:
            await asyncio.sleep(max(began + number / RATE - time.monotonic(), 0))
            sent = time.monotonic()
            answer = await client.post(url, json=body)
            assert answer.status_code in {200, 202}, answer.text
            found.append((time.monotonic() - sent) * 1000)

        await asyncio.gather(*(send(number, body) for number, body in enumerate(bodies)))
    return found


def answered(folder: Path, rounds: int = 10) -> Figure:
    """From an alert to the first write of its remediation; the world runs so fast that Azure's own time is nothing.

    In a process that has warmed up, the very first alert among them; beside it the first of one that has just begun.
    """
    folder.mkdir(parents=True)
    estate = folder / "estate.yaml"
    limits = "limits:\n  cool_down: PT0.001S\n  changes_per_hour: 1000\n"
    estate.write_text(
        SAMPLE.read_text(encoding="utf-8").replace("\nlimits:\n", "\n" + limits), encoding="utf-8"
    )
    with _machine(folder / "cold", estate, warm=False) as machine:
        cold = _first_write(machine, 0)
    with _machine(folder / "machine", estate, warm=True) as machine:
        machine.wait_until_warm()
        took = [_first_write(machine, number) for number in range(rounds)]
    p95 = _percentile(took, 95)
    middle = f"median {statistics.median(took):.2f} s of {rounds}, the first {took[0]:.2f} s"
    return Figure(
        "alert to first remediation write, p95 (s)",
        p95,
        1.0,
        f"{p95:.2f} s, {middle}",
        f"1 s; {cold:.2f} s in a process that has just begun",
    )


def _machine(folder: Path, estate: Path, *, warm: bool) -> MachineProcess:
    machine = MachineProcess(folder, speed=100, estate=estate)
    machine.env["WARM_UP"] = str(warm).lower()
    return machine


def _first_write(machine: MachineProcess, number: int) -> float:
    """Seconds from an alert to the first write of its remediation; then its incident is closed."""
    fault = {"kind": "endpoint_down", "target": "ca-agent-service", "cured_by": "restart"}
    machine.client.post("/_sim/faults", json=fault).raise_for_status()
    before = len(_restarts(machine))
    at = datetime.now(UTC).isoformat()
    body = alert("EndpointUnhealthy", f"{number}", "Fired", APP_ID, at)
    body["data"]["alertContext"]["condition"]["allOf"] = [
        {"dimensions": [{"name": "round", "value": str(number)}]}
    ]
    began = time.monotonic()
    answer = machine.call("POST", "/api/alerts", None, headers=KEY, json=body).json()
    while len(_restarts(machine)) == before:
        assert time.monotonic() - began < 30, machine.call(
            "GET", f"/api/incidents/{answer['incident_id']}"
        ).text
        time.sleep(0.02)
    took = time.monotonic() - began
    run = machine.call("GET", f"/api/incidents/{answer['incident_id']}").json()["run_ids"][0]
    machine.wait_until(run, lambda record: record["finished_at"], seconds=60)
    stop = {"reason": "the next round"}
    machine.call("POST", f"/api/incidents/{answer['incident_id']}/resolve", "alice", json=stop)
    return took


def _restarts(machine: MachineProcess) -> list[dict[str, Any]]:
    ledger = machine.client.get("/_sim/ledger").json()
    return [entry for entry in ledger if "/restart" in entry["path"].lower()]


def watched(folder: Path) -> Figure:
    """Processor time of asking 500 endpoints, in a process that does nothing else."""
    folder.mkdir(parents=True)
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", _SERVER, str(port)], cwd=ROOT)
    try:
        _until_open(port)
        with ThreadPoolExecutor(1) as pool:
            seconds, healthy = pool.submit(_probe_all, f"http://127.0.0.1:{port}").result()
    finally:
        server.kill()
        server.wait()
    assert healthy == ENDPOINTS
    return Figure(
        "500 endpoints probed (s of processor)", seconds, 2.0, f"{seconds:.2f} s", "one minute's tick"
    )


def _probe_all(endpoint: str) -> tuple[float, int]:
    from shared.gateways.connection import Connection
    from shared.gateways.probe import probe_all

    connection = Connection(subscription_id="0" * 8, endpoint=endpoint)
    urls = [f"https://api{number}.contoso.com/health" for number in range(ENDPOINTS)]
    probe_all(connection, urls[:5])
    began = _processor()
    found = probe_all(connection, urls)
    return _processor() - began, sum(answer.healthy for answer in found.values())


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


_SERVER = """
import sys
from aiohttp import web
app = web.Application()
async def health(request): return web.json_response({"status": "ok"})
app.router.add_get("/health", health)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, backlog=1024)
"""


def _until_open(port: int) -> None:
    for _ in range(200):
        try:
            httpx.get(f"http://127.0.0.1:{port}/health")
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the endpoints never answered")


def _at(number: int) -> str:
    return datetime.fromtimestamp(1_795_000_000 + number, UTC).isoformat()


def _percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
