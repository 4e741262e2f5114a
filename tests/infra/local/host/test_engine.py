"""The engine by itself, where HTTP cannot show the difference."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import durabletask.internal.orchestrator_service_pb2 as pb
import pytest

from infra.local.host import operations
from infra.local.host.engine import Engine, Turn
from infra.local.host.errors import StateInUse
from infra.local.host.store import Store
from tests.infra.local.host.process import APPS, HostProcess


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = Engine(Store(tmp_path / "host.db"))
    yield opened
    opened.close()


def take(engine: Engine) -> Turn:
    turn = engine.take_turn()
    assert turn is not None
    return turn


def answer(turn: Turn, **action: object) -> pb.OrchestratorResponse:
    return pb.OrchestratorResponse(
        instanceId=turn.instance_id, actions=[pb.OrchestratorAction(id=1, **action)]
    )


def schedule(turn: Turn) -> pb.OrchestratorResponse:
    return answer(turn, scheduleTask=pb.ScheduleTaskAction(name="work"))


def complete(turn: Turn, status: int = pb.ORCHESTRATION_STATUS_COMPLETED) -> pb.OrchestratorResponse:
    return answer(turn, completeOrchestration=pb.CompleteOrchestrationAction(orchestrationStatus=status))


def test_an_activity_is_accepted_once(engine: Engine):
    operations.start(engine, "one", "name", None)
    turn = take(engine)
    engine.complete_turn(turn, schedule(turn))
    activity = engine.take_activity()
    assert activity is not None
    assert engine.complete_activity(activity.token, '"first"')
    assert not engine.complete_activity(activity.token, '"second"')
    results = [
        each.taskCompleted.result.value for each in take(engine).taken if each.HasField("taskCompleted")
    ]
    assert results == ['"first"']


def test_an_activity_of_an_earlier_generation_is_not_accepted(engine: Engine):
    operations.start(engine, "one", "name", None)
    turn = take(engine)
    engine.complete_turn(turn, schedule(turn))
    activity = engine.take_activity()
    assert activity is not None
    operations.raise_event(engine, "one", "go", None)
    turn = take(engine)
    engine.complete_turn(turn, complete(turn, pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW))
    assert not engine.complete_activity(activity.token, '"stale"')
    assert [each.WhichOneof("eventType") for each in take(engine).taken] == [
        "orchestratorStarted",
        "executionStarted",
    ]


def test_an_activity_does_not_answer_the_next_instance_of_its_id(engine: Engine):
    operations.start(engine, "one", "name", None)
    turn = take(engine)
    engine.complete_turn(turn, schedule(turn))
    activity = engine.take_activity()
    assert activity is not None
    operations.terminate(engine, "one", None, recursive=False)
    operations.start(engine, "one", "name", None)
    assert not engine.complete_activity(activity.token, '"stale"')


def test_a_turn_in_flight_does_not_undo_a_termination(engine: Engine):
    operations.start(engine, "one", "name", None)
    turn = take(engine)
    operations.terminate(engine, "one", '"stop"', recursive=False)
    assert not engine.complete_turn(turn, complete(turn))
    found = engine.find("one")
    assert found is not None
    assert found.status == pb.ORCHESTRATION_STATUS_TERMINATED


def test_waiting_for_children_costs_no_threads_and_has_no_time_limit(engine: Engine):
    """The testing backend gives a thread and thirty seconds to each sub-orchestration."""
    before = threading.active_count()
    for each in range(50):
        operations.start(engine, f"parent-{each}", "parent", None)
    for _ in range(50):
        turn = take(engine)
        sub = pb.CreateSubOrchestrationAction(instanceId=f"{turn.instance_id}-child", name="child")
        engine.complete_turn(turn, answer(turn, createSubOrchestration=sub))
    assert threading.active_count() == before
    children: list[Turn] = []
    while (turn := engine.take_turn()) is not None:
        children.append(turn)
    assert len(children) == 50
    for each in children:
        engine.complete_turn(each, complete(each))
    completed = [take(engine).taken[-1].WhichOneof("eventType") for _ in range(50)]
    assert completed == ["subOrchestrationInstanceCompleted"] * 50


def test_work_is_announced_not_polled_for(engine: Engine):
    announced = threading.Event()
    engine.on_work = announced.set
    assert engine.take_turn() is None
    operations.start(engine, "one", "name", None)
    assert announced.is_set()


def test_a_failed_transaction_leaves_nothing(engine: Engine):
    announced = threading.Event()
    engine.on_work = announced.set

    def fail_halfway() -> None:
        with engine.transaction() as tx:
            tx.db.execute("DELETE FROM instances")
            tx.instances.append(1)
            raise ZeroDivisionError

    operations.start(engine, "one", "name", None)
    take(engine)
    announced.clear()
    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert engine.find("one") is not None
    assert not announced.is_set()
    assert engine.take_turn() is None


def test_history_on_disk_grows_and_is_not_written_again(engine: Engine, tmp_path: Path):
    operations.start(engine, "one", "name", None)
    turn = take(engine)
    engine.complete_turn(turn, schedule(turn))
    with engine.reading() as db:
        before = db.execute("SELECT rowid, event FROM history ORDER BY rowid").fetchall()
    for each in range(20):
        operations.raise_event(engine, "one", "go", str(each))
        turn = take(engine)
        engine.complete_turn(turn, pb.OrchestratorResponse(instanceId="one"))
    with engine.reading() as db:
        after = db.execute("SELECT rowid, event FROM history ORDER BY rowid").fetchall()
    assert after[: len(before)] == before
    assert len(after) == len(before) + 20 * 3
    request = pb.OrchestratorRequest.FromString(turn.request)
    assert len(request.pastEvents) == len(after) - 3


def test_what_the_worker_gets_is_the_same_from_memory_and_from_disk(tmp_path: Path):
    first = Engine(Store(tmp_path / "host.db"))
    operations.start(first, "one", "name", '"input"')
    turn = take(first)
    first.complete_turn(turn, schedule(turn))
    operations.raise_event(first, "one", "go", None)
    warm = pb.OrchestratorRequest.FromString(take(first).request)
    first.close()
    second = Engine(Store(tmp_path / "host.db"))
    cold = pb.OrchestratorRequest.FromString(take(second).request)
    second.close()
    assert list(warm.pastEvents) == list(cold.pastEvents)
    assert warm.newEvents[1] == cold.newEvents[1]


def test_what_was_queued_is_due_again_after_a_restart(tmp_path: Path):
    first = Engine(Store(tmp_path / "host.db"))
    operations.start(first, "one", "name", None)
    operations.signal(first, "@counter@a", "add", "1")
    turn, batch = take(first), first.take_batch()
    assert batch is not None
    first.close()
    second = Engine(Store(tmp_path / "host.db"))
    assert take(second).taken[1:] == turn.taken[1:]
    again = second.take_batch()
    assert again is not None
    assert again.request() == batch.request()
    second.close()


def test_an_entitys_answer_to_an_earlier_generation_is_dropped(engine: Engine):
    operations.start(engine, "one", "name", None)
    turn = take(engine)
    called = pb.EntityOperationCalledEvent(requestId="request", operation="get")
    called.targetInstanceId.value = "@counter@a"
    engine.complete_turn(
        turn, answer(turn, sendEntityMessage=pb.SendEntityMessageAction(entityOperationCalled=called))
    )
    batch = engine.take_batch()
    assert batch is not None
    operations.raise_event(engine, "one", "go", None)
    turn = take(engine)
    engine.complete_turn(turn, complete(turn, pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW))
    result = pb.EntityBatchResult(results=[pb.OperationResult(success=pb.OperationResultSuccess())])
    engine.complete_batch(batch, result, pb.TaskFailureDetails())
    assert [each.WhichOneof("eventType") for each in take(engine).taken] == [
        "orchestratorStarted",
        "executionStarted",
    ]


def test_whatever_arrives_makes_an_instance_younger(engine: Engine):
    operations.start(engine, "one", "name", None)
    created = engine.find("one")
    operations.raise_event(engine, "one", "go", None)
    touched = engine.find("one")
    assert created is not None
    assert touched is not None
    assert created.updated_at < touched.updated_at


def test_orchestrations_without_a_version_get_the_default(tmp_path: Path):
    engine = Engine(Store(tmp_path / "host.db"), default_version="3")
    operations.start(engine, "one", "name", None)
    operations.start(engine, "two", "name", None, version="2")
    assert [take(engine).taken[1].executionStarted.version.value for _ in range(2)] == ["3", "2"]
    engine.close()


def test_one_state_file_has_one_engine(tmp_path: Path):
    first = Store(tmp_path / "host.db")
    with pytest.raises(StateInUse):
        Store(tmp_path / "host.db")
    first.close()
    Store(tmp_path / "host.db").close()


def test_alarms_ring_in_the_order_they_are_due(engine: Engine):
    operations.start(engine, "one", "name", None)
    turn = take(engine)
    now = time.time()
    actions = []
    for number, delay in ((1, 0.3), (2, 0.1), (3, 0.2)):
        timer = pb.CreateTimerAction()
        timer.fireAt.FromNanoseconds(int((now + delay) * 1e9))
        actions.append(pb.OrchestratorAction(id=number, createTimer=timer))
    engine.complete_turn(turn, pb.OrchestratorResponse(instanceId="one", actions=actions))
    threading.Thread(target=engine.ring_alarms, daemon=True).start()
    time.sleep(0.5)
    fired = [each.timerFired.timerId for each in take(engine).taken if each.HasField("timerFired")]
    assert fired == [2, 3, 1]


def resident(host: HostProcess) -> float:
    assert host.process is not None
    status = Path(f"/proc/{host.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def test_memory_does_not_grow_with_what_has_ended(tmp_path: Path):
    host = HostProcess(APPS / "durable", tmp_path).start()

    def run(count: int) -> None:
        ids = [host.launch("chain", each) for each in range(count)]
        for each in ids:
            host.output(each, within=60)

    run(50)
    early = resident(host)
    run(450)
    late = resident(host)
    host.end()
    assert late < early * 1.5, f"{early:.0f} MB after 50, {late:.0f} MB after 500"


def test_an_idle_host_costs_nothing(tmp_path: Path):
    host = HostProcess(APPS / "durable", tmp_path).start()
    host.becomes(host.launch("wait_for", "go"), "Running")
    assert host.process is not None

    def ticks() -> int:
        fields = Path(f"/proc/{host.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    before = ticks()
    time.sleep(1)
    used = ticks() - before
    host.end()
    assert used <= 3, f"{used / 100} s of processor time in one second of doing nothing"
