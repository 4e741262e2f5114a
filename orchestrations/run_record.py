"""The record of a run, as plain JSON: live in the custom status, whole when the run is over.

Built without the model's types, because it is built at every turn of every run; `as_record` proves that they fit.
"""

import json
from datetime import datetime
from typing import Any

from orchestrations.run_state import RunState, StepState
from shared.model.run import RunRecord, StepRecord, StepStatus
from shared.model.wire import Wire

STATUS_LIMIT = 15_000
"""Bytes of custom status; the Durable Task Scheduler and the local engine stop at 16 KB."""

RECORD_LIMIT = 600_000
"""Bytes of a record as an orchestration's output or an activity's input; 1 MiB is where the scheduler stops."""

LOG_LIMIT = 500

LIVE_TEXTS, DECISION_TEXTS, KEPT_TEXTS = 160, 1000, 4000
"""Characters of a text in the live status, of an error in it that somebody must decide on, and in the record."""

STEP_DEFAULTS = {
    name: field.get_default(call_default_factory=True)
    for name, field in StepRecord.model_fields.items()
    if not field.is_required()
}
RUN_DEFAULTS = {
    name: field.get_default(call_default_factory=True)
    for name, field in RunRecord.model_fields.items()
    if not field.is_required()
}


def as_record(state: RunState, *, live: bool) -> RunRecord:
    """What `GET /runs/{id}` answers, as a type."""
    return RunRecord.from_wire(record_wire(state, live=live))


def record_wire(state: RunState, *, live: bool) -> Wire:
    """A `RunRecord` as JSON. `live` cuts texts short, leaves defaults out, and findings until it is over."""
    request, plan = state.request, state.request.plan
    texts = LIVE_TEXTS if live else KEPT_TEXTS
    over = state.status.over
    findings = [] if live and not over else [found for step in state.steps for found in step.findings][:200]
    wire: Wire = {
        "run_id": request.run_id,
        "plan": plan.name,
        "title": plan.title,
        "kind": plan.kind.value,
        "mode": request.mode.value,
        "status": state.status.value,
        "status_reason": state.status_reason[:texts],
        "requested_by": request.requested_by,
        "requester_id": request.requester_id,
        "reason": request.reason[:texts],
        "started_at": _moment(state.started_at),
        "finished_at": _moment(state.finished_at),
        "approvals_required": plan.approval.required,
        "approvals": [
            approval.model_copy(update={"signature": "", "reason": approval.reason[:texts]}).to_wire()
            for approval in state.approvals
        ],
        "steps": [_step(step, texts, live=live) for step in state.steps],
        "rto": state.objective().to_wire(),
        "service_rto": [found.to_wire() for found in state.service_objectives()] if state.finished_at else [],
        "rpo": loss.to_wire() if (loss := state.data_loss()) else None,
        "service_rpo": [found.to_wire() for found in state.service_rpo()],
        "log": [entry.to_wire() for entry in (state.log[-10:] if live else state.log[-LOG_LIMIT:])],
        "findings": findings,
        "held_by": state.held_by,
        "routine": state.routine,
        "review": state.review.to_wire() if state.review else None,
    }
    return _brief(wire, RUN_DEFAULTS) if live else wire


def _step(state: StepState, texts: int, *, live: bool) -> Wire:
    step = state.step
    decided_on = state.status is StepStatus.WAITING_FOR_OPERATOR
    wire: Wire = {
        "name": state.name,
        "action": step.action,
        "status": state.status.value,
        "critical": step.critical,
        "needs": list(step.needs),
        "attempts": state.tries,
        "started_at": _moment(state.started_at),
        "finished_at": _moment(state.finished_at),
        "summary": state.summary[:texts],
        "error": state.error[: max(texts, DECISION_TEXTS) if decided_on else texts],
        "changed": state.changed,
        "failures": state.failures,
        "services": list(step.recovers),
    }
    return _brief(wire, STEP_DEFAULTS) if live else wire


def _brief(wire: Wire, defaults: Wire) -> Wire:
    """Without what the types fill in again; a JSON list equals their empty tuple."""
    return {
        key: value
        for key, value in wire.items()
        if key not in defaults or (value or None) != (defaults[key] or None)
    }


def _moment(at: datetime | None) -> Any:  # noqa: ANN401 - JSON: a text or nothing
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def live_status(state: RunState) -> Wire:
    """The record as custom status: what is default is left out, and texts go until the rest fits."""
    status = record_wire(state, live=True)
    steps: list[Wire] = status.get("steps", [])
    waits = StepStatus.WAITING_FOR_OPERATOR
    if _fits(status, STATUS_LIMIT):
        return status
    status["log"], status["findings"] = status.get("log", [])[-3:], []
    for step in steps:
        step.pop("summary", None)
    if _fits(status, STATUS_LIMIT):
        return status
    for step in steps:
        if step["status"] != waits:
            step.pop("error", None)
    if _fits(status, STATUS_LIMIT):
        return status
    status["log"], status["service_rto"] = [], []
    status["approvals"] = [{**approval, "reason": ""} for approval in status.get("approvals", [])]
    for step in steps:
        for name in ("needs", "services", "error", "finished_at"):
            step.pop(name, None)
    if _fits(status, STATUS_LIMIT):
        return status
    # What is pending can be told from the plan; what is over is told in the record at the end.
    status["steps"] = [step for step in steps if step["status"] != StepStatus.PENDING][-60:]
    return status if _fits(status, STATUS_LIMIT) else {**status, "steps": []}


def kept_record(state: RunState) -> Wire:
    """The record as it is passed on: the evidence of findings, then findings, then long texts go until it fits."""
    wire = record_wire(state, live=False)
    if not _fits(wire, RECORD_LIMIT):
        wire["findings"] = [{**finding, "evidence": {}} for finding in wire["findings"]]
    if not _fits(wire, RECORD_LIMIT):
        wire["findings"] = wire["findings"][:20]
    if not _fits(wire, RECORD_LIMIT):
        for step in wire["steps"]:
            step["summary"], step["error"] = step["summary"][:200], step["error"][:200]
        wire["log"] = [{**entry, "what": entry["what"][:200]} for entry in wire["log"][-100:]]
    return wire


def _fits(wire: Wire, limit: int) -> bool:
    """Whether the JSON fits; escaped to ASCII, as Durable writes it, a Japanese character takes six bytes."""
    return len(json.dumps(wire)) <= limit
