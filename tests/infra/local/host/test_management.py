"""The Durable extension's management API, answer by answer."""

import time

import pytest

from tests.infra.local.host.process import SYSTEM, HostProcess, eventually

BASE = "/runtime/webhooks/durabletask"


def get(host: HostProcess, path: str, **params: str):
    return host.client.get(f"{BASE}/{path}", params={**SYSTEM, **params})


@pytest.fixture(scope="module")
def finished(durable: HostProcess) -> str:
    one = durable.launch("chain", 1, instance_id="finished")
    durable.output(one)
    return one


def test_it_asks_for_the_system_key(durable: HostProcess, finished: str):
    for code in ("", "wrong", "local"):
        assert durable.client.get(f"{BASE}/instances/{finished}", params={"code": code}).status_code == 401
    assert (
        durable.client.get(
            f"{BASE}/instances/{finished}", headers={"x-functions-key": "local-master"}
        ).status_code
        == 200
    )
    assert durable.client.post(f"{BASE}/orchestrators/chain").status_code == 401


def test_the_links_of_an_app_lead_back_here(durable: HostProcess):
    answer = durable.client.post("/api/start/wait_for", json={"input": "go", "id": "linked one"})
    assert answer.status_code == 202
    links = answer.json()
    assert answer.headers["location"] == links["statusQueryGetUri"]
    assert durable.client.get(links["statusQueryGetUri"]).json()["instanceId"] == "linked one"
    event = links["sendEventPostUri"].replace("{eventName}", "go")
    assert durable.client.post(event, json="by link").status_code == 202
    eventually(lambda: durable.client.get(links["statusQueryGetUri"]).status_code, lambda code: code == 200)
    assert durable.client.post(links["restartPostUri"]).status_code == 202
    assert durable.client.delete(links["purgeHistoryDeleteUri"]).json() == {"instancesDeleted": 1}


def test_status_says_whether_it_goes_on(durable: HostProcess, finished: str):
    one = durable.launch("wait_for", "go")
    answer = get(durable, f"instances/{one}")
    assert answer.status_code == 202
    assert answer.headers["retry-after"]
    assert durable.client.get(answer.headers["location"]).status_code == 202
    done = get(durable, f"instances/{finished}")
    assert done.status_code == 200
    assert done.json() | {"createdTime": "", "lastUpdatedTime": ""} == {
        "name": "chain",
        "instanceId": finished,
        "runtimeStatus": "Completed",
        "input": 1,
        "customStatus": None,
        "output": 8,
        "createdTime": "",
        "lastUpdatedTime": "",
    }
    assert get(durable, f"instances/{finished}", showInput="false").json()["input"] is None
    assert get(durable, "instances/nobody").status_code == 404


def test_a_failure_is_a_server_error_only_if_asked(durable: HostProcess):
    one = durable.launch("calls_nothing")
    durable.ended(one)
    assert get(durable, f"instances/{one}").status_code == 200
    assert get(durable, f"instances/{one}", returnInternalServerErrorOnFailure="true").status_code == 500


def test_history_is_shown_as_asked(durable: HostProcess, finished: str):
    assert "historyEvents" not in get(durable, f"instances/{finished}").json()
    bare = get(durable, f"instances/{finished}", showHistory="true", showInput="false").json()[
        "historyEvents"
    ]
    assert [each["EventType"] for each in bare] == [
        "ExecutionStarted",
        *["TaskCompleted"] * 7,
        "ExecutionCompleted",
    ]
    assert bare[1]["FunctionName"] == "add_one"
    assert bare[1]["ScheduledTime"] <= bare[1]["Timestamp"]
    assert bare[-1]["OrchestrationStatus"] == "Completed"
    assert not any("Result" in each or "Input" in each for each in bare)
    full = get(durable, f"instances/{finished}", showHistory="true", showHistoryOutput="true").json()[
        "historyEvents"
    ]
    assert (full[0]["Input"], full[1]["Input"], full[1]["Result"], full[-1]["Result"]) == (1, 1, 2, 8)


def test_operations_on_what_has_ended_or_never_was(durable: HostProcess, finished: str):
    for operation in ("raiseEvent/go", "terminate", "suspend", "resume", "rewind"):
        assert durable.post(finished, operation).status_code == 410, operation
        assert durable.post("nobody", operation).status_code == 404, operation
    assert durable.post("nobody", "restart").status_code == 404
    assert durable.post(finished, "nonsense").status_code == 404


