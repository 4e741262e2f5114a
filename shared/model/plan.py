"""Plans: what to do now, as data that can be drawn, previewed, signed and recorded."""

import hashlib
import json
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, model_validator

from shared.model.wire import Frozen, Wire


class PlanKind(StrEnum):
    """What a plan is for; it decides who may start it and what windows bind it."""

    RECOVERY = "recovery"
    REMEDIATION = "remediation"
    MAINTENANCE = "maintenance"
    OPERATION = "operation"
    DRILL = "drill"


class Mode(StrEnum):
    """Whether the world is really broken: a drill moves gracefully, a real run may lose data."""

    REAL = "real"
    DRILL = "drill"


class Retry(Frozen):
    """How often a step is tried before its failure counts, with exponential delays in seconds."""

    attempts: int = Field(default=3, ge=1, le=20)
    delay: float = Field(default=2.0, ge=0)
    backoff: float = Field(default=2.0, ge=1)
    max_delay: float = Field(default=60.0, ge=0)

    def wait_before(self, attempt: int) -> float:
        """Seconds to wait before this attempt (the second one is the first that waits)."""
        return min(self.delay * self.backoff ** max(attempt - 2, 0), self.max_delay)


class Step(Frozen):
    """One runbook step: an action by its permanent name, with the steps that must be over before it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,79}$")
    action: str
    params: dict[str, Any] = Field(default_factory=dict[str, Any])
    needs: tuple[str, ...] = ()
    critical: bool = True
    changes: bool = True
    retry: Retry = Field(default_factory=Retry)
    deadline: timedelta | None = None
    undo: "Step | None" = None
    recovers: tuple[str, ...] = ()
    # What the guardrails count it against: `service:agents-db`, `tenant:fabrikam`; the plan's services when empty.
    touches: tuple[str, ...] = ()
    wants_record: bool = False
    two_phase: bool = False
    # Done every few minutes; it leaves traces only where something else looks for them.
    routine: bool = False
    # Done every few minutes, and mostly for nothing: only where its `observe` finds something to do it counts.
    looks_first: bool = False


class ApprovalPolicy(Frozen):
    """How many of which people must agree before anything is touched, and for how long one waits.

    `declared_by` is a duty (`Person.duties`): somebody who has it must be the requester or among those who agree.
    `break_glass_after` is the time after which one approver with the duty `break_glass_by` is enough; a review of
    that decision is then due within `review_within`.
    """

    required: int = Field(ge=0)
    approvers: tuple[str, ...] = ()
    expires_after: timedelta = timedelta(hours=1)
    declared_by: str = ""
    break_glass_after: timedelta | None = None
    break_glass_by: str = "incident-commander"
    review_within: timedelta = timedelta(days=3)


def _nobody() -> ApprovalPolicy:
    return ApprovalPolicy(required=0)


class Plan(Frozen):
    """A concrete plan; it is the orchestration's input, so editing a plan's code breaks no running one.

    `restored_by` names the step that proves that service is back; the last critical one where nothing is said.
    """

    name: str
    kind: PlanKind
    title: str
    steps: tuple[Step, ...]
    mode: Literal["all", "first_success"] = "all"
    approval: ApprovalPolicy = Field(default_factory=_nobody)
    rto: timedelta | None = None
    restored_by: str = ""
    services: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_a_graph(self) -> "Plan":
        names = [step.name for step in self.steps]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"plan {self.name}: step names used twice: {', '.join(twice)}")
        seen: set[str] = set()
        for step in self.steps:
            if missing := [need for need in step.needs if need not in seen]:
                raise ValueError(
                    f"plan {self.name}: step {step.name} needs {', '.join(missing)}, which no earlier step is"
                )
            seen.add(step.name)
        return self


def content_digest(content: Wire) -> str:
    """SHA-256 (hex) over canonical JSON."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
