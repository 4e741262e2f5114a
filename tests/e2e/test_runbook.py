"""A runbook's calls, as somebody would copy them, against a machine: every one is understood."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.machine import ROOT, MachineProcess

CALL = re.compile(r'^curl -sS -H "\$AUTH" "\$APP([^"]+)"(?: \\\n +-d \'(.+)\')?$', re.MULTILINE)


@pytest.mark.parametrize("plan", ["daily", "region_outage"])
def test_every_call_of_a_runbook_works(tmp_path: Path, plan: str) -> None:
    text = (ROOT / "docs" / "runbooks" / f"{plan}.md").read_text(encoding="utf-8")
    run_id, made = "", list[str]()
    with MachineProcess(tmp_path, speed=1.0) as machine:
        for path, body in CALL.findall(text):
            sent = body.replace("SINCE", datetime.now(UTC).isoformat()).replace("WHY", "as the runbook says")
            who = ["bob", "carol"] if path.endswith("/approvals") else ["alice"]
            for person in who:
                answer = machine.call(
                    "POST" if body else "GET", path.replace("RUN_ID", run_id), person, content=sent or None
                )
                if path.endswith("/decisions") or (plan == "daily" and answer.status_code == 409):
                    assert answer.status_code == 409, "no step waits, or the run is over already"
                else:
                    assert answer.status_code in {200, 202}, f"{path}: {answer.text}"
            if not run_id and answer.status_code == 202:
                run_id = json.loads(answer.text)["run_id"]
                waits = "waiting_for_approval" if plan == "region_outage" else "succeeded"
                machine.wait_until(run_id, lambda record, waits=waits: record["status"] == waits, seconds=60)
            if path.endswith("/approvals"):
                machine.wait_until(
                    run_id, lambda record: record["status"] != "waiting_for_approval", seconds=30
                )
            made.append(path)
    assert f"/api/{'recovery' if plan == 'region_outage' else 'maintenance'}/{plan}" in made
