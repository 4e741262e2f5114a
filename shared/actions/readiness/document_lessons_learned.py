"""Writes down what a drill has taught, while it is fresh."""

from pydantic import Field

from shared.actions.action import Call, action
from shared.actions.plan_readiness import latest
from shared.errors import CheckFailed
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen
from shared.planners.lessons import document, lessons


class Params(Frozen):
    """How many seconds each step may take, and the plans whose readiness the run has put to the test."""

    targets: dict[str, float] = Field(default_factory=dict[str, float])
    tested: tuple[str, ...] = ()


@action(changes=False, wants_record=True)
def document_lessons_learned(params: Params, call: Call) -> Outcome | Pending:
    """Makes the lessons-learned document from the run itself and keeps it as evidence; each lesson is a finding."""
    if call.record is None:
        raise CheckFailed("there is no record to learn from")
    own = call.step
    record = call.record.model_copy(
        update={"steps": tuple(step for step in call.record.steps if step.name != own)}
    )
    said = latest(call.estate, call.azure) if params.tested else None
    ready = said.of(params.tested) if said else None
    found = lessons(record, params.targets, ready)
    text = document(record, found, params.targets, ready, time_zone=call.estate.time_zone)
    platform, name = call.estate.platform, f"{call.run_id}/lessons-learned.md"
    account, container, content = platform.records_account_url, platform.records_container, text.encode()
    if call.azure.blobs.read(account, container, name) != content:
        call.azure.blobs.write(account, container, name, content, "text/markdown; charset=utf-8")
    return Outcome(
        summary=f"{len(found)} lessons are written down" if found else "nothing went otherwise than planned",
        findings=found,
        evidence={"document": name},
    )
