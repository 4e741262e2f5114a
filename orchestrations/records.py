"""Reads runs back from Durable: the custom status while they run, the output when they are over."""

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import azure.durable_functions as df
from durabletask.client import OrchestrationQuery, OrchestrationState
from durabletask.entities import EntityInstanceId

from shared.importing import IMPORTING
from shared.model.plan import PlanKind
from shared.model.run import Control, RunRecord, RunRequest, RunStatus
from shared.model.wire import Wire

if TYPE_CHECKING:
    from shared.runtime import Runtime

RUN_ID = re.compile(r"^(recovery|remediation|maintenance|operation|drill)-[A-Za-z0-9_.-]{1,150}$")


def record_of(client: df.SyncDurableFunctionsClient, run_id: str) -> RunRecord | None:
    """The record of one run, or None when there is none."""
    if not RUN_ID.fullmatch(run_id):
        return None
    state = client.get_orchestration_state(run_id)
    return None if state is None or state.name != "run_plan" else from_state(state)


def records(
    client: df.SyncDurableFunctionsClient,
    kind: PlanKind | None,
    *,
    plan: str = "",
    since: datetime | None = None,
) -> list[RunRecord]:
    """Runs, the newest first: of one kind, of one plan, created since then.

    Routine, which comes every few minutes, only for whoever names its plan.
    """
    found: list[RunRecord] = []
    for wanted in [kind] if kind else list(PlanKind):
        query = OrchestrationQuery(
            instance_id_prefix=f"{wanted}-{plan}-" if plan else f"{wanted}-",
            created_time_from=since,
            fetch_inputs_and_outputs=True,
        )
        states = client.get_all_orchestration_states(query)
        read = [from_state(state) for state in states if state.name == "run_plan"]
        found += [record for record in read if record is not None and (plan or not record.routine)]
    return sorted(found, key=lambda record: (record.started_at, record.run_id), reverse=True)


def from_state(state: OrchestrationState) -> RunRecord | None:
    """What Durable holds of a run, as a record; None when that is nothing that this app wrote."""
    try:
        return _read(state)
    except ValueError:
        return None


def reviewed(world: "Runtime", client: df.SyncDurableFunctionsClient, record: RunRecord) -> RunRecord:
    """The record with the review that has been made of it since, if one was needed."""
    if record.review is None:
        return record
    found = client.get_entity(EntityInstanceId("review", record.run_id))
    try:
        closed = Control.from_wire(found.get_typed_state(dict) if found is not None else None)
    except ValueError:
        return record
    if not world.signer.is_ours(closed) or closed.run_id != record.run_id or closed.verb != "review":
        return record
    changes: Wire = {"reviewed_by": closed.actor, "reviewed_at": closed.decided_at, "notes": closed.reason}
    return record.model_copy(update={"review": record.review.model_copy(update=changes)})


def _read(state: OrchestrationState) -> RunRecord:
    if state.serialized_output and state.runtime_status.name == "COMPLETED":
        return RunRecord.from_wire(_json(state.serialized_output))
    if state.serialized_custom_status:
        record = RunRecord.from_wire(_json(state.serialized_custom_status))
    else:
        record = _not_begun(
            RunRequest.from_wire(_json(state.serialized_input or "{}")), _utc(state.created_at)
        )
    name = state.runtime_status.name
    if name in {"FAILED", "TERMINATED"}:
        why = (
            state.failure_details.message
            if state.failure_details
            else "ended from outside, in Durable itself"
        )
        changes: Wire = {
            "status": RunStatus.FAILED,
            "status_reason": f"{name.lower()}: {why}"[:500],
            "finished_at": _utc(state.last_updated_at),
        }
        return record.model_copy(update=changes)
    return record


def _not_begun(request: RunRequest, created_at: datetime) -> RunRecord:
    with IMPORTING:
        from orchestrations.run_record import as_record  # noqa: PLC0415 - only in the moment before a run begins
        from orchestrations.run_state import RunState  # noqa: PLC0415

    return as_record(RunState(request, started_at=created_at), live=True)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _json(serialized: str) -> Any:  # noqa: ANN401 - JSON
    content = json.loads(serialized)
    return json.loads(content) if isinstance(content, str) else content
