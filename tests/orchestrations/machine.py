"""A machine for the tests: the simulated Azure and the host with the test app, each in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from orchestrations.start import new_run_id
from shared.estate.load import load
from shared.model.plan import Mode, Plan
from shared.model.run import Approval, Control, RunLimits, RunRequest
from shared.model.signing import Signer, plan_digest
from shared.settings import AZURE_MARKS
from tests.e2e.machine import quiet
from tests.infra.local.host.process import ROOT, SYSTEM, HostProcess, eventually
from tests.orchestrations.launch import APP
from tests.orchestrations.scripted import World
from tests.ports import free_port

SAMPLE = ROOT / "shared" / "estate" / "contoso.yaml"
KEY = "0123456789abcdef" * 4
ALICE, BOB, CAROL, DAVE, ERIN = (f"{name}@contoso.com" for name in ("alice", "bob", "carol", "dave", "erin"))
OVER = {"succeeded", "failed", "rejected", "aborted"}


class AzureProcess:
    """The simulated Azure in a process of its own: it serves for long, and what else the tests do must not feel it."""

    def __init__(self) -> None:
        port = free_port()
        command = [sys.executable, "-m", "infra.local.azure", "--port", str(port), "--speed", "100"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert f"127.0.0.1:{port}" in self._process.stdout.readline()
        self.url = f"http://127.0.0.1:{port}"

    def mails(self, words: str) -> list[dict[str, Any]]:
        """Requests to send a mail that hold these words, as they were taken."""
        ledger = httpx.get(f"{self.url}/_sim/ledger").json()
        sent = [entry for entry in ledger if "emails:send" in entry["path"] and entry["status"] < 300]
        return [entry for entry in sent if words in str(entry["body"])]

    def blob_names(self, run: str) -> set[str]:
        blobs = httpx.get(f"{self.url}/_sim/world").json()["blobs"]
        return {name[name.index(run) :] for name in blobs if run in name}

    def fault(self, **fault: Any) -> str:
        answer = httpx.post(f"{self.url}/_sim/faults", json=fault)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def heal(self, fault: str) -> None:
        httpx.delete(f"{self.url}/_sim/faults/{fault}").raise_for_status()

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)


class Machine(HostProcess):
    """The product with the test actions; people speak to it over HTTP."""

    def __init__(self, folder: Path, azure: AzureProcess) -> None:
        self.azure = azure
        estate = folder / "estate.yaml"
        text = SAMPLE.read_text().replace("page_again_after: PT15M", "page_again_after: PT0.8S")
        estate.write_text(quiet(text))  # the clock starts nothing in the midst of a test
        self.estate = load(estate)
        self.world = World(folder / "scripted.db")
        self.signer = Signer(KEY.encode())
        super().__init__(
            APP,
            folder,
            {
                "ESTATE_FILE": str(estate),
                "RUN_SIGNING_KEY": KEY,
                "POLL_SECONDS": "0.05",
                "AZURE_ENDPOINT_URL": azure.url,
                "TASKHUB_NAME": "tests",
                "SCRIPTED_WORLD": str(folder / "scripted.db"),
            },
        )
        self.env = {
            name: value
            for name, value in self.env.items()
            if name not in AZURE_MARKS and not name.startswith("WEBSITE_")
        }

    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "tests.orchestrations.launch"),
            *("--port", str(self.port), "--state", str(self.state)),
        ]

    # people

    def person(self, mail: str) -> str:
        person = self.estate.person_by_mail(mail)
        assert person is not None
        return person.id

    def call(self, method: str, path: str, who: str | None = ALICE, **request: Any) -> httpx.Response:
        headers = {**({"x-local-user": who} if who else {}), **request.pop("headers", {})}
        return self.client.request(method, f"/api/{path}", headers=headers, **request)

    def start_run(self, plan: dict[str, Any], *, by: str = ALICE, mode: str = "real", **more: Any) -> str:
        requester = by if by.startswith("system:") else self.person(by)
        asked = {"plan": plan, "requester_id": requester, "mode": mode, **more}
        answer = self.client.post("/api/test/runs", json=asked)
        assert answer.status_code == 202, answer.text
        return answer.json()["run_id"]

    def decide(self, run: str, step: str, decision: str, who: str = ALICE, **more: Any) -> httpx.Response:
        body = {"step": step, "decision": decision, "reason": "told to", **more}
        return self.call("POST", f"runs/{run}/decisions", who, json=body)

    def steer(self, run: str, verb: str, who: str = ALICE, **more: Any) -> httpx.Response:
        return self.call("POST", f"runs/{run}/{verb}", who, json={"reason": "told to", **more})

    def approve(self, run: str, who: str, decision: str = "approve") -> httpx.Response:
        body = {"decision": decision, "reason": "looked at it"}
        return self.call("POST", f"runs/{run}/approvals", who, json=body)

    # runs

    def record(self, run: str) -> dict[str, Any]:
        answer = self.call("GET", f"runs/{run}", DAVE)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def until(self, run: str, status: str | set[str], within: float = 15) -> dict[str, Any]:
        wanted = {status} if isinstance(status, str) else status
        return eventually(lambda: self.record(run), lambda found: found["status"] in wanted, within=within)

    def end_of(self, run: str, within: float = 20) -> dict[str, Any]:
        """The record of a run that is over."""
        return self.until(run, OVER, within)

    def step(self, run: str, name: str) -> dict[str, Any]:
        return steps(self.record(run)).get(name, {"status": "not there"})

    def until_step(self, run: str, name: str, status: str, within: float = 15) -> dict[str, Any]:
        return eventually(
            lambda: self.step(run, name), lambda found: found["status"] == status, within=within
        )

    def inject(self, payload: object, run: str) -> str:
        """Start a run past the app, as the holder of Durable's system key can."""
        path = f"/runtime/webhooks/durabletask/orchestrators/run_plan/{run}"
        answer = self.client.post(path, params=SYSTEM, json=payload)
        assert answer.status_code == 202, answer.text
        return run

    def history(self, run: str) -> list[dict[str, Any]]:
        return self.status(run, showHistory="true", showHistoryOutput="true")["historyEvents"]

    def claims(self, service: str) -> str:
        answer = self.client.get(
            f"/runtime/webhooks/durabletask/entities/service_claim/{service}", params=SYSTEM
        )
        return answer.json() if answer.status_code == 200 else ""

    # what somebody with the signing key could make

    def request(self, plan: dict[str, Any], *, by: str = ALICE, **fields: Any) -> RunRequest:
        from datetime import UTC, datetime

        made = Plan.model_validate(plan)
        now = fields.pop("requested_at", datetime.now(UTC))
        return self.signer.sign_request(
            RunRequest(
                run_id=fields.pop("run_id", new_run_id(made, now)),
                plan=made,
                mode=Mode.REAL,
                requested_by=by,
                requester_id=self.person(by),
                reason="a test",
                requested_at=now,
                limits=RunLimits(poll_seconds=0.05),
                **fields,
            )
        )

    def approval(self, request: RunRequest, who: str, **fields: Any) -> Approval:
        from datetime import UTC, datetime

        content = {
            "run_id": request.run_id,
            "decision": "approve",
            "approver": who,
            "approver_id": self.person(who),
            "reason": "made by hand",
            "decided_at": datetime.now(UTC),
            "plan_digest": plan_digest(request.plan),
            **fields,
        }
        return self.signer.sign(Approval(**content))

    def control(self, run: str, verb: str, **fields: Any) -> Control:
        from datetime import UTC, datetime

        content = {
            "run_id": run,
            "verb": verb,
            "actor": ALICE,
            "actor_id": self.person(ALICE),
            "reason": "made by hand",
            "decided_at": datetime.now(UTC),
            **fields,
        }
        return self.signer.sign(Control(**content))


