"""`kill -9` loses nothing: what was going on in one process goes on in the next."""

import json
import random
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.infra.local.host.conftest import StartHost
from tests.infra.local.host.process import APPS, HostProcess, eventually


@dataclass
class Survivors:
    """A host after its kill, and the instances that were going on before it."""

    host: HostProcess
    ids: dict[str, str]
    killed_at: float


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survivors]:
    """Everything in the middle of something, then one kill for all."""
    host = HostProcess(APPS / "durable", tmp_path_factory.mktemp("killed")).start()
    ids = {
        "event": host.launch("wait_for", "go"),
        "suspended": host.launch("wait_for", "go"),
        "overdue": host.launch("sleep", 1),
        "timer": host.launch("sleep", 4),
        "parent": host.launch("parent", "go"),
        "activity": host.launch("run_slow", {"mark": "in-flight", "seconds": 1}),
        "lock": host.launch("signal_then_lock", "locked"),
        "generations": host.launch("generations", {"count": 0, "timer": 60}),
        "delayed": host.launch("signal_later", {"key": "delayed", "seconds": 1.5, "amount": 8}),
        "finished": host.launch("chain", 3),
        "terminated": host.launch("wait_for", "go"),
    }
    host.signal("kept", "add", 11)
    eventually(lambda: host.entity("kept"), lambda state: state == 11)
    eventually(lambda: host.entity("locked"), lambda state: state == 5)
    ids["outside"] = host.launch("add_to_entity", {"key": "locked", "amount": 1000})
    for _ in range(3):
        host.raise_event(ids["generations"], "next")
    eventually(
        lambda: host.status(ids["generations"], showInput="true")["input"]["count"], lambda count: count == 3
    )
    host.post(ids["suspended"], "suspend")
    host.becomes(ids["suspended"], "Suspended")
    host.raise_event(ids["suspended"], "go", "while suspended")
    host.post(ids["terminated"], "terminate", reason="enough")
    host.output(ids["finished"])
    host.output(ids["delayed"])
    eventually(lambda: host.marks("in-flight"), lambda count: count == 1)
    host.client.post("/api/start/chain", json={"id": "scheduled", "in_seconds": 2}).raise_for_status()
    host.kill()
    killed_at = time.monotonic()
    time.sleep(0.7)
    host.start()
    yield Survivors(host, ids, killed_at)
    host.end()


def test_a_wait_for_an_event_goes_on(killed: Survivors):
    assert killed.host.status(killed.ids["event"])["customStatus"] == "waiting for go"
    killed.host.raise_event(killed.ids["event"], "go", {"a": [1]})
    assert killed.host.output(killed.ids["event"]) == {"a": [1]}


def test_a_suspended_instance_stays_so_and_keeps_its_event(killed: Survivors):
    one = killed.ids["suspended"]
    assert killed.host.status(one)["runtimeStatus"] == "Suspended"
    killed.host.post(one, "resume")
    assert killed.host.output(one) == "while suspended"


def test_a_timer_that_came_due_meanwhile_fires(killed: Survivors):
    assert killed.host.output(killed.ids["overdue"]) == "woke"


def test_a_timer_still_to_come_fires_in_its_time(killed: Survivors):
    assert killed.host.output(killed.ids["timer"]) == "woke"
    assert time.monotonic() - killed.killed_at > 1.5


def test_a_sub_orchestration_still_answers_its_parent(killed: Survivors):
    one = killed.ids["parent"]
    killed.host.raise_event(f"{one}-child", "go", "hello")
    assert killed.host.output(one) == {"parent": one, "value": "hello"}


def test_an_activity_in_flight_runs_again(killed: Survivors):
    assert killed.host.output(killed.ids["activity"]) == "slept"
    assert killed.host.marks("in-flight") == 2


def test_entity_state_is_kept(killed: Survivors):
    assert killed.host.entity("kept") == 11


def test_a_lock_is_kept_and_whoever_waits_for_it(killed: Survivors):
    host = killed.host
    assert host.status(killed.ids["outside"])["runtimeStatus"] == "Running"
    assert host.entity("locked") == 5
    host.raise_event(killed.ids["lock"], "unlock", "after the kill")
    assert host.output(killed.ids["lock"]) == [5, "after the kill"]
    assert host.output(killed.ids["outside"]) == 1105


def test_a_delayed_signal_arrives(killed: Survivors):
    eventually(lambda: killed.host.entity("delayed"), lambda state: state == 8)


def test_continue_as_new_goes_on_in_its_generation(killed: Survivors):
    one = killed.ids["generations"]
    killed.host.raise_event(one, "next", 0.1)
    assert killed.host.output(one) == 4


def test_a_scheduled_start_keeps_its_time(killed: Survivors):
    assert killed.host.output("scheduled") == 7


def test_what_had_ended_stays_ended(killed: Survivors):
    assert killed.host.status(killed.ids["finished"])["output"] == 10
    assert killed.host.status(killed.ids["terminated"])["runtimeStatus"] == "Terminated"
    assert killed.host.status(killed.ids["terminated"])["output"] == "enough"


def test_five_kills_over_many_instances_lose_nothing(start_host: StartHost):
    host = start_host(APPS / "durable")
    chance = random.Random(7)
    ids: list[str] = []
    for kill in range(5):
        for each in range(24):
            number = kill * 100 + each
            ids.append(host.launch("chain", number, instance_id=f"chain-{number}"))
            host.launch("parent", "go", instance_id=f"parent-{number}")
            host.signal("sum", "add", 1)
        time.sleep(chance.uniform(0, 0.25))
        host.kill()
        host.start()
    for each in ids:
        number = int(each.removeprefix("chain-"))
        assert host.output(each, within=30) == number + 7
        eventually(
            lambda number=number: host.post(f"parent-{number}-child", "raiseEvent/go", number).status_code,
            lambda code: code == 202,
        )
        assert host.output(f"parent-{number}") == {"parent": f"parent-{number}", "value": number}
    # Every signal that was accepted counts once: the state and the signal that made it are one transaction.
    assert host.entity("sum") == len(ids)
    host.end()
    db = sqlite3.connect(host.state)
    left = {
        table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("inbox", "activities", "alarms", "operations")
    }
    db.close()
    assert left == {"inbox": 0, "activities": 0, "alarms": 0, "operations": 0}, json.dumps(left)
