"""What a plan takes when nothing but Azure takes time: the same plan, in a copy of the same world, step by step."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from infra.local.azure import ManualClock
from shared.errors import AzureCallFailed, CheckFailed
from shared.model.estate import Estate
from shared.model.outcome import Outcome
from shared.model.plan import Mode, Plan, Step
from shared.model.run import RunRecord
from tests.e2e.azure import AzureThread
from tests.shared.actions.stage import QuickLab, Stage

LONGEST_STEP = 7200.0
"""Simulated seconds after which a step that goes on and on counts as stuck."""
LOOKS = 0.01
"""How much of the time that a step has taken it is let alone before the next look: the figure's own error."""


class Unhurried(ManualClock):
    """Stands still while somebody works; requests that wait side by side wait once, not one after the other."""

    async def sleep(self, seconds: float) -> None:
        until = self.now() + seconds
        # Long enough for the requests that were sent together to arrive together.
        await asyncio.sleep(0.2)
        self.advance(max(until - self.now(), 0.0))


@contextmanager
def copied(azure: AzureThread, file: Path, estate: Estate) -> Generator[Stage]:
    """The world as it stands, on a stage of its own whose time goes on only when it is told to."""
    file.parent.mkdir(parents=True, exist_ok=True)
    now = azure.do(lambda: azure.world.copy_to(file))
    lab = QuickLab(file, Unhurried(now))
    try:
        stage = Stage(lab)
        stage.estate = estate
        yield stage
    finally:
        lab.close()


class Span(NamedTuple):
    """From when to when, in simulated seconds since the plan began."""

    began: float
    ended: float


def proving(plan: Plan) -> tuple[str, ...]:
    """The steps at whose end the plan has proved that service is back."""
    return (
        (plan.restored_by,) if plan.restored_by else tuple(step.name for step in plan.steps if step.critical)
    )


@dataclass
class Work:
    """One step at work; in simulated seconds."""

    step: Step
    began: float
    due: float
    before: dict[str, Any]
    progress: dict[str, Any] = field(default_factory=dict[str, Any])
    trouble: str = ""


def played(stage: Stage, plan: Plan, mode: Mode, record: RunRecord) -> dict[str, Span]:
    """When each step that the proof waits for began and ended, in simulated seconds, when only Azure takes time.

    The actions are the app's own, what is ready runs side by side, and every request is answered by the simulator;
    only the clock stands still while they work. So operations, DNS, jobs and whatever else Azure takes its time for
    count as they follow from each other. `record`: what steps are handed that want one.
    """
    left = _wanted(plan)
    spans: dict[str, Span] = {}
    running: dict[str, Work] = {}
    first = stage.lab.clock.now()
    while left or running:
        now = stage.lab.clock.now()
        for step in [one for one in left if set(one.needs) <= set(spans)]:
            left.remove(step)
            running[step.name] = Work(step, now, now, stage.observe(step, mode=mode))
        for name, work in list(running.items()):
            if work.due <= now and _over(stage, work, mode, record):
                spans[name] = Span(work.began - first, stage.lab.clock.now() - first)
                del running[name]
        if running and all(set(step.needs) - set(spans) for step in left):
            stage.lab.advance(_until_next(stage, min(work.due for work in running.values())))
    return spans


def _wanted(plan: Plan) -> list[Step]:
    """What the proof waits for, in the plan's order."""
    steps = {step.name: step for step in plan.steps}
    names, more = set[str](), list(proving(plan))
    while more:
        names.add(name := more.pop())
        more += steps[name].needs
    return [step for step in plan.steps if step.name in names]


def _over(stage: Stage, work: Work, mode: Mode, record: RunRecord) -> bool:
    """Call it once; when it goes on, say when to look again."""
    try:
        result = stage.call_once(
            work.step,
            mode=mode,
            progress=work.progress,
            before=work.before,
            record=record if work.step.wants_record else None,
            run_id=record.run_id,
        )
    except (AzureCallFailed, CheckFailed) as error:
        if not error.retryable:
            raise
        work.trouble = str(error)
    else:
        if isinstance(result, Outcome):
            return True
        at_once = result.retry_after == 0 and result.progress != work.progress
        work.progress, work.trouble = result.progress, result.summary
        if at_once:
            return False
    now = stage.lab.clock.now()
    if now - work.began > LONGEST_STEP:
        raise TimeoutError(f"{work.step.name} goes on for ever: {work.trouble}")
    work.due = now + max(1.0, (now - work.began) * LOOKS)
    return False


def _until_next(stage: Stage, due: float) -> float:
    """Seconds until a step is looked at again; at once when an operation ends before that."""
    now, found = stage.lab.clock.now(), stage.lab.inside(lambda world: world.operations.next_due())
    return max(min(due, found["due"] if found else due) - now, 0.001)