@contextmanager
def running(folder: Path, azure: AzureProcess) -> Iterator[Machine]:
    """A machine that is up, and that ends with the block even when it could not come up."""
    machine = Machine(folder, azure)
    try:
        yield machine.start()
    finally:
        if machine.process is not None:
            machine.process.kill()
            machine.process.communicate(timeout=10)
            if hasattr(machine, "client"):
                machine.client.close()


def steps(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in record["steps"]}


def statuses(record: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["status"] for step in record["steps"]}


def said(record: dict[str, Any], what: str) -> list[str]:
    return [entry["what"] for entry in record["log"] if what in entry["what"]]


def step(name: str, *needs: str, action: str = "scripted", **fields: Any) -> dict[str, Any]:
    """A step that does as it is told; what is no field of a step is a parameter of the action."""
    own = (
        "critical",
        "retry",
        "deadline",
        "undo",
        "changes",
        "two_phase",
        "recovers",
        "wants_record",
        "touches",
    )
    return {
        "name": name,
        "action": action,
        "needs": list(needs),
        "retry": {"attempts": 3, "delay": 0.05, "backoff": 2.0},
        "changes": action != "scripted_look",
        "two_phase": action in {"scripted_twice", "scripted_tender"},
        "looks_first": action == "scripted_tender",
        **{key: value for key, value in fields.items() if key in own},
        "params": {key: value for key, value in fields.items() if key not in own},
    }


def plan(*made: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "test", "kind": "recovery", "title": "A test", "steps": list(made), **fields}


def asks(required: int = 2, expires: str = "PT1H") -> dict[str, Any]:
    return {"required": required, "approvers": [BOB, CAROL, ERIN], "expires_after": expires}
