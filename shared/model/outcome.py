"""What an action says when it returns."""

from datetime import datetime
from typing import Any

from pydantic import Field

from shared.model.severity import Severity
from shared.model.wire import Frozen


class Finding(Frozen):
    """One thing that a check found, with what to do about it."""

    check: str
    resource: str
    severity: Severity
    title: str
    evidence: dict[str, Any] = Field(default_factory=dict[str, Any])
    recommendation: str = ""


class ServiceObjective(Frozen):
    """A time that was measured for one service, against its target. Seconds."""

    service: str
    target_seconds: float | None
    measured_seconds: float | None
    met: bool | None


class Outcome(Frozen):
    """A finished action: what happened in one sentence, and whether the world was changed by it.

    `served_at`: when those whom the recovery is for were served again, where the action has measured that.
    """

    summary: str
    changed: bool = False
    findings: tuple[Finding, ...] = ()
    rpo: tuple[ServiceObjective, ...] = ()
    served_at: datetime | None = None
    evidence: dict[str, Any] = Field(default_factory=dict[str, Any])


class Pending(Frozen):
    """A long operation that goes on in Azure: wait on a durable timer, then call again with `progress`.

    `retry_after` is in seconds; 0 with other `progress` than before only keeps that, and goes on at once.
    """

    summary: str
    progress: dict[str, Any] = Field(default_factory=dict[str, Any])
    retry_after: float | None = Field(default=None, ge=0)
