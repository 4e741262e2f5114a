"""The interpreter against a bare orchestration, the host's first answer, and memory over many runs."""

import os
import statistics
import time
from pathlib import Path

from tests.bench.figures import Figure
from tests.infra.local.host.process import HostProcess

APP = Path(__file__).parent / "app"
ROOT = Path(__file__).parents[2]
BATCH = 60
ROUNDS = 3


def host(folder: Path) -> HostProcess:
    """The bench app on a host of its own, which imports nothing ahead: that would count as work and as growth."""
    env = {
        "ESTATE_FILE": str(ROOT / "shared" / "estate" / "contoso.yaml"),
        "RUN_SIGNING_KEY": "bench" * 8,
        "PYTHONPATH": str(ROOT),
        "WARM_UP": "false",
    }
    return HostProcess(APP, folder, env).start()


def throughput_and_memory(folder: Path) -> list[Figure]:
    """Alternate batches of both kinds on one host, then go on to 500 runs and look at its memory."""
    process = host(folder)
    try:
        at_50 = 0.0
        done = 0
        plan_rates: list[float] = []
        bare_rates: list[float] = []
        _rate(process, "plan", 5), _rate(process, "bare", 5)
        for _ in range(ROUNDS):
            bare_rates.append(_rate(process, "bare", BATCH))
            plan_rates.append(_rate(process, "plan", BATCH))
            done += BATCH
            at_50 = at_50 or _resident(process)
        while done < 500:
            _rate(process, "plan", 100)
            done += 100
        at_500 = _resident(process)
    finally:
        process.end()
    plan, bare = statistics.median(plan_rates), statistics.median(bare_rates)
    return [
        Figure(
            "throughput of a seven-step plan",
            plan / bare,
            0.85,
            f"{plan:.1f} plans/s",
            f"{bare:.1f} bare seven-activity orchestrations/s",
            at_least=True,
        ),
        Figure(
            "memory after 500 runs",
            at_500 / at_50,
            1.5,
            f"{at_500:.0f} MB after {done} runs",
            f"{at_50:.0f} MB after {BATCH} runs",
        ),
    ]


def first_answer(folder: Path) -> Figure:
    """From the start of the process to the first HTTP answer of the product's app; the best of three."""
    best = 99.0
    for number in range(3):
        place = folder / str(number)
        place.mkdir(parents=True)
        env = {
            "ESTATE_FILE": str(ROOT / "shared" / "estate" / "contoso.yaml"),
            "RUN_SIGNING_KEY": "bench" * 8,
            "PYTHONPATH": str(ROOT),
        }
        process = HostProcess(ROOT, place, env)
        began = time.monotonic()
        process.start()
        try:
            assert process.client.get("/api/health").status_code == 200
            best = min(best, time.monotonic() - began)
        finally:
            process.end()
    return Figure("first answer of the local host (s)", best, 2.0, f"{best:.2f} s", "start of the process")


def _rate(process: HostProcess, kind: str, count: int) -> float:
    """Runs a second from the first start to the last end."""
    began = time.monotonic()
    batch = process.client.post(f"/api/bench/{kind}/{count}", timeout=120).text
    while True:
        # Looking costs as much as working: seldom, and without payloads.
        time.sleep(0.1)
        ended = int(process.client.get(f"/api/bench/ended/{batch}", timeout=60).text)
        if ended >= count:
            return count / (time.monotonic() - began)
        if time.monotonic() - began > 300:
            raise TimeoutError(f"{ended} of {count} {kind} runs ended within five minutes")


def _resident(process: HostProcess) -> float:
    """Resident memory of the host with the app in it, in MB."""
    assert process.process is not None
    pages = int(Path(f"/proc/{process.process.pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
