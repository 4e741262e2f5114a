"""Carries out a plan's graph without the durable engine: what is ready runs side by side, in simulated time."""

import json
from dataclasses import dataclass, field
from typing import Any

from shared.errors import AzureCallFailed, CheckFailed
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode, Plan, Step
from shared.model.run import RunRecord
from shared.model.signing import undo_name
from tests.shared.actions.stage import Stage, StepFailed
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


def carry_out(stage: Stage, plan: Plan, *, mode: Mode, record: RunRecord | None = None) -> dict[str, Outcome]:
    """Run every step when its needs are met; returns their outcomes. StepFailed as the interpreter would stop."""
    plan = Plan.from_wire(json.loads(json.dumps(plan.to_wire())))
    done: dict[str, Outcome] = {}
    running: dict[str, _Running] = {}
    for _ in range(MOST_TICKS):
        now = stage.lab.clock.now()
        for step in plan.steps:
            if step.name not in done and step.name not in running and set(step.needs) <= set(done):
                running[step.name] = _Running(step, now)
        if not running:
            return done
        for name, work in list(running.items()):
            if work.due <= now and (outcome := _attempt(stage, work, mode, record)) is not None:
                done[name] = outcome
                del running[name]
        stage.lab.advance(TICK)
    raise AssertionError(f"still running: {sorted(running)}")


def undo(stage: Stage, plan: Plan, *, mode: Mode) -> None:
    """Undo every step that can be, the last one first, as `abort {undo}` does."""
    for step in reversed(plan.steps):
        if step.undo is not None:
            name = undo_name(step.name)
            stage.carry_out(step.undo.model_copy(update={"name": name}), mode=mode)


def _attempt(stage: Stage, work: _Running, mode: Mode, record: RunRecord | None) -> Outcome | None:
    told = (record or samples.success()) if work.step.wants_record else None
    try:
        if work.before is None:
            work.before = stage.observe(work.step, mode=mode)
        result = stage.call_once(
            work.step, mode=mode, progress=work.progress, before=work.before, record=told
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
