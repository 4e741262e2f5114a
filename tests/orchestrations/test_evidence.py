"""The bundle of a run on the real engine: who may have it, when it is there, and what happens when it cannot be made."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.evidence.verify import verify
from tests.infra.local.host.process import eventually
from tests.orchestrations.machine import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    AzureProcess,
    Machine,
    asks,
    plan,
    running,
    said,
    step,
)

VAULT = "kv-fas-ops.vault.azure.net"


def bundle(machine: Machine, run: str) -> dict[str, list[dict[str, Any]]]:
    """The lines by kind, of a bundle that has been verified."""
    answer = eventually(
        lambda: machine.call("GET", f"runs/{run}/evidence", DAVE),
        lambda found: found.status_code != 409,
        within=30,
    )
    assert answer.status_code == 200, answer.text
    assert verify(answer.content).run_id == run
    found: dict[str, list[dict[str, Any]]] = {}
    for line in answer.content.splitlines():
        read = json.loads(line)
        found.setdefault(read["kind"], []).append(read.get("content"))
    return found


def test_decisions_of_people_are_in_it_and_no_signature(machine: Machine) -> None:
    run = machine.start_run(plan(step("a", script=["fatal"]), step("b", "a"), approval=asks()))
    machine.until(run, "waiting_for_approval")
    machine.approve(run, BOB)
    machine.approve(run, CAROL)
    machine.until(run, "waiting_for_operator")
    eventually(
        lambda: machine.azure.mails("waits for you"), lambda sent: any(run in str(one) for one in sent)
    )
    assert machine.decide(run, "a", "skip").status_code == 202
    machine.end_of(run)
    found = bundle(machine, run)
    assert [one["approver"] for one in found["approval"]] == [BOB, CAROL]
    (control,) = found["control"]
    assert (control["verb"], control["step"], control["actor"]) == ("skip", "a", ALICE)
    assert found["request"][0]["plan"]["name"] == "test"
    assert found["record"][0]["status"] == "succeeded"
    # Who is on call is told again and again, so one more mail may have been on its way at the end.
    assert all("mails to people on call" in gap for gap in found["manifest"][0]["gaps"])
    assert "signature" not in json.dumps({**found, "seal": []})
    mails = [line for line in found["sent"] if line["changes"]]
    assert {line["step"] for line in mails} == {"ask_approvers", "page_on_call"}
    assert "/approvals/***" in json.dumps(found["sent"]), "the links of the approvers are good for them alone"


def test_it_is_there_when_the_run_is_over_for_readers_alone(machine: Machine) -> None:
    run = machine.start_run(plan(step("a"), approval=asks(1)))
    machine.until(run, "waiting_for_approval")
    early = machine.call("GET", f"runs/{run}/evidence", DAVE)
    assert (early.status_code, early.headers["content-type"]) == (409, "application/problem+json")
    assert machine.call("GET", f"runs/{run}/evidence", None).status_code == 401
    assert machine.call("GET", f"runs/{run}/evidence?format=zip", DAVE).status_code == 400
    assert machine.call("GET", "runs/recovery-test-none/evidence", DAVE).status_code == 404
    machine.approve(run, BOB, "reject")
    machine.end_of(run)
    assert bundle(machine, run)["approval"][0]["decision"] == "reject"


def test_a_run_that_touched_nothing_has_none(machine: Machine) -> None:
    look = step("a", action="check_certificate_expiry", vaults=[])
    run = machine.start_run(plan(look, kind="maintenance"))
    assert machine.end_of(run)["status"] == "succeeded"
    answer = eventually(
        lambda: machine.call("GET", f"runs/{run}/evidence", DAVE), lambda found: found.status_code != 409
    )
    assert answer.status_code == 404
    assert "no evidence" in answer.json()["detail"]


def test_sealing_is_tried_again_while_the_vault_refuses(machine: Machine, azure: AzureProcess) -> None:
    azure.fault(kind="error", target=f"{VAULT}/keys", status=503, count=2)
    run = machine.start_run(plan(step("a")))
    machine.end_of(run)
    assert bundle(machine, run)["record"][0]["status"] == "succeeded"


@pytest.fixture
def no_journal(azure: AzureProcess) -> Iterator[None]:
    """Storage takes no line of any journal."""
    fault = azure.fault(kind="error", target="requests.jsonl", status=503, match={"writes": True})
    yield
    azure.heal(fault)


@pytest.mark.usefixtures("no_journal")
def test_lines_that_storage_does_not_take_travel_with_the_run(machine: Machine, azure: AzureProcess) -> None:
    run = machine.start_run(plan(step("a"), approval=asks(1)))
    machine.until(run, "waiting_for_approval")
    eventually(lambda: len(azure.mails(run)), lambda sent: sent == 3)
    machine.approve(run, BOB)
    machine.end_of(run)
    found = bundle(machine, run)
    assert len([line for line in found["sent"] if line["changes"] and line["status"] == 202]) == 3
    assert found["manifest"][0]["gaps"] == []


@pytest.fixture
def no_key(azure: AzureProcess) -> Iterator[None]:
    """The vault lets nobody use its keys."""
    fault = azure.fault(kind="error", target=f"{VAULT}/keys", status=403, code="Forbidden", message="no role")
    yield
    azure.heal(fault)


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory, azure: AzureProcess) -> Iterator[Machine]:
    """A machine that gives up after three tries."""
    import os

    os.environ["PATIENCE"] = "3"
    try:
        with running(tmp_path_factory.mktemp("impatient"), azure) as machine:
            yield machine
    finally:
        del os.environ["PATIENCE"]


@pytest.mark.usefixtures("no_key")
def test_a_run_whose_evidence_cannot_be_sealed_ends_and_says_so(impatient: Machine) -> None:
    run = impatient.start_run(plan(step("a")))
    record = impatient.end_of(run)
    record = eventually(
        lambda: impatient.record(run),
        lambda found: said(found, "the evidence could not be sealed"),
        within=30,
    )
    assert record["status"] == "succeeded"
    assert "no role" in said(record, "the evidence could not be sealed")[0]
    answer = eventually(
        lambda: impatient.call("GET", f"runs/{run}/evidence", ALICE), lambda found: found.status_code != 409
    )
    assert answer.status_code == 404
    assert "its log says why" in answer.json()["detail"]
