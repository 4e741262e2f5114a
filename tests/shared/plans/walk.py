"""Carries out a plan's graph without the durable engine: what is ready runs side by side, in simulated time."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.errors import AzureCallFailed, CheckFailed, EffectUnknown
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode, Plan, Step
from shared.model.run import RunRecord, StepRecord, StepStatus
from shared.model.signing import undo_name
from tests.shared.actions.stage import RUN_ID, Stage, StepFailed
from tests.shared.reports import samples

TICK = 5.0
MOST_TICKS = 1000


@dataclass
class _Running:
    step: Step
    due: float
    progress: dict[str, Any] = field(default_factory=dict)
    strikes: int = 0
    before: dict[str, Any] | None = None


def carry_out(
    stage: Stage,
    plan: Plan,
    *,
    mode: Mode,
    record: RunRecord | None = None,
    run_id: str = RUN_ID,
    until: str = "",
) -> dict[str, Outcome]:
    """Run every step when its needs are met; returns their outcomes, in the order in which they ended.

    StepFailed as the interpreter would stop. `until`: once that step has begun no other one begins, as in an abort.
    """
    plan = Plan.from_wire(json.loads(json.dumps(plan.to_wire())))
    if plan.mode == "first_success":
        return climb(stage, plan, mode=mode, record=record, run_id=run_id)
    done: dict[str, Outcome] = {}
    running: dict[str, _Running] = {}
    steps: list[StepRecord] = []
    for _ in range(MOST_TICKS):
        now = stage.lab.clock.now()
        for step in plan.steps:
            stopped = until in running or until in done
            fresh = step.name not in done and step.name not in running
            if fresh and not stopped and set(step.needs) <= set(done):
                running[step.name] = _Running(step, now)
                ran = StepRecord(
                    name=step.name, action=step.action, status=StepStatus.RUNNING, started_at=stage.now
                )
                steps.append(ran)
        if not running:
            return done
        for name, work in list(running.items()):
            told = (record or samples.success()).model_copy(update={"steps": tuple(steps)})
            if work.due <= now and (outcome := _attempt(stage, work, mode, told, run_id)) is not None:
                done[name] = outcome
                del running[name]
        stage.lab.advance(TICK)
    raise AssertionError(f"still running: {sorted(running)}")


def climb(
    stage: Stage,
    plan: Plan,
    *,
    mode: Mode,
    record: RunRecord | None = None,
    run_id: str = RUN_ID,
    failed: dict[str, str] | None = None,
) -> dict[str, Outcome]:
    """One rung after the other until one has helped; returns that one's outcome, and nothing when none has.

    `failed` is filled with what each rung before it said.
    """
    for step in plan.steps:
        told = (record or samples.success()) if step.wants_record else None
        try:
            outcome = stage.carry_out(step, mode=mode, run_id=run_id, record=told, poll=TICK).outcome
        except (StepFailed, AzureCallFailed, CheckFailed, EffectUnknown) as error:
            if failed is not None:
                failed[step.name] = str(error)
        else:
            return {step.name: outcome}
    return {}


def undo(
    stage: Stage, plan: Plan, *, mode: Mode, run_id: str = RUN_ID, begun: Iterable[str] | None = None
) -> dict[str, Outcome]:
    """Undo every step that was begun (all, when nothing is said), the last one first, as `abort {undo}` does."""
    steps = {step.name: step for step in plan.steps}
    undone: dict[str, Outcome] = {}
    for name in reversed(list(steps if begun is None else begun)):
        if (step := steps[name].undo) is not None:
            step = step.model_copy(update={"name": undo_name(name)})
            record = samples.success() if step.wants_record else None
            undone[name] = stage.carry_out(step, mode=mode, run_id=run_id, record=record).outcome
    return undone


def _attempt(stage: Stage, work: _Running, mode: Mode, record: RunRecord, run_id: str) -> Outcome | None:
    told = record if work.step.wants_record else None
    try:
        if work.before is None:
            work.before = stage.observe(work.step, mode=mode, run_id=run_id)
        result = stage.call_once(
            work.step, mode=mode, progress=work.progress, before=work.before, record=told, run_id=run_id
        )
    except (AzureCallFailed, CheckFailed) as error:
        work.strikes += 1
        if not error.retryable or work.strikes >= work.step.retry.attempts:
            raise StepFailed(error, work.strikes) from error
        work.due = stage.lab.clock.now() + work.step.retry.wait_before(work.strikes + 1)
        return None
    work.strikes = 0
    if isinstance(result, Pending):
        work.progress = result.progress
        work.due = stage.lab.clock.now() + (result.retry_after or TICK)
        return None
    return result
