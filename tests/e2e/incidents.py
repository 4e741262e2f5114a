"""A world with an action group, so that alert rules fire by themselves, and what people see of the incidents."""

import re
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from infra.local.drill.alerting import action_group
from shared.estate.load import load
from tests.e2e.azure import AzureThread
from tests.e2e.machine import MachineProcess, quiet_estate

SPEED = 60.0
APP = "ca-agent-service"
KEY = {"x-functions-key": "local"}


@dataclass
class Ward:
    """One world, one app, and Azure goes on while the app is down."""

    azure: AzureThread
    machine: MachineProcess

    def fault(self, kind: str, target: str, **details: Any) -> str:
        """Break something; its id."""
        return self.azure.do(lambda: self.azure.world.faults.inject(kind, target, **details))["id"]

    def mend(self, fault: str) -> None:
        """End a fault."""
        self.azure.do(lambda: self.azure.world.faults.end(fault))

    @property
    def truth(self) -> dict[str, Any]:
        """What is really so."""
        return self.azure.truth()

    def incidents(self, rule: str = "") -> list[dict[str, Any]]:
        """What the app says, the oldest first."""
        found = self.machine.call("GET", "/api/incidents").json()["incidents"]
        return [one for one in reversed(found) if rule in {"", one["alert"]["rule"]}]

    def incident(
        self, rule: str, reached: Callable[[dict[str, Any]], bool], *, seconds: float = 150
    ) -> dict[str, Any]:
        """The first incident of that rule, as soon as it is as wanted."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.incidents(rule)
            if found and reached(found[0]):
                return found[0]
            assert time.monotonic() < deadline, [
                (one["state"], one["remediation"], one["timeline"]) for one in found
            ] or self.truth["alerts"]
            time.sleep(0.15)

    def until(self, look: Callable[[], Any], *, seconds: float = 60) -> Any:
        """What `look` finds."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline
            time.sleep(0.15)
        return found

    def mails(self, incident: dict[str, Any]) -> Counter[tuple[str, str]]:
        """How often whom was mailed which subject of that incident's rule."""
        return Counter(
            (to, mail["subject"])
            for mail in self.truth["mails"]
            for to in mail["to"]
            if incident["alert"]["rule"] in mail["subject"]
        )

    def tickets(self, incident: dict[str, Any]) -> list[dict[str, Any]]:
        """The tickets that are really there."""
        return [one for one in self.truth["tickets"] if one["key"] == incident["id"]]

    def pages(self, incident: dict[str, Any]) -> list[str]:
        """What pagers really showed of that rule, line by line."""
        rule = incident["alert"]["rule"]
        return [
            entry["summary"]
            for one in self.truth["pages"]
            for entry in one["log"]
            if rule in entry["summary"]
        ]

    def decide(self, incident: dict[str, Any], verb: str, reason: str = "looked into") -> None:
        """As alice."""
        path = f"/api/incidents/{incident['id']}/{verb}"
        answer = self.machine.call("POST", path, "alice", json={"reason": reason})
        assert answer.status_code == 202, answer.text


@contextmanager
def ward(
    folder: Path, *, speed: float = SPEED, quiet: str = "PT3S", limits: str = "", more: str = ""
) -> Generator[Ward]:
    """Whole and well, with the rules at work; incidents close after a short quiet time. `more` of the estate."""
    folder.mkdir(parents=True, exist_ok=True)
    path = quiet_estate(folder)
    text = path.read_text(encoding="utf-8")
    lines = f"limits:\n  quiet_before_close: {quiet}\n{limits}"
    assert text.count("\nlimits:\n") == 1
    path.write_text(re.sub(r"^limits:\n", lines, text, flags=re.MULTILINE) + more, encoding="utf-8")
    with (
        AzureThread(folder / "azure.db", speed=speed) as azure,
        MachineProcess(folder, speed=speed, azure=azure.url, estate=path) as machine,
    ):
        where, body = action_group(load(path).subscription_id, f"http://127.0.0.1:{machine.port}")
        headers = {"x-sim-host": "management.azure.com", "Authorization": "Bearer test"}
        assert httpx.put(azure.url + where, headers=headers, json=body, trust_env=False).status_code == 201
        yield Ward(azure, machine)


def closed(incident: dict[str, Any]) -> bool:
    return incident["state"] == "closed"


def said(incident: dict[str, Any]) -> str:
    """Its timeline as one text."""
    return "\n".join(entry["what"] for entry in incident["timeline"])
