"""The simulator as a process: killed and started again, refused, sped up."""

import contextlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from infra.local.azure.contoso import SUBSCRIPTION

ROOT = Path(__file__).parents[4]
ACCOUNT = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-fas-japaneast"
    "/providers/Microsoft.DocumentDB/databaseAccounts/cosmos-fas-prod"
)
HEADERS = {"x-sim-host": "management.azure.com", "Authorization": "Bearer local"}
BACK = {
    "failoverPolicies": [
        {"locationName": "Japan West", "failoverPriority": 0},
        {"locationName": "Japan East", "failoverPriority": 1},
    ]
}


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def command(port, *options):
    return [sys.executable, "-m", "infra.local.azure", "--port", str(port), *map(str, options)]


@contextmanager
def process(port, *options):
    started = subprocess.Popen(command(port, *options), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert f"127.0.0.1:{port}" in started.stdout.readline()
        yield started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGTERM)
        started.wait(10)
        started.stdout.close()


def call(port, method, path, body=None):
    url = f"http://127.0.0.1:{port}{path}?api-version=2026-03-15"
    return httpx.request(method, url, json=body, headers=HEADERS)


def truth(port):
    return httpx.get(f"http://127.0.0.1:{port}/_sim/world").json()


@pytest.mark.timeout(60)
def test_killed_process_loses_nothing_and_time_goes_on(tmp_path):
    port, state = free_port(), tmp_path / "state.db"
    with process(port, "--state", state, "--speed", 60) as first:
        answer = call(port, "POST", f"{ACCOUNT}/failoverPriorityChange", BACK)
        assert answer.status_code == 202
        status_url = (
            answer.headers["azure-asyncoperation"].removeprefix("https://management.azure.com").split("?")[0]
        )
        fault = httpx.post(
            f"http://127.0.0.1:{port}/_sim/faults", json={"kind": "slow", "target": "nothing", "seconds": 1}
        ).json()
        before = truth(port)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    time.sleep(3.2)
    with process(port, "--state", state, "--speed", 60):
        after = truth(port)
        assert after["timestamp"] - before["timestamp"] > 180
        assert after["cosmos"]["cosmos-fas-prod"]["write_region"] == "japanwest"
        assert call(port, "GET", status_url).json()["status"] == "Succeeded"
        assert [one["id"] for one in after["faults"]] == [fault["id"]]
        (operation,) = [one for one in after["operations"] if one["effect"] == "cosmos.failover"]
        assert operation["ended"] == operation["due"]
        (entry,) = httpx.get(f"http://127.0.0.1:{port}/_sim/ledger").json()
        assert entry["path"].endswith("/failoverPriorityChange")
        assert after["traffic"]["FAS"]["tenants"]["contoso"]["succeeded"] > 180 * 5


@pytest.mark.timeout(60)
def test_what_cannot_run_says_why_in_one_line(tmp_path):
    port = free_port()
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"this is no database" * 100)
    kept = tmp_path / "kept.db"

    def refused(*options):
        ended = subprocess.run(
            command(*options), cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
        )
        assert ended.returncode == 1
        assert len(ended.stderr.splitlines()) == 1
        return ended.stderr

    with process(port, "--state", kept):
        assert f"port {port}" in refused(port)
        assert "locked" in refused(free_port(), "--state", kept)
    assert "not a database" in refused(free_port(), "--state", damaged)
    assert "missing.json" in refused(free_port(), "--estate", tmp_path / "missing.json")


@pytest.mark.timeout(60)
def test_what_was_answered_survives_any_kill(tmp_path):
    port, state, answered = free_port(), tmp_path / "state.db", 0
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-fas-global/providers/Microsoft.Contoso/things"
    chance = random.Random(7)
    for _ in range(4):
        with process(port, "--state", state) as one:
            kill = threading.Timer(chance.uniform(0.05, 0.4), one.kill)
            kill.start()
            with contextlib.suppress(httpx.HTTPError):
                while call(port, "PUT", f"{group}/t{answered}", {"location": "japanwest"}).status_code == 201:
                    answered += 1
            kill.join()
            one.wait(10)
        # What was under way may have been written without an answer: then it is one more, never one less.
        with process(port, "--state", state):
            kept = len(call(port, "GET", group).json()["value"])
            written = httpx.get(f"http://127.0.0.1:{port}/_sim/ledger").json()
            assert len(written) == kept
            assert kept in {answered, answered + 1}
            answered = kept
    assert answered > 4


@pytest.mark.timeout(60)
def test_it_listens_on_loopback_only():
    port = free_port()
    with process(port), socket.socket() as other, pytest.raises(OSError, match="refused"):
        other.connect(("127.0.0.2", port))
