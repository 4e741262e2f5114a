"""A preview names every write that the run then sends, and sends none."""

import json
import re
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.gateways.masking import masked_body
from tests.e2e.outage import outage

BY_THE_INTERPRETER = re.compile(r"stfasops\.blob\.core|/foundry-ops-records/", re.IGNORECASE)
LATER = (
    re.compile(r"recovery[-_][a-z]+(?:[-_][a-z]+)*-\d{8}t\d{6}-[0-9a-f]{8}", re.IGNORECASE),
    re.compile(r"\{\{[^}]*\}\}"),
    re.compile(r"(?<=[-_/])[0-9a-f]{16}\b"),
    re.compile(r"[a-z0-9-]+\.[a-z0-9-]+\.[a-z0-9]+\.azurecontainerapps\.io"),
    re.compile(r"(?<=c\._ts >= )\d+"),
)


def body_for(mode: str = "real") -> dict[str, Any]:
    body: dict[str, Any] = {"mode": mode, "reason": "test of the preview"}
    return body | ({"outage_started_at": datetime.now(UTC).isoformat()} if mode == "real" else {})


def plain(method: str, host: str, path: str, body: Any) -> str:
    """A write without what only the run could know: ids made of the run's own, addresses that Azure gives."""
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "content"}
    text = f"{method} {host}{path} {json.dumps(body, sort_keys=True)}".replace("%7B", "{").replace("%7D", "}")
    for later in LATER:
        text = later.sub("*", text)
    return text.lower()


def previewed(answer: dict[str, Any]) -> Counter[str]:
    found: Counter[str] = Counter()
    for step in answer["steps"]:
        for write in step["writes"]:
            url = urlsplit(write["url"])
            found[plain(write["method"], url.netloc, url.path, write["body"])] += 1
    return found


def sent(ledger: list[dict[str, Any]]) -> Counter[str]:
    """What the run's steps sent; what the interpreter sends for itself (records, approval mails) stands aside."""
    found: Counter[str] = Counter()
    for entry in ledger:
        where = f"{entry['host']}{entry['path']}"
        asks = "Approval needed" in json.dumps(entry["body"])
        if not entry["applied"] or BY_THE_INTERPRETER.search(where) or asks:
            continue
        url = f"https://{where}"
        body = entry["body"]
        told = masked_body(url, body if isinstance(body, str) else json.dumps(body) if body else None)
        found[plain(entry["method"], entry["host"], urlsplit(url).path, told)] += 1
    return found


def test_a_preview_of_region_outage_is_what_the_run_then_sends(tmp_path: Path):
    with outage(tmp_path) as (azure, machine):
        answer = machine.call("POST", "/api/recovery/region_outage/preview", "alice", json=body_for())
        assert answer.status_code == 200, answer.text
        assert azure.ledger() == []
        run = machine.start_recovery(mode="real")
        machine.approve(run)
        record = machine.wait_until_over(run, seconds=120)
        assert record["status"] == "succeeded"
        shown, done = previewed(answer.json()), sent(azure.ledger())
        assert sum(done.values()) >= 13
        assert shown == done, {"only previewed": shown - done, "only sent": done - shown}


def test_a_preview_says_what_would_stop_the_run_and_is_quick(tmp_path: Path):
    with outage(tmp_path) as (azure, machine):
        azure.do(lambda: azure.world.faults.inject("region_outage", "japanwest"))
        machine.call("POST", "/api/recovery/region_outage/preview", "alice", json=body_for())  # imports
        began = time.monotonic()
        answer = machine.call("POST", "/api/recovery/region_outage/preview", "alice", json=body_for()).json()
        # Generous: the machines are noisy. What matters is that nothing is waited for.
        assert time.monotonic() - began < 10
        assert any(
            "validate_dr_region" in problem and "japanwest" in problem for problem in answer["problems"]
        )
        assert azure.ledger() == []


def test_who_may_preview_and_what(tmp_path: Path):
    with outage(tmp_path) as (_, machine):
        path = "/api/recovery/region_outage/preview"
        assert machine.call("POST", path, "dave", json=body_for()).status_code == 403
        assert machine.call("POST", path, None, json=body_for()).status_code == 401
        assert (
            machine.call("POST", path, "alice", json={"mode": "real", "reason": "no start"}).status_code
            == 400
        )
        assert (
            machine.call("POST", "/api/recovery/nothing/preview", "alice", json=body_for()).status_code == 404
        )
        assert (
            machine.call("POST", "/api/recovery/daily/preview", "alice", json=body_for()).status_code == 404
        )
        daily = machine.call("POST", "/api/maintenance/daily/preview", "alice", json={"reason": "what is it"})
        assert daily.status_code == 200
        assert [step["name"] for step in daily.json()["steps"]]
        assert machine.call("GET", "/api/runs").json()["runs"] == []
