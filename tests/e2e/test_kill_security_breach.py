"""The host is killed after writes that take no key, before their answers: each is done once all the same."""

import json
import os
import re
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from infra.local.azure.services.security import facts
from tests.e2e.azure import AzureThread
from tests.e2e.breach import break_in, check_cured
from tests.e2e.machine import MachineProcess
from tests.e2e.test_kill_region_outage import recovered

SPEED = 60.0
DEADLY = re.compile(
    r"/regenerateKey$|/regenerateAdminKey/primary$|/revokeSignInSessions$|/secrets/tenant-signing-key$"
    r"|/roleAssignments/|/importImage$|before\.json$|deny-inbound$"
)
# Neither can be asked for, and done again they do no harm.
TWICE = re.compile(r"/importImage$|/revokeUserDelegationKeys$")


@pytest.mark.timeout(300)
def test_killed_before_the_answer_of_what_takes_no_key(tmp_path: Path) -> None:
    with (
        AzureThread(tmp_path / "azure.db", speed=SPEED) as azure,
        MachineProcess(tmp_path, speed=SPEED, azure=azure.url) as machine,
    ):
        since = break_in(azure)
        body = {
            "mode": "real",
            "reason": "a key was leaked",
            "outage_started_at": since.isoformat(),
            "parameters": {"compromised_principals": [facts.FRANK]},
        }
        answer = machine.call("POST", "/api/recovery/security_breach", "alice", json=body)
        run_id = answer.json()["run_id"]
        machine.approve(run_id)
        seen: set[str] = set()

        def kill(entry: dict[str, Any]) -> None:
            place = f"{entry['host']}{entry['path']}"
            if place not in seen and DEADLY.search(entry["path"]) and machine.process is not None:
                seen.add(place)
                os.kill(machine.process.pid, signal.SIGKILL)

        azure.world.after_write = kill
        record = recovered(machine, azure, run_id, seconds=240)
        azure.world.after_write = None
        assert record["status"] == "succeeded", [(step["name"], step["error"]) for step in record["steps"]]
        assert len(seen) >= 9, seen
        check_cured(azure.truth())
        tenants = azure.truth()["traffic"]["FAS"]["tenants"].values()
        assert all(tenant["healthy"] for tenant in tenants)
        done = Counter(
            json.dumps([entry["method"], entry["host"], entry["path"], entry["body"]])
            for entry in azure.ledger()
            if entry["applied"]
            and "foundry-ops-records" not in entry["path"]
            and not TWICE.search(entry["path"])
        )
        assert max(done.values()) == 1, [said for said, count in done.items() if count > 1]
