"""The run's pure state: what may start, what is undone, when it is too late, what the record says."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orchestrations.run_record import (
    RECORD_LIMIT,
    STATUS_LIMIT,
    as_record,
    kept_record,
    live_status,
    record_wire,
)
from orchestrations.run_state import UNJOURNALED_LIMIT, RunState, StepState, Unjournaled
from shared.model.outcome import Finding
from shared.model.plan import Mode, Plan, Retry, Step
from shared.model.run import Approval, LogEntry, RunRecord, RunRequest, RunStatus, StepStatus
from shared.model.severity import Severity

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
OVER = (StepStatus.SUCCEEDED, StepStatus.FAILED, StepStatus.SKIPPED, StepStatus.UNKNOWN)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def state_of(*steps: Step, **fields) -> RunState:
    made = Plan(name="p", kind="recovery", title="P", steps=steps, **fields.pop("plan", {}))
    request = RunRequest(
        run_id="recovery-p-1",
        plan=made,
        mode=fields.pop("mode", Mode.REAL),
        requested_by="alice",
        requester_id="t/a",
        reason="r",
        requested_at=T0,
        **fields,
    )
    return RunState(request, started_at=T0)


def named(name: str, *needs: str, **fields) -> Step:
    return Step(name=name, action="act", needs=needs, **fields)


def undoable(name: str, *needs: str) -> Step:
    return named(name, *needs, undo=Step(name="back", action="act_back"))


def finish(state: RunState, name: str, status: StepStatus, seconds: float) -> StepState:
    found = next(step for step in state.steps if step.name == name)
    found.status, found.tries, found.finished_at = status, 1, at(seconds)
    found.started_at = found.started_at or T0
    return found


@st.composite
def graphs(draw: st.DrawFn) -> RunState:
    count = draw(st.integers(1, 12))
    steps = [
        undoable(
            f"s{number}", *draw(st.sets(st.sampled_from([f"s{n}" for n in range(number)]))) if number else ()
        )
        for number in range(count)
    ]
    return state_of(*steps, plan={"mode": draw(st.sampled_from(["all", "first_success"]))})


@given(graphs(), st.data())
def test_every_step_starts_once_after_all_that_it_needs(state: RunState, data: st.DataObject):
    started: list[str] = []
    ended: set[str] = set()
    running: list[StepState] = []
    for clock in range(100):
        ready = state.ready()
        for step in ready:
            assert set(step.step.needs) <= ended
            assert step.name not in started
            step.status, step.tries = StepStatus.RUNNING, 1
            started.append(step.name)
            running.append(step)
            if state.request.plan.mode == "first_success":
                assert len(running) == 1
        if not running:
            break
        done = data.draw(st.sampled_from(running))
        running.remove(done)
        finish(state, done.name, data.draw(st.sampled_from(OVER)), clock)
        ended.add(done.name)
    assert len(started) == len(state.steps)


@given(graphs(), st.data())
def test_an_abort_undoes_what_was_begun_in_reverse_order_and_starts_nothing_else(
    state: RunState, data: st.DataObject
):
    moments = data.draw(st.permutations(range(len(state.steps))))
    for step, moment in zip(list(state.steps), moments, strict=True):
        status = data.draw(st.sampled_from([StepStatus.PENDING, StepStatus.RUNNING, *OVER]))
        step.status, step.tries = status, int(status is not StepStatus.PENDING)
        step.finished_at = at(moment) if status in OVER else None
    own = list(state.steps)
    begun = [step for step in own if step.tries]
    state.begin_abort(undo=True)
    assert not any(step.status is StepStatus.PENDING for step in own)
    undos = [step for step in state.steps if step.undoes]
    assert {step.undoes.name for step in undos if step.undoes} == {step.name for step in begun}
    ends = [step.undoes.finished_at or at(10**6) for step in undos if step.undoes]
    assert all(before >= after for before, after in pairwise(ends))
    for still in [step for step in own if step.status is StepStatus.RUNNING]:
        assert state.ready() == []
        finish(state, still.name, StepStatus.SUCCEEDED, 10**5)
    order: list[str] = []
    while ready := state.ready():
        assert len(ready) == 1
        order.append(ready[0].name)
        finish(state, ready[0].name, StepStatus.SUCCEEDED, 10**5)
    assert order == [step.name for step in undos]


def test_an_abort_without_undo_starts_nothing():
    state = state_of(undoable("a"), named("b"))
    finish(state, "a", StepStatus.SUCCEEDED, 1)
    state.begin_abort(undo=False)
    assert state.ready() == []
    assert [step.name for step in state.steps] == ["a", "b"]
    state.begin_abort(undo=True)
    assert [step.name for step in state.ready()] == ["undo_a"]
    state.begin_abort(undo=True)  # giving up the way back, too
    assert state.ready() == []


def test_nothing_is_ready_while_paused():
    state = state_of(named("a"))
    state.paused = True
    assert state.ready() == []


@given(
    deadline=st.floats(1, 10_000),
    started=st.floats(0, 1000),
    before=st.floats(0, 1000),
    during=st.floats(0, 1000),
    taken=st.floats(0, 20_000),
)
def test_a_deadline_counts_neither_pauses_before_nor_during(deadline, started, before, during, taken):
    step = StepState("a", named("a", deadline=timedelta(seconds=deadline)), started_at=at(started))
    step.paused_for = timedelta(seconds=before)
    paused = timedelta(seconds=before + during)
    now = at(started + during + taken)
    left = step.time_left(now, paused, timedelta(hours=9))
    assert abs(left - (deadline - taken)) < 0.01
    assert step.overdue(now, paused, timedelta(hours=9)) == (left < 0)


def test_a_step_that_has_not_started_is_not_late():
    assert not StepState("a", named("a")).overdue(at(10**9), timedelta(0), timedelta(seconds=1))


@given(st.builds(Retry, delay=st.floats(0, 60), backoff=st.floats(1, 5), max_delay=st.floats(0, 120)))
def test_retries_wait_ever_longer_up_to_a_limit(retry: Retry):
    waits = [retry.wait_before(attempt) for attempt in range(2, 21)]
    assert all(one <= other <= retry.max_delay for one, other in pairwise(waits))
    assert waits[0] == min(retry.delay, retry.max_delay)


def test_verdicts():
    def verdict(**ends: StepStatus) -> tuple[RunStatus, str]:
        state = state_of(*(named(name) for name in ends))
        for name, status in ends.items():
            finish(state, name, status, 1)
        return state.verdict()

    good, bad, skip, unknown = OVER[0], OVER[1], OVER[2], OVER[3]
    assert verdict(a=good, b=good) == (RunStatus.SUCCEEDED, "")
    assert verdict(a=good, b=bad)[0] is RunStatus.SUCCEEDED
    assert "b" in verdict(a=good, b=unknown)[1]
    assert verdict(a=bad, b=unknown)[0] is RunStatus.FAILED
    assert verdict(a=bad, b=skip)[0] is RunStatus.FAILED
    assert verdict(a=good, b=skip) == (RunStatus.SUCCEEDED, "skipped: b")


def test_a_run_that_needs_approval_waits_for_it_from_the_beginning():
    gated = state_of(named("a"), plan={"approval": {"required": 1, "approvers": ["b@x.org"]}})
    assert gated.status is RunStatus.WAITING_FOR_APPROVAL
    assert state_of(named("a")).status is RunStatus.RUNNING


def test_the_recovery_time_ends_with_the_last_critical_step_and_counts_from_the_outage():
    state = state_of(
        named("a", recovers=("db",), deadline=timedelta(seconds=50)),
        named("b", recovers=("web",), deadline=timedelta(seconds=50)),
        named("c", critical=False),
        plan={"rto": timedelta(seconds=100), "services": ("db", "web", "none")},
        outage_started_at=at(-30),
        rto_basis="operator",
    )
    finish(state, "a", StepStatus.SUCCEEDED, 10)
    assert state.objective().measured_seconds is None
    finish(state, "b", StepStatus.SUCCEEDED, 60)
    finish(state, "c", StepStatus.FAILED, 900)
    found = state.objective()
    assert (found.basis, found.measured_seconds, found.target_seconds, found.met) == (
        "operator",
        90,
        100,
        True,
    )
    services = {one.service: one for one in state.service_objectives()}
    assert (services["db"].measured_seconds, services["db"].met) == (40, True)
    assert (services["web"].measured_seconds, services["web"].met) == (90, False)
    finish(state, "b", StepStatus.SKIPPED, 60)
    assert state.objective().measured_seconds is None
    assert state.objective().met is None


def test_requests_that_were_answered_before_the_proof_end_the_recovery_time():
    state = state_of(
        named("store", recovers=("db",)),
        named("proof", recovers=("web",)),
        named("clock", critical=False),
        plan={"rto": timedelta(seconds=100), "services": ("db", "web")},
        outage_started_at=at(-30),
        rto_basis="operator",
    )
    clock = next(one for one in state.steps if one.name == "clock")
    clock.served_at = at(40)
    finish(state, "store", StepStatus.SUCCEEDED, 20)
    assert state.objective().measured_seconds is None, "nothing is proved yet"
    finish(state, "proof", StepStatus.SUCCEEDED, 60)
    found = state.objective()
    assert (found.measured_seconds, found.ended_by, found.met) == (70, "requests", True)
    services = {one.service: one.measured_seconds for one in state.service_objectives()}
    assert services == {"db": 50, "web": 70}
    clock.served_at = at(61)
    found = state.objective()
    assert (found.measured_seconds, found.ended_by) == (90, "validation"), (
        "it was proved before anybody asked"
    )
    clock.served_at = None
    assert state.objective().ended_by == "validation"


TEXTS = st.sampled_from(["x", "日本語", '"\\\n', "😀"])


@given(
    steps=st.integers(1, 150),
    text=TEXTS,
    length=st.integers(0, 3000),
    logs=st.integers(0, 30),
    done=st.booleans(),
)
def test_the_live_status_always_fits_and_can_be_read_back(steps, text, length, logs, done):
    state = state_of(*(named(f"step_{number:03}_{'n' * 60}") for number in range(steps)))
    for number, step in enumerate(list(state.steps)):
        if done:
            finish(state, step.name, OVER[number % 4], number)
        step.summary = step.error = (text * length)[:length]
    state.log = [LogEntry(at=T0, what=(text * length)[:length]) for _ in range(logs)]
    state.status_reason = (text * length)[:length]
    state.approvals = [
        Approval(
            run_id="r", decision="approve", approver="a", approver_id="i", reason=text * length, decided_at=T0
        )
    ] * 3
    record = as_record(state, live=True)
    wire = live_status(state)
    assert len(json.dumps(wire)) <= STATUS_LIMIT
    read = RunRecord.from_wire(wire)
    assert (read.run_id, read.status, read.plan) == (record.run_id, record.status, record.plan)
    if steps <= 40:
        assert [(one.name, one.status) for one in read.steps] == [
            (one.name, one.status) for one in record.steps
        ]


def test_a_live_status_keeps_the_error_that_people_must_decide_about():
    state = state_of(*(named(f"s{number}") for number in range(40)))
    for step in state.steps:
        step.status, step.summary, step.error = StepStatus.FAILED, "s" * 160, "e" * 160
    state.steps[7].status, state.steps[7].error = StepStatus.WAITING_FOR_OPERATOR, "look here"
    read = RunRecord.from_wire(live_status(state))
    assert read.steps[7].error == "look here"


def test_a_small_live_status_says_everything():
    state = state_of(named("a"), named("b", "a"))
    finish(state, "a", StepStatus.FAILED, 1).error = "why"
    record = as_record(state, live=True)
    assert RunRecord.from_wire(live_status(state)) == record
    whole = as_record(state, live=False)
    assert whole == record
    assert whole.to_wire() == record_wire(state, live=False)


@given(st.integers(0, 40), st.integers(0, 30_000), TEXTS)
def test_a_kept_record_always_fits(steps: int, length: int, text: str):
    state = state_of(*(named(f"s{number}") for number in range(steps)))
    finding = Finding(
        check="c", resource="r", severity=Severity.HIGH, title="t", evidence={"x": (text * length)[:length]}
    )
    for step in state.steps:
        step.summary = step.error = text * 4000
        step.findings = [finding.to_wire()] * 20
    state.log = [LogEntry(at=T0, what=text * 1000)] * 600
    wire = kept_record(state)
    assert len(json.dumps(wire)) <= RECORD_LIMIT
    assert len(RunRecord.from_wire(wire).steps) == steps


def loss(service: str, seconds: float | None, *, met: bool | None = True) -> dict[str, object]:
    return {"service": service, "target_seconds": 300.0, "measured_seconds": seconds, "met": met}


def test_the_data_loss_of_a_run_is_that_of_the_service_that_lost_most():
    state = state_of(named("a"), named("b"))
    assert state.data_loss() is None
    finish(state, "a", StepStatus.SUCCEEDED, 5).rpo = [loss("db", 20.0), loss("files", None, met=None)]
    finish(state, "b", StepStatus.SUCCEEDED, 6).rpo = [loss("more", 90.0)]
    worst = state.data_loss()
    assert worst is not None
    assert (worst.measured_seconds, worst.met, worst.started_at) == (90.0, True, T0)
    record = as_record(state, live=False)
    assert record.rpo == worst
    assert [found.service for found in record.service_rpo] == ["db", "files", "more"]
    state.steps[0].rpo = [loss("db", 20.0, met=False)]
    missed = state.data_loss()
    assert missed is not None
    assert (missed.measured_seconds, missed.met) == (20.0, False), (
        "a missed target is worse than a longer time"
    )


def test_a_run_that_measured_nothing_has_no_data_loss():
    state = state_of(named("a"))
    finish(state, "a", StepStatus.SUCCEEDED, 5).rpo = [loss("db", None, met=None)]
    assert state.data_loss() is None
    assert as_record(state, live=True).service_rpo[0].measured_seconds is None


def line(number: int, *, changes: bool, size: int = 1000) -> dict[str, object]:
    return {"id": str(number), "changes": changes, "url": "x" * size}


def test_what_could_not_be_journaled_is_carried_as_far_as_a_message_holds_it():
    carried = Unjournaled()
    carried.add({"outcome": {}})
    carried.add({"unjournaled": {"lines": [line(1, changes=False)], "dropped": 2}})
    assert (len(carried.lines), carried.dropped) == (1, 2)
    for number in range(2, 1000):
        carried.add({"unjournaled": {"lines": [line(number, changes=number % 2 == 0)], "dropped": 0}})
    assert carried.size <= UNJOURNALED_LIMIT
    assert len(carried.lines) + carried.dropped == 999 + 2
    tight = carried.within(20_000)
    assert all(found["changes"] for found in tight.lines), "looks go first"
    assert len(tight.lines) + tight.dropped == 999 + 2
