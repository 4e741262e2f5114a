"""A storm of alerts, repeated, shuffled and flapping, with the host killed in it: one incident and one run a cause."""

import random
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.machine import ROOT, MachineProcess
from tests.e2e.test_alert import KEY, alert

AGAIN = {408, 429, 503}
"""What action groups repeat (Microsoft Learn, action groups: webhook retry behavior)."""
TARGET = "/subscriptions/x/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st"


def storm(causes: int, each: int, chance: random.Random) -> list[dict[str, Any]]:
    """Each cause fires and resolves again and again; a third of it comes twice, and nothing in order."""
    began = datetime(2026, 11, 21, 3, tzinfo=UTC)
    alerts: list[dict[str, Any]] = []
    for cause in range(causes):
        for turn in range(each):
            at = (began + timedelta(seconds=turn)).isoformat()
            one = alert("Storm", f"{cause}-{turn // 2}", "Fired", f"{TARGET}{cause}", at)
            essentials = one["data"]["essentials"]
            essentials["severity"] = "Sev3"
            if turn % 2:
                essentials |= {"monitorCondition": "Resolved", "resolvedDateTime": at}
            alerts += [one] * (2 if chance.random() < 1 / 3 else 1)
    chance.shuffle(alerts)
    return alerts


def send(url: str, content: dict[str, Any], until: float) -> str:
    """As an action group sends it, only more patiently: a machine under test starts slowly."""
    with httpx.Client(timeout=10) as client:
        while time.monotonic() < until:
            try:
                answer = client.post(f"{url}/api/alerts", json=content, headers=KEY)
            except httpx.HTTPError:
                time.sleep(0.5)
                continue
            if answer.status_code not in AGAIN:
                assert answer.status_code == 202, answer.text
                return str(answer.json()["incident_id"] or "")
            time.sleep(0.2)
    raise TimeoutError("an alert was never taken")


def weather(folder: Path, causes: int, each: int, seconds: float, kills: int) -> None:
    chance = random.Random(causes * each)
    alerts = storm(causes, each, chance)
    estate = folder / "estate.yaml"
    sample = (ROOT / "shared/estate/contoso.yaml").read_text(encoding="utf-8")
    rule = "\nremediation:\n"
    started = "  - alert_rule: Storm\n    plan: canary\n    start: start\n"
    estate.write_text(
        sample.replace(rule + "  - alert_rule", rule + started + "  - alert_rule"), encoding="utf-8"
    )
    with MachineProcess(folder, speed=100, estate=estate) as machine:
        began = time.monotonic()
        pace = seconds / len(alerts)

        def later(number: int) -> str:
            wait = began + number * pace - time.monotonic()
            time.sleep(max(wait, 0.0))
            return send(machine.url, alerts[number], began + seconds + 180)

        def kill() -> None:
            for number in range(kills):
                time.sleep(max(began + seconds * (number + 1) / (kills + 1) - time.monotonic(), 0))
                machine.kill()
                machine.start()

        killer = threading.Thread(target=kill)
        killer.start()
        with ThreadPoolExecutor(24) as pool:
            answered = list(pool.map(later, range(len(alerts))))
        killer.join()
        check(machine, alerts, answered, causes)


def check(machine: MachineProcess, alerts: list[dict[str, Any]], answered: list[str], causes: int) -> None:
    """Every alert of a cause was answered with its one incident, whose one run has ended."""
    of_cause: dict[str, set[str]] = {}
    for content, incident in zip(alerts, answered, strict=True):
        target = content["data"]["essentials"]["alertTargetIDs"][0]
        of_cause.setdefault(target, set()).update({incident} - {""})
    assert len(of_cause) == causes
    assert {len(found) for found in of_cause.values()} == {1}, of_cause

    def settled() -> list[dict[str, Any]] | None:
        found = machine.call("GET", "/api/incidents").json()["incidents"]
        mine = [one for one in found if one["alert"]["rule"] == "Storm"]
        return (
            mine
            if all(one["remediation"] in {"helped", "did_not_help"} for one in mine) and len(mine) >= causes
            else None
        )

    deadline = time.monotonic() + 120
    while (found := settled()) is None and time.monotonic() < deadline:
        time.sleep(1)
    assert found is not None, machine.call("GET", "/api/incidents").json()["incidents"][0]
    assert len(found) == causes
    assert {len(one["run_ids"]) for one in found} == {1}
    histories = [events_of(machine.folder / "host.db", one["id"]) for one in found]
    assert max(histories) < 60 + 12 * len(alerts) / causes / 10, "repeats reach no history"


def events_of(state: Path, incident: str) -> int:
    """How many events an incident's history holds, in the host's own store."""
    with closing(sqlite3.connect(f"file:{state}?mode=ro", uri=True)) as store:
        asked = "SELECT count(*) FROM history JOIN instances ON instance = key WHERE id = ?"
        return int(store.execute(asked, (incident,)).fetchone()[0])


def test_a_storm_is_one_incident_and_one_run_for_each_cause(tmp_path: Path) -> None:
    weather(tmp_path, causes=10, each=30, seconds=8, kills=1)


@pytest.mark.crash
@pytest.mark.timeout(900)
def test_ten_thousand_alerts_of_fifty_causes_in_a_minute(tmp_path: Path) -> None:
    weather(tmp_path, causes=50, each=150, seconds=60, kills=2)
