"""How the interpreter carries steps out: graph, retries, polls, deadlines, two phases, first success."""

import json
import time
from datetime import datetime

from shared.model.plan import Plan
from shared.model.run import RunLimits
from tests.infra.local.host.process import eventually
from tests.orchestrations.machine import Machine, plan, said, statuses, step, steps


def test_steps_run_when_their_needs_are_met_and_side_by_side(machine: Machine):
    run = machine.start_run(
        plan(
            step("a"),
            step("left", "a", seconds=0.8),
            step("right", "a", seconds=0.8),
            step("last", "left", "right"),
        )
    )
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    called = {name: at for at, name in machine.world.notes(run, "called")}
    done = {name: at for at, name in machine.world.notes(run, "effect")}
    assert done["a"] < called["left"]
    assert done["a"] < called["right"]
    assert max(called["left"], called["right"]) < min(done["left"], done["right"])
    assert called["last"] > max(done["left"], done["right"])
    assert all(step["changed"] and step["attempts"] == 1 for step in record["steps"])


def test_a_step_does_not_wait_for_what_it_does_not_need(machine: Machine):
    run = machine.start_run(plan(step("slow", seconds=1.0), step("quick"), step("next", "quick")))
    machine.end_of(run)
    assert machine.world.steps(run, "effect") == ["quick", "next", "slow"]


def test_the_recovery_time_runs_from_the_request_to_the_last_critical_step(machine: Machine):
    run = machine.start_run(
        plan(
            step("a", seconds=0.5, recovers=["db"]),
            step("b", "a", seconds=0.7, critical=False),
            services=["db"],
            rto="PT1H",
        )
    )
    record = machine.end_of(run)
    rto = record["rto"]
    assert 0.5 <= rto["measured_seconds"] < 1.1
    assert (rto["target_seconds"], rto["met"], rto["basis"]) == (3600, True, "request")
    assert record["service_rto"][0]["measured_seconds"] == rto["measured_seconds"]


def test_what_is_only_kept_in_history_waits_for_nothing(machine: Machine):
    made = Plan.model_validate(plan(step("a", polls=3, again=0)))
    slow = machine.request(made.to_wire()).model_copy(update={"limits": RunLimits(poll_seconds=5.0)})
    run = machine.inject(machine.signer.sign_request(slow).to_wire(), slow.run_id)
    machine.end_of(run)
    first, *_, last = (at for at, _ in machine.world.notes(run, "called"))
    assert machine.world.count(run, "called", "a") == 4
    assert last - first < 5.0


def test_retries_wait_ever_longer(machine: Machine):
    retry = {"attempts": 3, "delay": 0.3, "backoff": 3.0}
    run = machine.start_run(plan(step("a", script=["retryable", "retryable", "ok"], retry=retry)))
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert steps(record)["a"]["attempts"] == 3
    assert steps(record)["a"]["error"] == ""
    first, second, third = (at for at, _ in machine.world.notes(run, "called"))
    assert 0.3 <= second - first < 0.8
    assert 0.9 <= third - second < 1.5


def test_retries_are_counted_out(machine: Machine):
    run = machine.start_run(plan(step("a", script=["retryable"], critical=False), step("b")))
    record = machine.end_of(run)
    assert statuses(record) == {"a": "failed", "b": "succeeded"}
    assert machine.world.count(run, "called", "a") == 3


def test_what_cannot_be_retried_is_not(machine: Machine):
    run = machine.start_run(plan(step("a", script=["fatal", "ok"], critical=False), step("b", "a")))
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert "a" in record["status_reason"]
    assert statuses(record) == {"a": "failed", "b": "succeeded"}
    assert steps(record)["a"]["error"] == "it cannot be done"
    assert machine.world.count(run, "called", "a") == 1


def test_a_run_in_which_nothing_succeeded_has_failed(machine: Machine):
    run = machine.start_run(plan(step("a", script=["fatal"], critical=False)))
    assert machine.end_of(run)["status"] == "failed"


def test_a_defect_is_an_error_like_another(machine: Machine):
    run = machine.start_run(plan(step("a", script=["defect"], critical=False), step("b")))
    record = machine.end_of(run)
    assert statuses(record) == {"a": "failed", "b": "succeeded"}
    assert "a defect" in steps(record)["a"]["error"]


def test_polls_keep_their_progress_and_cost_few_events(machine: Machine):
    run = machine.start_run(plan(step("a", polls=30)))
    record = machine.end_of(run)
    assert steps(record)["a"]["summary"] == "done with nothing after 30 polls"
    assert steps(record)["a"]["attempts"] == 1
    assert machine.world.count(run, "called", "a") == 31
    assert machine.world.count(run, "effect", "a") == 1
    # A poll is a call (one entry here) and a timer (set, gone off).
    history = machine.history(run)
    assert len(history) <= 3 * 30 + 15
    assert len(json.dumps(history)) < 30 * 3500


def test_a_deadline_ends_the_polls(machine: Machine):
    run = machine.start_run(plan(step("a", polls=10_000, deadline="PT0.6S", critical=False), step("b")))
    record = machine.end_of(run)
    assert statuses(record) == {"a": "failed", "b": "succeeded"}
    assert "deadline" in steps(record)["a"]["error"]
    taken = _seconds(steps(record)["a"])
    assert 0.6 <= taken < 1.6


