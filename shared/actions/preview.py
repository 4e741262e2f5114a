"""Walks a plan through without changing anything: what each step would send, in the plan's order."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pydantic import Field

from shared.actions.action import Action, Call
from shared.errors import AzureCallFailed, CheckFailed, EffectUnknown, EstateInvalid
from shared.gateways.azure import Azure
from shared.gateways.preview import Preview, Write
from shared.gateways.search import EVERYTHING
from shared.model.estate import Estate
from shared.model.outcome import Outcome
from shared.model.plan import Mode, Step
from shared.model.run import RunRecord
from shared.model.wire import Frozen

MOST_CALLS = 60
"""Calls of one action in a preview; a step that waits longer is told as far as it came."""


class PreviewedStep(Frozen):
    """What one step would do. `then` is how it ends as far as one can tell now, `problem` what would stop it."""

    name: str
    action: str
    writes: tuple[Write, ...] = ()
    then: str = ""
    problem: str = ""


class Walk(Frozen):
    """What a preview is for: the run that it stands in for."""

    run_id: str
    mode: Mode
    now: datetime
    record: RunRecord
    steps: tuple[Step, ...] = Field(default=())


def preview(
    walk: Walk, estate: Estate, azure: Azure, find: Callable[[str], Action]
) -> tuple[PreviewedStep, ...]:
    """Every step with its writes. `azure` must be made over a connection that has a preview; ValueError else.

    A step that would fail is told with its problem, and the next ones are walked through all the same.
    """
    kept = azure.connection.preview
    if kept is None:
        raise ValueError("a preview needs a connection that sends nothing")
    return tuple(_step(step, walk, estate, azure, kept, find(step.action)) for step in walk.steps)


def _step(
    step: Step, walk: Walk, estate: Estate, azure: Azure, kept: Preview, action: Action
) -> PreviewedStep:
    kept.step, begin = step.name, len(kept.writes)
    then, problem = "", ""
    try:
        then = _carried_out(step, walk, estate, azure, action)
    except (AzureCallFailed, CheckFailed, EffectUnknown, EstateInvalid) as error:
        problem = _nameless(str(error), walk.run_id)
    writes = [_timeless(write, walk.run_id) for write in kept.writes[begin:]]
    if step.wants_record:
        writes = [_untold(write, step.name) for write in writes]
    return PreviewedStep(name=step.name, action=step.action, writes=tuple(writes), then=then, problem=problem)


def _carried_out(step: Step, walk: Walk, estate: Estate, azure: Azure, action: Action) -> str:
    """Call the action as the interpreter would, until it is done or only time would bring it further."""
    params = action.params.from_wire(step.params)
    before: dict[str, Any] = {}
    progress: dict[str, Any] = {}
    kept = azure.connection.preview
    assert kept is not None
    for number in range(MOST_CALLS):
        call = Call(
            estate=estate,
            azure=azure,
            run_id=walk.run_id,
            step=step.name,
            mode=walk.mode,
            now=walk.now,
            progress=dict(progress),
            before=before,
            record=walk.record if step.wants_record else None,
        )
        if number == 0 and action.observe is not None:
            before = action.observe(params, call)
            continue
        sent = len(kept.writes)
        result = action(params, call)
        if isinstance(result, Outcome):
            return _nameless(result.summary, walk.run_id)
        if result.progress == progress and len(kept.writes) == sent:
            return f"waits: {_nameless(result.summary, walk.run_id)}"
        progress = result.progress
    return "goes on for longer than a preview follows"


def _timeless(write: Write, run_id: str) -> Write:
    """The write as it looks whenever the plan is started: the run's own id is not known yet."""
    body = json.loads(_nameless(json.dumps(write.body), run_id))
    return Write(method=write.method, url=_nameless(write.url, run_id), body=body)


def _untold(write: Write, step: str) -> Write:
    """What tells how the run went is written when it has gone."""
    body: Any = write.body
    if isinstance(body, dict) and "content" in body:
        body = {**body, "content": f"{{{{{step}.content}}}}"}
    elif isinstance(body, dict) and "sha256" in body:  # no JSON, but a document for people
        body = f"{{{{{step}.document}}}}"
    return Write(method=write.method, url=write.url, body=body)


def _nameless(text: str, run_id: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", run_id.lower()).strip("-")
    for name in sorted({run_id, run_id.lower(), slug}, key=len, reverse=True):
        text = text.replace(name, "{{run_id}}")
    return text.replace(str(EVERYTHING), "all")


def writes_of(steps: Iterable[PreviewedStep]) -> list[Write]:
    """All writes in order."""
    return [write for step in steps for write in step.writes]
