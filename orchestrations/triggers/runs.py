"""`/runs`: what runs and ran, and what people decide about it."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import azure.functions as func

from orchestrations.records import record_of, records, reviewed
from orchestrations.start import is_over
from orchestrations.triggers.approvals import Reason
from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.plans import known_plan
from orchestrations.triggers.problem import Problem
from shared.importing import IMPORTING
from shared.model.plan import PlanKind
from shared.model.run import Control, RunRecord, RunStatus, StepStatus
from shared.model.wire import Strict


class DecideStep(Strict):
    """The body of a decision on a step that failed."""

    step: str
    decision: Literal["retry", "skip", "abort"]
    undo: bool = False
    reason: str = Reason


class Steer(Strict):
    """The body of pause and resume."""

    reason: str = Reason


class Abort(Strict):
    """The body of an abort; completed steps are undone only when asked."""

    reason: str = Reason
    undo: bool = False


def list_runs(request: Request) -> func.HttpResponse:
    """The newest runs first, of the last 30 days if nothing is said."""
    kind, status = request.query.get("kind"), request.query.get("status")
    limit = request.query.get("limit", "50")
    if kind is not None and kind not in set(PlanKind):
        raise Problem(400, f"kind: '{kind}' is none of {', '.join(PlanKind)}", errors=[{"field": "kind"}])
    if status is not None and status not in set(RunStatus):
        raise Problem(
            400, f"status: '{status}' is none of {', '.join(RunStatus)}", errors=[{"field": "status"}]
        )
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= 500:
        raise Problem(400, "limit: must be a number from 1 to 500", errors=[{"field": "limit"}])
    plan = request.query.get("plan", "")
    if plan:
        known_plan(plan)
    since = _since(request.query.get("since"))
    found = records(request.client, PlanKind(kind) if kind else None, plan=plan, since=since)
    wanted = [record for record in found if status is None or record.status == status]
    return reply({"runs": [record.to_wire() for record in wanted[: int(limit)]]})


def _since(text: str | None) -> datetime:
    """Runs are looked for from then on: without a limit a year of them would be read."""
    if text is None:
        return datetime.now(UTC) - timedelta(days=30)
    try:
        since = datetime.fromisoformat(
            text.replace(" ", "+")
        )  # as a plus sign reaches us that was not encoded
    except ValueError:
        since = None
    if since is None or since.tzinfo is None:
        raise Problem(
            400,
            "since: must be a time with its zone, such as 2026-11-01T00:00:00Z",
            errors=[{"field": "since"}],
        )
    return since


def show_run(request: Request) -> func.HttpResponse:
    """One run, live or over."""
    return reply(reviewed(request.world, request.client, _record(request)).to_wire())


def show_report(request: Request) -> func.HttpResponse:
    """The run as a page, a document or data."""
    with IMPORTING:
        from shared.reports import run_report  # noqa: PLC0415 - templates only when somebody reads

    record = reviewed(request.world, request.client, _record(request))
    zone = request.world.estate.time_zone
    match request.query.get("format", "html"):
        case "html":
            return func.HttpResponse(
                run_report.html(record, time_zone=zone), mimetype="text/html", charset="utf-8"
            )
        case "pdf":
            return func.HttpResponse(run_report.pdf(record, time_zone=zone), mimetype="application/pdf")
        case "json":
            return reply(record.to_wire())
        case other:
            raise Problem(
                400, f"format: '{other[:40]}' is none of html, pdf, json", errors=[{"field": "format"}]
            )


def show_evidence(request: Request) -> func.HttpResponse:
    """The sealed bundle of a run that is over; `python -m shared.evidence verify` checks it."""
    record, platform = _record(request), request.world.estate.platform
    if not record.status.over:
        raise Problem(409, f"the run is {record.status}: its evidence is sealed when it is over")
    name = f"{record.run_id}/evidence.jsonl"
    content = request.world.azure.blobs.read(platform.records_account_url, platform.records_container, name)
    if content is None:
        if not is_over(request.client, record.run_id):
            raise Problem(409, "the evidence is being sealed: ask again in a moment")
        raise Problem(
            404, "this run has no evidence: it changed and found nothing, or its log says why none was sealed"
        )
    headers = {"Content-Disposition": f'attachment; filename="{record.run_id}.evidence.jsonl"'}
    return func.HttpResponse(content, mimetype="application/x-ndjson", headers=headers)


def decide_step(request: Request) -> func.HttpResponse:
    """Retry, skip or abort, for a step that waits for it."""
    body, record = request.body(DecideStep), _still_going(request)
    step = next((found for found in record.steps if found.name == body.step), None)
    waiting = [found.name for found in record.steps if found.status is StepStatus.WAITING_FOR_OPERATOR]
    if step is None or step.name not in waiting:
        what = f"only {', '.join(waiting)}" if waiting else "no step"
        raise Problem(409, f"'{body.step[:80]}' does not wait for a decision: {what} does", waiting=waiting)
    if body.undo and body.decision != "abort":
        raise Problem(400, "undo: goes with abort only", errors=[{"field": "undo"}])
    event = f"decision-{step.name}-{step.failures}"
    return _steer(request, record, body.decision, body.reason, event, body.undo, step.name, step.failures)


def pause_run(request: Request) -> func.HttpResponse:
    """Running steps finish, none starts."""
    body, record = request.body(Steer), _still_going(request)
    if record.status is RunStatus.WAITING_FOR_APPROVAL:
        raise Problem(409, "the run waits for approval, there is nothing to pause: reject or abort it")
    return _steer(request, record, "pause", body.reason)


def resume_run(request: Request) -> func.HttpResponse:
    """Go on after a pause."""
    body, record = request.body(Steer), _still_going(request)
    if record.status not in {RunStatus.PAUSED, RunStatus.WAITING_FOR_OPERATOR, RunStatus.RUNNING}:
        raise Problem(409, f"the run is {record.status}, there is nothing to resume")
    return _steer(request, record, "resume", body.reason)


def abort_run(request: Request) -> func.HttpResponse:
    """Give the run up; running steps finish, and with `undo` what has been done is taken back."""
    body, record = request.body(Abort), _still_going(request)
    return _steer(request, record, "abort", body.reason, undo=body.undo)


def _steer(
    request: Request,
    record: RunRecord,
    verb: Literal["pause", "resume", "abort", "retry", "skip"],
    reason: str,
    event: str = "control",
    undo: bool = False,  # noqa: FBT001, FBT002 - passed on from a parsed body
    step: str | None = None,
    failure_number: int | None = None,
) -> func.HttpResponse:
    control = Control(
        run_id=record.run_id,
        verb=verb,
        actor=request.caller.name,
        actor_id=request.caller.id,
        reason=reason,
        decided_at=datetime.now(UTC),
        step=step,
        failure_number=failure_number,
        undo=undo,
    )
    signed = request.world.signer.sign(control)
    request.client.raise_orchestration_event(record.run_id, event, data=signed.to_wire())
    return reply({"run_id": record.run_id, "decision": verb, "step": step}, 202)


def _record(request: Request) -> RunRecord:
    record = record_of(request.client, request.route["id"])
    if record is None:
        raise Problem(404, f"there is no run '{request.route['id'][:120]}'")
    return record


def _still_going(request: Request) -> RunRecord:
    record = _record(request)
    if record.status.over:
        raise Problem(409, f"the run is over: it is {record.status}")
    return record