def test_a_pause_does_not_count_towards_the_deadline(machine: Machine):
    run = machine.start_run(plan(step("a", polls=30, deadline="PT3.5S"), step("b", "a")))
    machine.until_step(run, "a", "running")
    assert machine.steer(run, "pause").status_code == 202
    machine.until(run, "paused")
    # The step that runs is polled on through the pause; with it, it would have been too late.
    time.sleep(2)
    before = machine.world.count(run, "called", "a")
    assert machine.steer(run, "resume").status_code == 202
    record = machine.end_of(run)
    assert before > 1
    assert record["status"] == "succeeded"


def test_a_deadline_counts_only_time_that_is_not_paused(machine: Machine):
    run = machine.start_run(plan(step("a", polls=10_000, deadline="PT1S", critical=False), step("b")))
    machine.until_step(run, "a", "running")
    machine.steer(run, "pause")
    machine.until(run, "paused")
    time.sleep(2)
    assert machine.step(run, "a")["status"] == "running"
    machine.steer(run, "resume")
    assert _seconds(steps(machine.end_of(run))["a"]) > 2


def test_a_pause_before_a_step_began_gives_it_no_time(machine: Machine):
    run = machine.start_run(
        plan(step("a", seconds=0.3), step("b", "a", polls=10_000, deadline="PT0.6S", critical=False))
    )
    machine.until_step(run, "a", "running")
    machine.steer(run, "pause")
    machine.until_step(run, "a", "succeeded")
    time.sleep(1.5)
    machine.steer(run, "resume")
    assert _seconds(steps(machine.end_of(run))["b"]) < 1.5


def test_two_phases_hand_over_what_was_before(machine: Machine):
    run = machine.start_run(plan(step("a", action="scripted_twice", script=["retryable", "ok"])))
    record = machine.end_of(run)
    assert steps(record)["a"]["summary"].startswith("done with {'seen': 0}")
    assert machine.world.count(run, "observed", "a") == 1
    assert machine.world.count(run, "called", "a") == 2


def test_an_unknown_effect_is_told_when_nothing_depends_on_it(machine: Machine):
    run = machine.start_run(plan(step("a", script=["unknown"], critical=False), step("b", "a")))
    record = machine.end_of(run)
    assert statuses(record) == {"a": "unknown", "b": "succeeded"}
    assert machine.world.count(run, "called", "a") == 1


def test_first_success_stops_at_what_helped(machine: Machine):
    run = machine.start_run(
        plan(step("a", script=["fatal"]), step("b", seconds=0.2), step("c"), mode="first_success")
    )
    record = machine.end_of(run)
    assert statuses(record) == {"a": "failed", "b": "succeeded", "c": "skipped"}
    assert machine.world.steps(run, "called") == ["a", "b"]
    assert record["status"] == "succeeded"


def test_first_success_that_nothing_helped_has_failed(machine: Machine):
    run = machine.start_run(
        plan(step("a", script=["fatal"]), step("b", script=["fatal"]), mode="first_success")
    )
    record = machine.end_of(run)
    assert statuses(record) == {"a": "failed", "b": "failed"}
    assert record["status"] == "failed"


def test_the_live_status_of_a_large_plan_stays_small(machine: Machine):
    made = [
        step(
            f"step_number_{number}_with_a_long_name",
            text="日本語の長い説明" * 100,
            script=["fatal"],
            critical=False,
        )
        for number in range(40)
    ]
    run = machine.start_run(plan(*made, step("last", *(one["name"] for one in made), seconds=0.5)))
    sizes: list[int] = []

    def look() -> dict:
        status = machine.status(run)
        sizes.append(len(json.dumps(status["customStatus"])))
        return machine.record(run)

    record = eventually(look, lambda found: found["status"] == "succeeded", within=30)
    assert 5_000 < max(sizes) <= 15_000
    assert len(record["steps"]) == 41


def test_a_record_that_would_be_too_large_is_shortened_and_the_run_succeeds(machine: Machine):
    made = [step(f"s{number}", findings=12) for number in range(35)]
    run = machine.start_run(plan(*made))
    assert machine.end_of(run, within=40)["status"] == "succeeded"
    machine.output(run, within=40)
    record = machine.record(run)
    assert record["status"] == "succeeded"
    assert len(record["findings"]) >= 20


def test_a_record_shows_the_run_so_far_to_steps_that_ask_for_it(machine: Machine):
    run = machine.start_run(plan(step("a"), step("b", "a", wants_record=True)))
    machine.end_of(run)
    inputs = [event.get("Input") for event in machine.history(run) if event.get("FunctionName") == "scripted"]
    assert "record" not in inputs[0]
    assert statuses(inputs[1]["record"]) == {"a": "succeeded", "b": "running"}


def test_the_record_is_kept_in_blob_storage(machine: Machine):
    run = machine.start_run(plan(step("a")))
    machine.output(run)
    kept = machine.azure.blob_names(run)
    assert kept == {
        f"{run}/{name}" for name in ("record.json", "report.html", "report.pdf", "evidence.jsonl")
    }


def test_nothing_is_said_twice(machine: Machine):
    run = machine.start_run(plan(step("a", script=["fatal", "ok"])))
    machine.until(run, "waiting_for_operator")
    machine.decide(run, "a", "retry")
    record = machine.end_of(run)
    assert len(said(record, "waiting for an operator")) == 1
    assert len(said(record, "retry a")) == 1


def _seconds(found: dict) -> float:
    started, finished = (datetime.fromisoformat(found[key]) for key in ("started_at", "finished_at"))
    return (finished - started).total_seconds()
