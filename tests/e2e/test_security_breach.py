"""A breach over HTTP: the intruder is shut out, tenants come back, and no key is told anywhere."""

import email
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from email import policy
from pathlib import Path
from typing import Any

import pytest

from infra.local.azure.services.security import facts
from tests.e2e.azure import AzureThread
from tests.e2e.breach import break_in, check_cured, every_secret
from tests.e2e.machine import MachineProcess
from tests.shared.plans.previewing import EVIDENCE, check_the_same

SPEED = 60.0


@pytest.fixture(scope="module")
def recovered(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("breach")
    with (
        AzureThread(folder / "azure.db", speed=SPEED) as azure,
        MachineProcess(folder, speed=SPEED, azure=azure.url) as machine,
    ):
        secrets = every_secret(azure)
        since = break_in(azure)
        stolen = azure.truth()["intruder"]
        body = {
            "mode": "real",
            "reason": "Defender: data is extracted with a leaked key",
            "outage_started_at": since.isoformat(),
            "parameters": {"compromised_principals": [facts.FRANK]},
        }
        preview = machine.call("POST", "/api/recovery/security_breach/preview", "alice", json=body)
        assert preview.status_code == 200, preview.text
        answer = machine.call("POST", "/api/recovery/security_breach", "alice", json=body)
        assert answer.status_code == 202, answer.text
        run_id = answer.json()["run_id"]
        untouched = azure.ledger()
        machine.approve(run_id)
        record = machine.wait_until_over(run_id, seconds=150)
        yield {
            "azure": azure,
            "machine": machine,
            "record": record,
            "run_id": run_id,
            "stolen": stolen,
            "secrets": secrets | every_secret(azure),
            "untouched": untouched,
            "preview": preview.json(),
            "folder": folder,
        }


def test_nothing_is_touched_before_two_people_agree(recovered: dict[str, Any]) -> None:
    changed = [entry for entry in recovered["untouched"] if "communication" not in entry["host"]]
    assert changed == []


def test_the_intruder_had_a_way_in_and_has_none(recovered: dict[str, Any]) -> None:
    record = recovered["record"]
    assert record["status"] == "succeeded", [
        (step["name"], step["status"], step["error"]) for step in record["steps"]
    ]
    assert {step["status"] for step in record["steps"]} == {"succeeded"}
    assert len(recovered["stolen"]["can"]) == 10
    check_cured(recovered["azure"].truth())


def test_the_preview_named_every_write_that_was_then_sent(recovered: dict[str, Any]) -> None:
    preview = recovered["preview"]
    assert preview["problems"] == []
    done = check_the_same(preview["steps"], recovered["azure"].ledger(), (EVIDENCE,))
    assert len(done) >= 35


def test_tenants_were_cut_off_and_are_back(recovered: dict[str, Any]) -> None:
    tenants = recovered["azure"].truth()["traffic"]["FAS"]["tenants"]
    assert {tenant["healthy"] for tenant in tenants.values()} == {True}
    assert all(tenant["outages"] for tenant in tenants.values()), "nobody was ever isolated"


def test_evidence_was_kept_before_the_first_change(recovered: dict[str, Any]) -> None:
    azure, run_id = recovered["azure"], recovered["run_id"]
    done = [entry for entry in azure.ledger() if entry["applied"] and "communication" not in entry["host"]]
    paths = [entry["path"] for entry in done]
    kept = next(
        i for i, path in enumerate(paths) if path.endswith(f"foundry-ops-evidence/{run_id}/before.json")
    )
    changes = [i for i, entry in enumerate(done) if not entry["host"].startswith("stfasops")]
    assert kept < min(changes)


def test_no_key_and_no_secret_is_told_anywhere(recovered: dict[str, Any]) -> None:
    machine, azure, folder = recovered["machine"], recovered["azure"], recovered["folder"]
    run_id = recovered["run_id"]
    told = {
        "record": json.dumps(recovered["record"]),
        "runs": machine.call("GET", "/api/runs").text,
        "report": machine.call("GET", f"/api/runs/{run_id}/report?format=html").text,
        "log": (folder / "machine.log").read_text(),
        "truth": json.dumps(azure.truth()),
        "ledger": json.dumps(azure.ledger()),
        "preview": json.dumps(recovered["preview"]),
        "history": _everything_in(folder / "host.db"),
        "mails": _mails(folder),
        "blobs": azure.do(lambda: _blobs(azure)),
    }
    assert run_id in told["history"], "the history was not read"
    assert "security_breach" in told["mails"], "no mail was read"
    assert "key_fingerprints" in told["blobs"], "no evidence was read"
    for place, text in told.items():
        for secret in recovered["secrets"]:
            assert secret not in text, f"a secret is told in {place}"


def _everything_in(database: Path) -> str:
    """Every cell of a state file, as text."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as file:
        tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [file.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables]
    return "\n".join(
        cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell)
        for table in rows
        for row in table
        for cell in row
    )


def _mails(folder: Path) -> str:
    files = sorted(folder.rglob("*.eml"))
    parts = [
        part.get_content()
        for file in files
        for part in email.message_from_bytes(file.read_bytes(), policy=policy.default).walk()
        if part.get_content_type().startswith("text/")
    ]
    return "\n".join(parts)


def _blobs(azure: AzureThread) -> str:
    from infra.local.azure.services.blobs import store

    world = azure.world
    return "\n".join(
        store.content(world, key).decode(errors="replace") for key, _ in world.table(store.CONTENT).rows()
    )


def test_a_plan_that_would_lock_the_app_out_is_refused(recovered: dict[str, Any]) -> None:
    body = {
        "mode": "real",
        "reason": "the app itself is suspected",
        "outage_started_at": datetime.now(UTC).isoformat(),
        "parameters": {"compromised_principals": [facts.OPERATIONS_IDENTITY]},
    }
    answer = recovered["machine"].call("POST", "/api/recovery/security_breach", "alice", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "parameters.compromised_principals"
    assert "the identity of this app, which the estate keeps" in answer.text
