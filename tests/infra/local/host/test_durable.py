"""Durable functions on the local host, and each fault of the testing backend that it must not have."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.infra.local.host.process import SYSTEM, HostProcess, eventually


def test_work_starts_at_once(durable: HostProcess):
    taken: list[float] = []
    for _ in range(7):
        time.sleep(0.15)  # until nothing is left to do
        began = time.monotonic()
        assert durable.client.get(f"/api/wait/{durable.launch('chain', 5)}").json() == "12"
        taken.append(time.monotonic() - began)
    # A backend that polls for work every 100 ms would need that much to begin with.
    assert statistics.median(taken) < 0.09


def test_the_client_of_a_synchronous_function(durable: HostProcess):
    assert durable.client.post("/api/start-sync/chain").json() == 8


def test_the_client_reads_histories_and_lists_instances(durable: HostProcess):
    one = durable.launch("chain")
    durable.output(one)
    events, listed = durable.client.get(f"/api/history/{one}").json()
    assert events == 8 * 2 + 7 * 2 + 2
    assert listed > 1


def test_activities_run_side_by_side(durable: HostProcess):
    assert durable.output(durable.launch("fan_out", 200)) == sum(range(1, 201))


def test_a_failing_activity_is_retried_as_asked(durable: HostProcess):
    assert durable.output(durable.launch("flaky", {"mark": "retried", "retry": True})) == [
        "slept",
        "second time",
    ]
    assert durable.marks("retried") == 2


def test_a_failure_names_its_type_and_message(durable: HostProcess):
    status = durable.ended(durable.launch("flaky", {"mark": "fails"}))
    assert status["runtimeStatus"] == "Failed"
    assert "the first time fails" in status["output"]


def test_an_activity_that_does_not_exist_fails_its_orchestration(durable: HostProcess):
    status = durable.ended(durable.launch("calls_nothing"))
    assert status["runtimeStatus"] == "Failed"
    assert "no_such_activity" in status["output"]


def test_events_wait_for_whoever_asks_later(durable: HostProcess):
    one = durable.launch("wait_twice")
    durable.raise_event(one, "two", "second")
    durable.raise_event(one, "ONE", "first")
    assert durable.output(one) == ["first", "second"]


def test_an_orchestration_sends_an_event_to_another(durable: HostProcess):
    waiting = durable.launch("wait_for", "go")
    durable.output(durable.launch("send", waiting))
    assert durable.output(waiting) == "from another"


def test_timers_fire_when_due(durable: HostProcess):
    began = time.monotonic()
    assert durable.output(durable.launch("sleep", 0.5)) == "woke"
    assert 0.5 <= time.monotonic() - began < 1.5


def test_sub_orchestrations_know_their_parent(durable: HostProcess):
    one = durable.launch("parent")
    assert durable.output(one) == {"parent": one, "value": None}


def test_a_failing_sub_orchestration_fails_its_parent(durable: HostProcess):
    status = durable.ended(durable.launch("flaky_parent", "child-fails"))
    assert status["runtimeStatus"] == "Failed"
    assert "the first time fails" in status["output"]


def test_call_http(durable: HostProcess):
    output = durable.output(durable.launch("call_http", f"http://127.0.0.1:{durable.port}/api/plain"))
    assert output == {"status": 200, "content": "plain"}


def test_a_timer_of_an_earlier_generation_does_not_fire_in_a_later_one(durable: HostProcess):
    one = durable.launch("generations", {"count": 0, "timer": 0.4})
    began = time.monotonic()
    durable.raise_event(one, "next", 1.2)
    assert durable.output(one) == 1
    assert time.monotonic() - began >= 1.1


def test_continue_as_new_keeps_events_that_came_too_early(durable: HostProcess):
    one = durable.launch("generations", {"count": 0, "timer": 0.5})
    for _ in range(10):
        durable.raise_event(one, "next")
    assert durable.output(one) == 10


def test_a_scheduled_start_waits_for_its_time(durable: HostProcess):
    durable.client.post("/api/start/chain", json={"id": "later", "in_seconds": 0.8}).raise_for_status()
    assert durable.status("later")["runtimeStatus"] == "Pending"
    time.sleep(0.3)
    assert durable.status("later")["runtimeStatus"] == "Pending"
    assert durable.output("later") == 7


def test_recursive_termination_ends_the_children_too(durable: HostProcess):
    one = durable.launch("parent", "never")
    eventually(
        lambda: (
            durable.client.get(
                f"/runtime/webhooks/durabletask/instances/{one}-child", params=SYSTEM
            ).status_code
        ),
        lambda code: code == 202,
    )
    assert durable.client.post(f"/api/terminate-all/{one}").status_code == 202
    assert durable.ended(one)["output"] == "enough"
    assert durable.ended(f"{one}-child")["runtimeStatus"] == "Terminated"


def test_the_id_of_a_finished_instance_can_be_used_again_but_not_of_a_running_one(durable: HostProcess):
    durable.output(durable.launch("chain", 1, instance_id="again"))
    assert durable.output(durable.launch("chain", 2, instance_id="again")) == 9
    durable.launch("wait_for", "go", instance_id="still-going")
    answer = durable.client.post(
        "/runtime/webhooks/durabletask/orchestrators/chain/still-going", params=SYSTEM, json=1
    )
    assert answer.status_code == 409
    assert durable.status("still-going")["name"] == "wait_for"


def test_many_clients_wait_at_once_and_others_still_get_through(durable: HostProcess):
    one = durable.launch("wait_for", "go")
    with ThreadPoolExecutor(40) as pool:
        url = str(durable.client.base_url) + f"/api/wait/{one}"
        waiting = [pool.submit(httpx.get, url, timeout=30) for _ in range(40)]
        time.sleep(0.5)
        # Through the client as well, which shares its server with those that wait.
        answer = durable.client.post("/api/start/chain", json={}, timeout=5)
        assert durable.output(answer.json()["id"]) == 7
        durable.raise_event(one, "go", "gone")
        assert {each.result().json() for each in waiting} == {'"gone"'}


def test_entities_keep_state_and_answer_calls(durable: HostProcess):
    durable.signal("a", "add", 3)
    assert durable.output(durable.launch("add_to_entity", {"key": "a", "amount": 4})) == 7
    assert durable.entity("a") == 7


def test_an_entity_that_deleted_its_state_is_gone(durable: HostProcess):
    durable.signal("gone", "add", 1)
    eventually(lambda: durable.entity("gone"), lambda state: state == 1)
    assert durable.client.get("/api/entity/gone").json() is True
    durable.signal("gone", "delete")
    eventually(lambda: durable.entity("gone"), lambda state: state is None)
    assert durable.client.get("/api/entity/gone").json() is False


def test_a_failing_entity_operation_fails_its_caller_and_changes_nothing(durable: HostProcess):
    durable.output(durable.launch("add_to_entity", {"key": "broken", "amount": 4}))
    status = durable.ended(durable.launch("add_to_entity", {"key": "broken", "operation": "fail"}))
    assert status["runtimeStatus"] == "Failed"
    assert "the counter is broken" in status["output"]
    assert durable.entity("broken") == 4


def test_a_lock_keeps_others_out_and_sees_what_came_before(durable: HostProcess):
    one = durable.launch("signal_then_lock", "locked")
    eventually(lambda: durable.entity("locked"), lambda state: state == 5)
    other = durable.launch("add_to_entity", {"key": "locked", "amount": 1000})
    durable.signal("locked", "add", 20000)
    time.sleep(0.4)
    assert durable.entity("locked") == 5
    assert durable.entity("locked2") is None  # locked as well, and still without a state
    assert durable.client.get("/api/entity/locked2").json() is False
    assert durable.status(other)["runtimeStatus"] == "Running"
    durable.raise_event(one, "unlock", "now")
    assert durable.output(one) == [5, "now"]
    assert durable.output(other) in (1105, 21105)  # the signal may have come first
    eventually(lambda: durable.entity("locked"), lambda state: state == 21105)


def test_two_critical_sections_take_turns(durable: HostProcess):
    both = [durable.launch("signal_then_lock", "shared") for _ in range(2)]
    for each in both:
        durable.raise_event(each, "unlock", "now")
    assert [durable.output(each)[1] for each in both] == ["now", "now"]
    assert durable.entity("shared") == 210


def test_a_lock_opens_when_its_holder_is_terminated(durable: HostProcess):
    one = durable.launch("signal_then_lock", "orphan")
    eventually(lambda: durable.entity("orphan"), lambda state: state == 5)
    other = durable.launch("add_to_entity", {"key": "orphan", "amount": 1})
    assert durable.post(one, "terminate").status_code == 202
    assert durable.output(other) == 6


def test_delayed_signals_arrive_when_due(durable: HostProcess):
    durable.output(durable.launch("signal_later", {"key": "delayed", "seconds": 0.5, "amount": 9}))
    assert durable.entity("delayed") is None
    eventually(lambda: durable.entity("delayed"), lambda state: state == 9, within=3)


def test_suspended_orchestrations_hold_still(durable: HostProcess):
    one = durable.launch("wait_for", "go")
    durable.becomes(one, "Running")
    durable.post(one, "suspend", reason="hold")
    durable.becomes(one, "Suspended")
    durable.raise_event(one, "go", "meanwhile")
    time.sleep(0.2)
    assert durable.status(one)["runtimeStatus"] == "Suspended"
    durable.post(one, "resume", reason="go on")
    assert durable.output(one) == "meanwhile"


def test_rewind_runs_only_what_failed(durable: HostProcess):
    one = durable.launch("flaky", {"mark": "rewound"})
    durable.becomes(one, "Failed")
    assert durable.post(one, "rewind", reason="try again").status_code == 202
    assert durable.output(one) == ["slept", "second time"]
    assert durable.marks("rewound-before") == 1


@pytest.mark.parametrize(("pause", "runs"), [(0, 1), (0.6, 2)])
def test_rewind_waits_for_what_still_runs_and_repeats_what_ended_unheard(
    durable: HostProcess, pause: float, runs: int
):
    name = f"beside-{pause}"
    one = durable.launch("flaky_beside_slow", name)
    durable.becomes(one, "Failed")
    time.sleep(pause)
    durable.post(one, "rewind")
    assert durable.output(one) == ["second time", "slept"]
    assert durable.marks(f"{name}-slow") == runs


def test_rewind_reaches_a_failed_sub_orchestration(durable: HostProcess):
    one = durable.launch("flaky_parent", "rewound-child")
    durable.becomes(one, "Failed")
    durable.post(one, "rewind")
    assert durable.output(one) == "second time"
    assert durable.output(f"{one}-child") == "second time"


KB = 1024


@pytest.mark.parametrize("sizes", [{"input": 950 * KB}, {"output": 950 * KB}, {"result": 950 * KB}])
def test_messages_that_azure_refuses_are_refused_clearly(durable: HostProcess, sizes: dict[str, int]):
    status = durable.ended(durable.launch("carry", sizes))
    assert status["runtimeStatus"] == "Failed"
    assert "the limit is 921,600 bytes" in status["output"]


def test_messages_up_to_the_limit_pass(durable: HostProcess):
    sizes = {"input": 890 * KB, "output": 890 * KB, "result": 890 * KB}
    assert len(durable.output(durable.launch("carry", sizes))) == 890 * KB


def test_a_large_input_or_event_is_refused_at_the_door(durable: HostProcess):
    answer = durable.client.post(
        "/runtime/webhooks/durabletask/orchestrators/chain", params=SYSTEM, json="x" * 950 * KB
    )
    assert answer.status_code == 400
    assert "921,600" in answer.text
    one = durable.launch("wait_for", "go")
    assert durable.post(one, "raiseEvent/go", "x" * 950 * KB).status_code == 400
    by_client = durable.client.post(f"/api/raise-large/{one}", content=str(950 * KB))
    assert by_client.status_code == 400
    assert "921,600" in by_client.text
    # Larger than what gRPC takes by default, and still the same clear message.
    assert "921,600" in durable.client.post(f"/api/raise-large/{one}", content=str(5000 * KB)).text
    assert durable.status(one)["runtimeStatus"] == "Running"


def test_a_large_custom_status_fails_its_orchestration(durable: HostProcess):
    assert durable.output(durable.launch("set_status", 16 * KB - 2)) == "ok"
    status = durable.ended(durable.launch("set_status", 16 * KB))
    assert status["runtimeStatus"] == "Failed"
    assert "custom status" in status["output"]


def test_what_fails_for_its_size_keeps_its_custom_status(durable: HostProcess):
    status = durable.ended(durable.launch("status_then_large", 950 * KB))
    assert (status["runtimeStatus"], status["customStatus"]) == ("Failed", "kept")


def test_ids_of_entities_are_not_for_orchestrations(durable: HostProcess):
    path = "/runtime/webhooks/durabletask/orchestrators/chain/@counter@a"
    assert durable.client.post(path, params=SYSTEM, json=1).status_code == 400


def test_blocking_code_in_the_app_does_not_stop_the_management_api(durable: HostProcess):
    one = durable.launch("wait_for", "go")
    durable.becomes(one, "Running")
    with ThreadPoolExecutor(1) as pool:
        blocked = pool.submit(httpx.get, str(durable.client.base_url) + "/api/block/2", timeout=30)
        time.sleep(0.3)
        began = time.monotonic()
        assert durable.status(one)["runtimeStatus"] == "Running"
        assert time.monotonic() - began < 1
        assert blocked.result().text == "unblocked"
