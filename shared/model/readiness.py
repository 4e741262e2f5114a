"""How ready each plan is: its preconditions with their evidence, and a score with its reasons."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from shared.model.outcome import Finding
from shared.model.severity import Severity
from shared.model.wire import Frozen


class Precondition(Frozen):
    """One thing that must hold before a plan can do its work.

    `severity` is how bad it is when it does not hold: critical stops the plan, the rest costs time or data.
    """

    check: str
    resource: str
    met: bool
    severity: Severity
    title: str
    evidence: dict[str, Any] = Field(default_factory=dict[str, Any])
    recommendation: str = ""

    def finding(self, check: str = "") -> Finding:
        """As a check reports it, under its own name or another."""
        return Finding(
            check=check or self.check,
            resource=self.resource,
            severity=self.severity,
            title=self.title,
            evidence=self.evidence,
            recommendation=self.recommendation,
        )


class PlanReadiness(Frozen):
    """One plan: 100 when every precondition holds; `not_ready` when it could not be carried out now."""

    plan: str
    kind: str
    verdict: Literal["ready", "at_risk", "not_ready"]
    score: int = Field(ge=0, le=100)
    reasons: tuple[str, ...] = ()
    preconditions: tuple[Precondition, ...] = ()


class Readiness(Frozen):
    """All plans, as one look at the estate found them."""

    checked_at: datetime
    run_id: str = ""
    plans: tuple[PlanReadiness, ...]

    def of(self, names: tuple[str, ...]) -> "Readiness":
        """The same look, of those plans alone."""
        return self.model_copy(update={"plans": tuple(one for one in self.plans if one.plan in names)})


class PlanToCheck(Frozen):
    """What a check must know of a plan: it cannot make one itself. `problem` says why it cannot be made."""

    name: str
    kind: str
    services: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    approvals_required: int = 0
    approvers: tuple[str, ...] = ()
    problem: str = ""
