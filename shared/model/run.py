"""Runs: a plan that is carried out, and the record that it leaves."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from shared.model.outcome import Finding, ServiceObjective
from shared.model.plan import Mode, Plan, PlanKind
from shared.model.wire import Frozen


class RunStatus(StrEnum):
    """Where a run stands."""

    WAITING_FOR_APPROVAL = "waiting_for_approval"
    RUNNING = "running"
    WAITING_FOR_OPERATOR = "waiting_for_operator"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REJECTED = "rejected"
    ABORTED = "aborted"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self in {RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.REJECTED, RunStatus.ABORTED}


class StepStatus(StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING_FOR_OPERATOR = "waiting_for_operator"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    UNDOING = "undoing"
    UNDONE = "undone"

    @property
    def over(self) -> bool:
        """Whether steps that need this one may look at it."""
        return self not in {StepStatus.PENDING, StepStatus.RUNNING, StepStatus.WAITING_FOR_OPERATOR}


class Blackout(Frozen):
    """A time in which nothing is changed by itself, except to remedy or to recover."""

    begins: datetime
    ends: datetime
    reason: str


class Guard(Frozen):
    """How much a run that nobody approved may change; `at_once` by kind of thing (`tenant`, `service`)."""

    cool_down_seconds: float = 900.0
    cool_downs: dict[str, float] = Field(default_factory=dict[str, float])
    changes_per_hour: int = 20
    at_once: dict[str, int] = Field(default_factory=dict[str, int])
    blackouts: tuple[Blackout, ...] = ()


class RunLimits(Frozen):
    """How the interpreter waits, in seconds; part of the request, so that a change binds no running run.

    `retry_scale` multiplies the delays between attempts.
    """

    poll_seconds: float = 5.0
    page_again_seconds: float = 900.0
    step_deadline_seconds: float = 4 * 3600.0
    retry_scale: float = 1.0
    guard: Guard = Field(default_factory=Guard)


class RunRequest(Frozen):
    """What starts a run: signed by the trigger, checked by an activity, kept in history."""

    run_id: str
    plan: Plan
    mode: Mode
    requested_by: str
    requester_id: str
    reason: str
    requested_at: datetime
    outage_started_at: datetime | None = None
    rto_basis: Literal["operator", "service_health", "probe", "alert", "request"] = "request"
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])
    limits: RunLimits = Field(default_factory=RunLimits)
    signature: str = ""
    step_signatures: dict[str, str] = Field(default_factory=dict[str, str])

    @property
    def by_system(self) -> bool:
        """Whether no person pressed start: the kill switch holds such runs."""
        return self.requester_id.startswith("system:")

    @property
    def unasked(self) -> bool:
        """Whether nobody agreed to it either: the guardrails bind such runs."""
        return self.by_system and not self.plan.approval.required


class StepOrder(Frozen):
    """What an activity is asked to do, and the proof that a signed plan says so."""

    run_id: str
    plan_digest: str
    mode: Mode
    name: str
    action: str
    params: dict[str, Any]
    signature: str = ""


class Approval(Frozen):
    """One person's final decision on a run."""

    run_id: str
    decision: Literal["approve", "reject"]
    approver: str
    approver_id: str
    reason: str
    decided_at: datetime
    plan_digest: str = ""
    break_glass: bool = False
    signature: str = ""


class Control(Frozen):
    """What an operator decides about a run, a step that failed, or an incident (whose id is then `run_id`)."""

    run_id: str
    verb: Literal[
        "pause", "resume", "abort", "retry", "skip", "acknowledge", "resolve", "remediate", "review"
    ]
    actor: str
    actor_id: str
    reason: str
    decided_at: datetime
    step: str | None = None
    failure_number: int | None = None
    undo: bool = False
    signature: str = ""


class StepRecord(Frozen):
    """What a step did."""

    name: str
    action: str
    status: StepStatus
    critical: bool = True
    needs: tuple[str, ...] = ()
    attempts: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    summary: str = ""
    error: str = ""
    changed: bool = False
    failures: int = 0
    services: tuple[str, ...] = ()


class Objective(Frozen):
    """A recovery time, measured against its target. Seconds.

    `basis` says where its start is known from, `ended_by` its end: the step that proves that service is back, or,
    where that is measured too, the tenants' own requests, which are answered before.
    """

    basis: str
    ended_by: Literal["validation", "requests"] = "validation"
    started_at: datetime
    target_seconds: float | None = None
    measured_seconds: float | None = None
    met: bool | None = None


class Review(Frozen):
    """A decision that others must look at afterwards: why, until when, and who has done it."""

    because: str
    due_at: datetime
    reviewed_by: str = ""
    reviewed_at: datetime | None = None
    notes: str = ""


class LogEntry(Frozen):
    """A line of the run's timeline that is no step: an approval, a decision, something ignored."""

    at: datetime
    what: str
    who: str = ""


class RunRecord(Frozen):
    """A run as `GET /runs/{id}` answers it and as it is kept for good."""

    run_id: str
    plan: str
    title: str = ""
    kind: PlanKind
    mode: Mode
    status: RunStatus
    status_reason: str = ""
    requested_by: str
    requester_id: str = ""
    reason: str
    started_at: datetime
    finished_at: datetime | None = None
    approvals_required: int = 0
    approvals: tuple[Approval, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    rto: Objective
    service_rto: tuple[ServiceObjective, ...] = ()
    rpo: Objective | None = None
    service_rpo: tuple[ServiceObjective, ...] = ()
    log: tuple[LogEntry, ...] = ()
    findings: tuple[Finding, ...] = ()
    held_by: str = ""
    routine: bool = False
    review: Review | None = None
