"""What a recovery leaves as evidence: everything that it sent, sealed, and no secret in it."""

import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from infra.local.azure import World
from infra.local.azure.services.key_vault import keys as vault_keys
from infra.local.azure.services.key_vault import state
from shared.evidence import keys
from shared.evidence.__main__ import main
from shared.evidence.bundle import UNANSWERED
from shared.evidence.verify import verify
from tests.e2e.azure import AzureThread
from tests.e2e.effects import is_canary
from tests.e2e.machine import MachineProcess
from tests.e2e.outage import outage
from tests.e2e.playing import recovered

RECORDS = "stfasops.blob.core.windows.net"


def bundle(machine: MachineProcess, run_id: str) -> bytes:
    answer = machine.call("GET", f"/api/runs/{run_id}/evidence")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return answer.content


def lines(content: bytes, kind: str) -> list[dict[str, Any]]:
    read = [json.loads(line) for line in content.splitlines()]
    return [line["content"] for line in read if line["kind"] == kind]


def trusted(world: World) -> bytes:
    """The evidence key's public half, as somebody would fetch it once and keep it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    row = world.table(vault_keys.KEYS).get("kv-fas-ops/evidence")
    assert row is not None
    private = load_pem_private_key(row["versions"][-1]["pem"].encode(), None)
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def secret_values(world: World) -> set[str]:
    """Every secret that the simulated world holds: of vaults, of keys, and whatever looks like one in resources."""
    found = {version["value"] for _, row in world.table(state.SECRETS).rows() for version in row["versions"]}
    for _, row in world.table(vault_keys.KEYS).rows():
        found |= {
            line for version in row["versions"] for line in version["pem"].splitlines() if "-" not in line
        }
    return found


def written(azure: AzureThread) -> Counter[tuple[str, str]]:
    """Every write that reached Azure, but for what the app keeps of its own runs."""
    return Counter(
        (entry["method"], f"{entry['host']}{entry['path']}".lower())
        for entry in azure.ledger()
        if entry["host"] != RECORDS and not is_canary(entry)
    )


def told(sent: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    from urllib.parse import unquote, urlsplit

    urls = ((line["method"], urlsplit(line["url"])) for line in sent if line["changes"])
    return Counter((method, f"{url.hostname}{unquote(url.path)}".lower()) for method, url in urls)


@pytest.mark.timeout(180)
def test_the_evidence_of_a_recovery_tells_all_that_was_sent_and_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with outage(tmp_path) as (azure, machine):
        run_id = machine.start_recovery(mode="real")
        early = machine.call("GET", f"/api/runs/{run_id}/evidence")
        assert early.status_code == 409
        assert "sealed when it is over" in early.json()["detail"]
        machine.approve(run_id)
        record = machine.wait_until_over(run_id, seconds=90)
        assert record["status"] == "succeeded", record
        content = bundle(machine, run_id)
        secrets = azure.do(lambda: secret_values(azure.world))
        pem = azure.do(lambda: trusted(azure.world))
        received = written(azure)

    # It is genuine, under a key that did not come with it.
    found = verify(content, keys.read(pem))
    assert (found.run_id, found.trusted) == (run_id, True)
    file, key = tmp_path / "evidence.jsonl", tmp_path / "key.pem"
    file.write_bytes(content)
    key.write_bytes(pem)
    assert main(["verify", str(file), "--key", str(key)]) == 0
    file.write_bytes(content.replace(b'"mode":"real"', b'"mode":"fake"', 1))
    assert main(["verify", str(file), "--key", str(key)]) == 1
    assert "NOT genuine" in capsys.readouterr().out

    # Every write that Azure received is told, once, with its answer, and nothing else is.
    sent = lines(content, "sent")
    assert told(sent) == received
    assert all(isinstance(line["status"], int) for line in sent if line["changes"])
    assert {line["step"] for line in sent} >= {"failover_cosmos_db", "update_dns_records", "ask_approvers"}
    assert [line["at"] for line in sent] == sorted(line["at"] for line in sent)
    probes = [line for line in sent if line["step"] == "validate_services"]
    assert probes, "requests of an action's threads are told too"
    (offline,) = (line for line in sent if line["url"].split("?")[0].endswith("/offlineRegion"))
    assert offline["body"] == {"region": "Japan East"}
    assert offline["resource"].endswith("/databaseAccounts/cosmos-fas-prod")

    # Who asked, who agreed, what came of it; nothing that only the app may hold.
    (manifest,), (request,), (kept,) = (lines(content, kind) for kind in ("manifest", "request", "record"))
    assert manifest["gaps"] == []
    assert manifest["counts"] == {"approval": 2, "control": 0, "sent": len(sent)}
    assert request["requested_by"] == "alice@contoso.com"
    assert [one["approver"] for one in lines(content, "approval")] == ["bob@contoso.com", "carol@contoso.com"]
    assert kept["status"] == "succeeded"
    assert b'"signature":' not in content.rsplit(b"\n", 2)[0]
    assert b"step_signatures" not in content

    secrets.add((tmp_path / "host.key").read_text())
    assert len(secrets) >= 8
    assert b"Bearer" not in content
    assert not [value for value in secrets if value.encode() in content]


@pytest.mark.timeout(240)
def test_what_a_killed_process_had_sent_is_in_the_evidence(tmp_path: Path) -> None:
    with outage(tmp_path) as (azure, machine):
        killed: list[str] = []

        def kill(entry: dict[str, Any]) -> None:
            """At the failover, and at the switch of DNS: Azure has the request, the app never hears of it."""
            where = f"{entry['host']}{entry['path']}".lower()
            wanted = ("/offlineregion", "/externalendpoints/japanwest")
            if where.endswith(wanted) and where not in killed and machine.process is not None:
                killed.append(where)
                os.kill(machine.process.pid, signal.SIGKILL)

        run_id = machine.start_recovery(mode="real")
        machine.approve(run_id)
        azure.world.after_write = kill
        record = recovered(machine, run_id, seconds=150)
        azure.world.after_write = None
        assert record["status"] == "succeeded", record
        content = bundle(machine, run_id)
        received = written(azure)
    verify(content)
    sent = lines(content, "sent")
    assert len(killed) == 2
    unanswered = [line for line in sent if line.get("unknown")]
    # Whatever arrived is told. What was noted and then not sent, because the process had died, says so.
    assert received <= told(sent)
    assert told(sent) - told(unanswered) <= received
    assert {line["url"].split("?")[0].split("//")[1].lower() for line in unanswered} >= set(killed)
    assert all(line["status"] is None and line["unknown"] == UNANSWERED for line in unanswered)


@pytest.mark.timeout(180)
def test_a_recovery_does_not_wait_for_its_journal_and_the_journal_loses_nothing(tmp_path: Path) -> None:
    with outage(tmp_path) as (azure, machine):
        away = azure.do(lambda: azure.world.faults.inject("endpoint_down", RECORDS))
        run_id = machine.start_recovery(mode="real")
        machine.approve(run_id)
        record = machine.wait_until(
            run_id, lambda found: found["status"] in {"succeeded", "failed"}, seconds=90
        )
        assert record["status"] == "succeeded", record
        azure.do(lambda: azure.world.faults.end(away["id"]))
        machine.wait_until_kept(run_id, seconds=60)
        content = bundle(machine, run_id)
        received = written(azure)
    verify(content)
    assert lines(content, "manifest")[0]["gaps"] == []
    assert told(lines(content, "sent")) == received