def test_events_must_be_json(durable: HostProcess):
    one = durable.launch("wait_for", "go")
    path = f"{BASE}/instances/{one}/raiseEvent/go"
    assert durable.client.post(path, params=SYSTEM, content="text").status_code == 400
    wrong = durable.client.post(
        path, params=SYSTEM, content="{", headers={"content-type": "application/json"}
    )
    assert wrong.status_code == 400
    assert "JSON" in wrong.json()["Message"]
    right = durable.client.post(
        path, params=SYSTEM, content="null", headers={"content-type": "application/json; charset=utf-8"}
    )
    assert right.status_code == 202
    assert durable.output(one) is None


def test_a_termination_keeps_its_reason(durable: HostProcess):
    one = durable.launch("wait_for", "go")
    assert durable.post(one, "terminate", reason="no longer needed").status_code == 202
    assert durable.status(one)["runtimeStatus"] == "Terminated"
    assert durable.status(one)["output"] == "no longer needed"


def test_restart_gives_a_new_id_unless_told_otherwise(durable: HostProcess, finished: str):
    links = durable.post(finished, "restart").json()
    assert links["id"] != finished
    assert durable.output(links["id"]) == 8
    same = durable.post(finished, "restart", restartWithNewInstanceId="false").json()
    assert same["id"] == finished
    assert durable.output(finished) == 8


def test_only_orchestrators_of_the_app_start(durable: HostProcess):
    answer = durable.client.post(f"{BASE}/orchestrators/add_one", params=SYSTEM, json=1)
    assert answer.status_code == 400
    assert "is not an orchestrator function" in answer.json()["Message"]


def test_instances_are_listed_by_filter_and_page(durable: HostProcess):
    for each in range(5):
        durable.output(durable.launch("chain", each, instance_id=f"page-{each}"))
    waiting = durable.launch("wait_for", "go", instance_id="page-waiting")
    durable.becomes(waiting, "Running")
    listed = get(durable, "instances", instanceIdPrefix="page-").json()
    assert [each["instanceId"] for each in listed] == [*(f"page-{each}" for each in range(5)), "page-waiting"]
    seen: list[str] = []
    token = ""
    while True:
        answer = durable.client.get(
            f"{BASE}/instances",
            params={**SYSTEM, "instanceIdPrefix": "page-", "runtimeStatus": "Completed,Failed", "top": "2"},
            headers={"x-ms-continuation-token": token},
        )
        assert len(answer.json()) <= 2
        seen += [each["instanceId"] for each in answer.json()]
        token = answer.headers.get("x-ms-continuation-token", "")
        if not token:
            break
    assert seen == [f"page-{each}" for each in range(5)]
    after = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    assert get(durable, "instances", createdTimeFrom=after).json() == []
    assert len(get(durable, "instances", createdTimeTo=after, instanceIdPrefix="page-").json()) == 6
    assert get(durable, "instances", runtimeStatus="Nonsense").status_code == 400
    assert get(durable, "instances", createdTimeFrom="yesterday").status_code == 400


def test_purging_takes_what_has_ended_only(durable: HostProcess):
    one = durable.launch("chain", 1, instance_id="purged")
    waiting = durable.launch("wait_for", "go", instance_id="not-purged")
    durable.output(one)
    assert durable.client.delete(f"{BASE}/instances/{one}", params=SYSTEM).json() == {"instancesDeleted": 1}
    assert get(durable, f"instances/{one}").status_code == 404
    assert durable.client.delete(f"{BASE}/instances/{one}", params=SYSTEM).status_code == 404
    assert durable.client.delete(f"{BASE}/instances/{waiting}", params=SYSTEM).status_code == 404
    assert get(durable, f"instances/{waiting}").status_code == 202
    assert durable.client.delete(f"{BASE}/instances", params=SYSTEM).status_code == 400
    filtered = {**SYSTEM, "createdTimeFrom": "2020-01-01T00:00:00Z", "runtimeStatus": "Terminated"}
    durable.post(waiting, "terminate")
    assert durable.client.delete(f"{BASE}/instances", params=filtered).json()["instancesDeleted"] >= 1
    assert get(durable, f"instances/{waiting}").status_code == 404


def test_entities_are_signalled_read_and_listed(durable: HostProcess):
    durable.signal("Listed", "add", 2)
    eventually(lambda: durable.entity("Listed"), lambda state: state == 2)
    assert durable.entity("listed") is None  # keys have a case, names have none
    listed = get(durable, "entities/Counter", fetchState="true").json()
    one = next(each for each in listed if each["entityId"]["key"] == "Listed")
    assert one["entityId"]["name"] == "counter"
    assert one["state"] == 2
    assert "state" not in get(durable, "entities/counter").json()[0]
    assert get(durable, "entities/other").json() == []
    assert len(get(durable, "entities").json()) == len(listed)
    unknown = durable.client.post(f"{BASE}/entities/other/key", params={**SYSTEM, "op": "add"}, json=1)
    assert unknown.status_code == 404
